"""Identifiers: opaque to everybody, sortable by the time they were made (UUID version 7, RFC 9562 section 5.7)."""

from __future__ import annotations

import secrets
import uuid

__all__ = ["new_id"]

_RANDOM_BITS = 74
_LOW_BITS = 62
_VERSION = 0x7
_VARIANT = 0b10


def new_id(now_ms: int) -> str:
    """A new identifier made at `now_ms`; those of one millisecond are in no particular order."""
    random = secrets.randbits(_RANDOM_BITS)
    value = (now_ms & (1 << 48) - 1) << 80
    value |= _VERSION << 76 | (random >> _LOW_BITS) << 64
    value |= _VARIANT << 62 | random & (1 << _LOW_BITS) - 1
    return str(uuid.UUID(int=value))
