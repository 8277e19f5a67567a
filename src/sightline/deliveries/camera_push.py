"""`/ws/camera/{camera_id}`: what a device that pushes its camera's pictures says and hears, without a connection.

A picture is a binary message: 4 bytes, the length of a JSON header (big-endian); the header, `{"timestamp": …}` in ms
since the epoch by the device's clock; a JPEG. Every picture is answered, `frame_accepted` or `frame_dropped`, so that
a device can keep few of them under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from sightline.exceptions import WireError

__all__ = ["PushedJpeg", "decode_pushed", "encode_word"]

MAX_HEADER_BYTES = 1024
_LENGTH_BYTES = 4
_JPEG_START = b"\xff\xd8\xff"
_MAX_TIMESTAMP_MS = 1 << 48


class _Header(msgspec.Struct, frozen=True):
    timestamp: int


@dataclass(frozen=True, slots=True)
class PushedJpeg:
    """One picture as it came; `timestamp` by the device's clock."""

    timestamp: int
    jpeg: bytes


def decode_pushed(message: bytes, *, max_bytes: int) -> PushedJpeg:
    """The picture of a binary message. Raises `WireError`."""
    if len(message) > max_bytes + MAX_HEADER_BYTES + _LENGTH_BYTES:
        raise WireError(f"a picture has at most {max_bytes} bytes", code="FRAME_TOO_LARGE")
    size = int.from_bytes(message[:_LENGTH_BYTES], "big")
    if not 0 < size <= MAX_HEADER_BYTES or len(message) < _LENGTH_BYTES + size:
        raise WireError("a picture begins with the length of its header and the header", path="$")
    try:
        header = msgspec.json.decode(message[_LENGTH_BYTES : _LENGTH_BYTES + size], type=_Header)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise WireError('the header is JSON like {"timestamp": 1795212830000}', path="timestamp") from None
    if not 0 <= header.timestamp < _MAX_TIMESTAMP_MS:
        raise WireError("the timestamp is in milliseconds since the epoch", path="timestamp")
    jpeg = message[_LENGTH_BYTES + size :]
    if not jpeg.startswith(_JPEG_START):
        raise WireError("the picture is no JPEG", code="INVALID_IMAGE")
    return PushedJpeg(header.timestamp, jpeg)


def encode_word(type: str, **data: Any) -> str:
    """What a device hears."""
    return msgspec.json.encode({"type": type, "data": data}).decode()
