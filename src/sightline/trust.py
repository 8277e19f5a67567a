"""Which servers a client of ours believes: those that the system's authorities vouch for, or one authority alone."""

from __future__ import annotations

import ssl
from pathlib import Path

from sightline.exceptions import ConfigurationError

__all__ = ["trusting"]


def trusting(ca_file: Path) -> ssl.SSLContext:
    """Trusts certificates that the authorities in this PEM file have signed, and no others. A self-signed certificate
    is its own authority. Raises `ConfigurationError` when there is none in it.
    """
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate in PEM form"
        raise ConfigurationError(f"{ca_file} cannot be used as an authority: {reason}", key="ca_file") from error
