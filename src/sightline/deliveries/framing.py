"""Messages in WebSocket frames (RFC 6455, section 5.2), framed and compressed once for everybody who gets them.

A compressed frame can be shared among connections only when none of them keeps a dictionary between messages: they have
negotiated `server_no_context_takeover` with a window of at least `DEFLATE_WINDOW_BITS` (RFC 7692, section 7.1).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

__all__ = [
    "DEFLATE_WINDOW_BITS",
    "FRAMES_EXTENSION",
    "Bundle",
    "Frame",
    "binary_frame",
    "deflated_frame",
    "short_text",
    "text_frame",
]

FRAMES_EXTENSION = "sightline.frames"
"""Where in a scope's extensions a server puts the writer of a connection, if it has one to offer."""

DEFLATE_WINDOW_BITS = 12
DEFLATE_FROM_BYTES = 256
"""Below this, compressing costs more than it saves."""

_TEXT = 0x81
_BINARY = 0x82
_COMPRESSED = 0x40
"""RSV1, set on the first frame of a compressed message (RFC 7692, section 6)."""
_MASKED = 0x80
_MASKED_HEAD_BYTES = 6
"""Of a short frame: opcode, length, and four bytes of mask."""
_DEFLATE_MEMORY_LEVEL = 5
_DEFLATE_TAIL = b"\x00\x00\xff\xff"


def text_frame(text: str) -> bytes:
    """A whole text message in one frame, as a server sends it: final and not masked."""
    payload = text.encode()
    return _head(_TEXT, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """A whole binary message in one frame."""
    return _head(_BINARY, len(payload)) + payload


def deflated_frame(text: str) -> bytes:
    """A whole text message in one frame that is compressed without a dictionary."""
    compressor = zlib.compressobj(wbits=-DEFLATE_WINDOW_BITS, memLevel=_DEFLATE_MEMORY_LEVEL)
    payload = compressor.compress(text.encode()) + compressor.flush(zlib.Z_SYNC_FLUSH)
    payload = payload.removesuffix(_DEFLATE_TAIL)
    return _head(_TEXT | _COMPRESSED, len(payload)) + payload


def short_text(data: bytes) -> bytes | None:
    """The payload of a client's frame, if `data` is just one whole text message of fewer than 126 bytes, as it is."""
    size = len(data) - _MASKED_HEAD_BYTES
    if not 0 <= size < 126 or data[0] != _TEXT or data[1] != _MASKED | size:
        return None
    mask = (data[2:_MASKED_HEAD_BYTES] * 32)[:size]
    return (int.from_bytes(data[_MASKED_HEAD_BYTES:]) ^ int.from_bytes(mask)).to_bytes(size)


class Frame:
    """One message, a text or bytes; `plain` is its frame, made once."""

    __slots__ = ("_deflated", "payload", "plain")

    def __init__(self, payload: str | bytes) -> None:
        self.payload = payload
        self.plain = text_frame(payload) if isinstance(payload, str) else binary_frame(payload)
        self._deflated = b""

    @property
    def messages(self) -> Sequence[Frame]:
        """Itself: one message is written like a bundle."""
        return (self,)

    @property
    def deflated(self) -> bytes:
        """The message in a compressed frame. What is short, or bytes (pictures are compressed already), stays as it
        is."""
        if isinstance(self.payload, bytes) or len(self.payload) < DEFLATE_FROM_BYTES:
            return self.plain
        if not self._deflated:
            self._deflated = deflated_frame(self.payload)
        return self._deflated


class Bundle:
    """Messages that are written to a connection in one go, `plain` their frames; the same bundle may go to many."""

    __slots__ = ("_deflated", "messages", "plain")

    def __init__(self, messages: Sequence[Frame]) -> None:
        self.messages = messages
        self.plain = b"".join([message.plain for message in messages])
        self._deflated = b""

    @property
    def deflated(self) -> bytes:
        """The same for a connection with compression."""
        if not self._deflated:
            self._deflated = b"".join([message.deflated for message in self.messages])
        return self._deflated


def _head(first: int, size: int) -> bytes:
    if size < 126:
        return bytes((first, size))
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big")
    return bytes((first, 127)) + size.to_bytes(8, "big")
