"""Parts of a video between engine and gateway: big-endian length of a JSON header, the header, what players get."""

from __future__ import annotations

from typing import Literal

import msgspec

from sightline.deliveries.fragments import Fragment, Opening

__all__ = ["VideoPart", "pack_part", "unpack_part"]

MAX_HEADER_BYTES = 4096


class _Header(msgspec.Struct, frozen=True, omit_defaults=True):
    camera_id: str
    quality: str
    video: Literal["opening", "keyframe", "picture"]
    timestamp: int = 0
    mime: str = ""
    width: int = 0
    height: int = 0


class VideoPart(msgspec.Struct, frozen=True):
    """A part of a camera's video in one quality."""

    camera_id: str
    quality: str
    part: Opening | Fragment


_decoder = msgspec.json.Decoder(_Header)


def pack_part(camera_id: str, quality: str, part: Opening | Fragment) -> bytes:
    """As a message."""
    if isinstance(part, Opening):
        header = _Header(camera_id, quality, "opening", mime=part.mime, width=part.width, height=part.height)
    else:
        header = _Header(camera_id, quality, "keyframe" if part.keyframe else "picture", timestamp=part.at_ms)
    head = msgspec.json.encode(header)
    return len(head).to_bytes(4, "big") + head + part.data


def unpack_part(message: bytes) -> VideoPart | None:
    """The part in a message; `None` for anything else."""
    size = int.from_bytes(message[:4], "big")
    if not 0 < size <= MAX_HEADER_BYTES or len(message) <= 4 + size:
        return None
    try:
        header = _decoder.decode(message[4 : 4 + size])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    data = message[4 + size :]
    if header.video == "opening":
        return VideoPart(header.camera_id, header.quality, Opening(data, header.mime, header.width, header.height))
    fragment = Fragment(data, keyframe=header.video == "keyframe", at_ms=header.timestamp)
    return VideoPart(header.camera_id, header.quality, fragment)
