"""Sightline: people on camera, recognised; the right person told, provably."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("sightline")
