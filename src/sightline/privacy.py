"""Whose faces a camera's pictures may show, wherever they go."""

from __future__ import annotations

import enum

__all__ = ["FaceBlur"]


class FaceBlur(enum.StrEnum):
    """Whose faces are made unrecognisable before a camera's pictures leave the engine: nobody's, those of people who
    are not recognised, or everybody's.
    """

    OFF = "off"
    UNKNOWN = "unknown"
    ALL = "all"
