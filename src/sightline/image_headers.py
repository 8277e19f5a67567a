"""What the first bytes of a picture say, before anything is decoded: format, size, orientation.

A picture that declares 50,000 × 50,000 pixels can be a few kilobytes long: its size is judged here, not by decoding
it. JPEG (ITU-T T.81), PNG (W3C, third edition) and WebP (RFC 9649) are read; structure beyond what is needed is left to
the decoders.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.exceptions import ImageError

__all__ = ["Header", "PictureFormat", "read_header"]

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_EXIF_PREFIX = b"Exif\x00\x00"
_ORIENTATION_TAG = 0x0112
_MAX_JPEG_SCANS = 120
"""Scans of one progressive JPEG: each costs as much as a whole decoding, and encoders make about ten."""

_SOF_MARKERS = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive with Huffman coding: what decoders of our time read."""

_OTHER_SOF_MARKERS = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS_MARKER, _EOI_MARKER, _APP1_MARKER = 0xDA, 0xD9, 0xE1
_JPEG_COMPONENTS = (1, 3)


class PictureFormat(enum.Enum):
    """A format that we read."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"


@dataclass(frozen=True, slots=True)
class Header:
    """`width` and `height` in px as stored; `orientation` 1 to 8 as in EXIF, 1 when nothing is said."""

    format: PictureFormat
    width: int
    height: int
    orientation: int


def read_header(data: bytes) -> Header:
    """The header of a JPEG, PNG or WebP picture. Raises `ImageError` for anything else, or when it is cut off."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(_PNG_MAGIC):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError) as error:
        raise ImageError("the picture is damaged or cut off") from error
    raise ImageError("not a JPEG, PNG or WebP picture")


def _jpeg(data: bytes) -> Header:
    if data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise ImageError("a JPEG with so many scans is not read")
    orientation, size = 1, None
    for marker, content in _jpeg_segments(data):
        if marker == _APP1_MARKER and content.startswith(_EXIF_PREFIX):
            orientation = _orientation(content[len(_EXIF_PREFIX) :])
        elif marker in _OTHER_SOF_MARKERS:
            raise ImageError("this kind of JPEG (lossless or arithmetic coding) is not read")
        elif marker in _SOF_MARKERS:
            bits, height, width, components = struct.unpack_from(">BHHB", content)
            if bits != 8 or components not in _JPEG_COMPONENTS:
                raise ImageError("this kind of JPEG (CMYK or more than 8 bits) is not read: save it as RGB")
            size = (width, height)
    if size is None:
        raise ImageError("the picture is damaged or cut off")
    return Header(PictureFormat.JPEG, *size, orientation)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their contents, up to the first scan."""
    position = 2
    while True:
        while data[position] != 0xFF:  # decoders skip stray bytes between segments
            position += 1
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        if marker in (_SOS_MARKER, _EOI_MARKER):
            return
        position += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD8 or marker == 0x00:  # these stand alone
            continue
        (length,) = struct.unpack_from(">H", data, position)
        yield marker, data[position + 2 : position + length]
        position += max(length, 2)


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise ImageError("the picture is damaged or cut off")
    width, height = struct.unpack_from(">II", data, 16)
    orientation, position = 1, len(_PNG_MAGIC)
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"eXIf":
            orientation = _orientation(data[position + 8 : position + 8 + length])
        if kind == b"IEND":
            return Header(PictureFormat.PNG, width, height, orientation)
        position += 12 + length


def _webp(data: bytes) -> Header:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        return Header(PictureFormat.WEBP, width, height, _webp_orientation(data))
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header(PictureFormat.WEBP, (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1, 1)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Header(PictureFormat.WEBP, width & 0x3FFF, height & 0x3FFF, 1)
    raise ImageError("the picture is damaged or cut off")


def _webp_orientation(data: bytes) -> int:
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind == b"EXIF":
            return _orientation(data[position + 8 : position + 8 + length].removeprefix(_EXIF_PREFIX))
        position += 8 + length + length % 2
    return 1


def _orientation(tiff: bytes) -> int:
    """The orientation in an EXIF block; 1 when it says nothing that makes sense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for index in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * index)
            if tag == _ORIENTATION_TAG:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
