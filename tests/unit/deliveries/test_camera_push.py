"""What a device that pushes its camera's pictures may send."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.camera_push import PushedJpeg, decode_pushed, encode_word
from sightline.exceptions import WireError

JPEG = b"\xff\xd8\xff\xe0 picture"
MAX_BYTES = 100


def message(header: bytes, jpeg: bytes = JPEG, size: int | None = None) -> bytes:
    return (len(header) if size is None else size).to_bytes(4, "big") + header + jpeg


def test_picture_with_its_time() -> None:
    assert decode_pushed(message(b'{"timestamp": 5, "width": 3}'), max_bytes=MAX_BYTES) == PushedJpeg(5, JPEG)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "INVALID_MESSAGE"),
        (message(b"{}", size=9_999), "INVALID_MESSAGE"),
        (message(b"", size=0), "INVALID_MESSAGE"),
        (message(b"{}"), "INVALID_MESSAGE"),
        (message(b"\xff\xfe"), "INVALID_MESSAGE"),
        (message(b'{"timestamp": -1}'), "INVALID_MESSAGE"),
        (message(b'{"timestamp": 1e30}'), "INVALID_MESSAGE"),
        (message(b'{"timestamp": 5}', b"GIF89a"), "INVALID_IMAGE"),
        (message(b'{"timestamp": 5}', JPEG + bytes(2_000)), "FRAME_TOO_LARGE"),
    ],
)
def test_what_is_no_picture(data: bytes, code: str) -> None:
    with pytest.raises(WireError) as refusal:
        decode_pushed(data, max_bytes=MAX_BYTES)
    assert refusal.value.code == code


@given(st.binary(max_size=200))
def test_only_wire_errors_escape(data: bytes) -> None:
    with contextlib.suppress(WireError):
        decode_pushed(data, max_bytes=MAX_BYTES)


def test_words() -> None:
    word = json.loads(encode_word("frame_accepted", timestamp=5))
    assert word == {"type": "frame_accepted", "data": {"timestamp": 5}}
