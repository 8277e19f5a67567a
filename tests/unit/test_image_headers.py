"""What the first bytes of a picture say."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.exceptions import ImageError
from sightline.image_headers import Header, PictureFormat, read_header

PICTURE = np.zeros((48, 80, 3), np.uint8)
EXIF = b"II*\x00" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + bytes(4)


def encoded(extension: str, *options: int) -> bytes:
    return cv2.imencode(extension, PICTURE, options)[1].tobytes()


def webp_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2)


def extended_webp(*chunks: bytes) -> bytes:
    canvas = bytes([8, 0, 0, 0]) + (79).to_bytes(3, "little") + (47).to_bytes(3, "little")
    body = b"WEBP" + webp_chunk(b"VP8X", canvas) + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (encoded(".jpg"), PictureFormat.JPEG),
        (encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1), PictureFormat.JPEG),
        (encoded(".png"), PictureFormat.PNG),
        (encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 80), PictureFormat.WEBP),
        (encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 101), PictureFormat.WEBP),  # lossless
        (extended_webp(), PictureFormat.WEBP),
    ],
)
def test_format_and_size(data: bytes, format: PictureFormat) -> None:
    assert read_header(data) == Header(format, 80, 48, 1)


@pytest.mark.parametrize("block", [EXIF, b"Exif\x00\x00" + EXIF])
def test_orientation_of_an_extended_webp(block: bytes) -> None:
    chunks = [webp_chunk(b"ICCP", b"odd"), webp_chunk(b"EXIF", block)]
    assert read_header(extended_webp(*chunks)).orientation == 6


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    jpeg = encoded(".jpg")
    assert read_header(jpeg[:2] + b"\xff\xff\xff" + jpeg[2:]).width == 80


@pytest.mark.parametrize("marker", [0xC3, 0xC9, 0xCB])
def test_jpegs_that_no_decoder_here_reads_are_refused(marker: int) -> None:
    jpeg = encoded(".jpg")
    with pytest.raises(ImageError, match="lossless or arithmetic"):
        read_header(jpeg.replace(b"\xff\xc0", bytes([0xFF, marker]), 1))


def test_twelve_bit_jpegs_are_refused() -> None:
    jpeg = encoded(".jpg")
    place = jpeg.index(b"\xff\xc0") + 4
    with pytest.raises(ImageError, match="8 bits"):
        read_header(jpeg[:place] + b"\x0c" + jpeg[place + 1 :])


def test_a_jpeg_without_a_frame_is_refused() -> None:
    with pytest.raises(ImageError, match="cut off"):
        read_header(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9")


@given(
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\x00\x00\x00WEBPVP8X", b"RIFF\x20\x00\x00\x00WEBPVP8L"]
    ),
    st.binary(max_size=120),
)
def test_only_image_errors_escape(magic: bytes, rest: bytes) -> None:
    try:
        header = read_header(magic + rest)
    except ImageError as error:
        assert error.code == "INVALID_IMAGE"
    else:
        assert 1 <= header.orientation <= 8
