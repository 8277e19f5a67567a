"""Pictures as bytes: decoding what people, cameras and machines send, encoding what we send."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from sightline.exceptions import ImageError
from sightline.frames import Image
from sightline.image_headers import Header, PictureFormat, read_header

__all__ = ["decode_image", "decode_picture", "encode_jpeg"]

_ON_ITS_SIDE = (5, 6, 7, 8)
"""EXIF orientations whose rows are the upright picture's columns."""

_STRIPE_ROWS = 256

_HARMLESS_JPEG_FAULT = "extraneous bytes"
"""Bytes between segments, which some cameras leave there; every other warning means that part of the picture is
gone.
"""


def decode_image(data: bytes, *, max_bytes: int, max_pixels: int) -> Image:
    """The picture, height × width × 3 uint8 BGR, turned upright as its EXIF orientation says.

    JPEG, PNG and WebP; 16-bit and grey pictures become 8-bit BGR, transparency is put on white, of an animation the
    first picture is taken. Raises `ImageError`: with code `FRAME_TOO_LARGE` for more than `max_bytes`, or for more
    than `max_pixels` declared, before anything is decoded; with code `INVALID_IMAGE` for other formats, CMYK, damaged
    or truncated data.
    """
    return decode_picture(data, max_bytes=max_bytes, max_pixels=max_pixels)[0]


def decode_picture(
    data: bytes, *, max_bytes: int, max_pixels: int, longest_side: int | None = None
) -> tuple[Image, tuple[int, int]]:
    """As `decode_image`, with the picture's own upright size (width, height) in px.

    Where `longest_side` px are enough, a JPEG may come at one to four eighths of its size, never with a shorter longest
    side: its decoder then leaves out what would only be thrown away.
    """
    if len(data) > max_bytes:
        raise ImageError(f"the picture has {len(data)} bytes; at most {max_bytes} are accepted", code="FRAME_TOO_LARGE")
    header = read_header(data)
    if header.width < 1 or header.height < 1:
        raise ImageError("the picture is empty")
    if header.width * header.height > max_pixels:
        raise ImageError(
            f"the picture has {header.width} × {header.height} pixels; at most {max_pixels} are accepted",
            code="FRAME_TOO_LARGE",
        )
    if header.format is PictureFormat.JPEG:
        pixels = _decode_jpeg(data, header, longest_side)
    else:
        pixels = _decode_other(data, header)
    size = (header.width, header.height)
    return _upright(pixels, header.orientation), size[::-1] if header.orientation in _ON_ITS_SIDE else size


def encode_jpeg(image: Image, quality: int = 85) -> bytes:
    """The picture, H × W × 3 uint8 BGR, as a baseline JPEG with halved colour resolution. `quality` is 1 to 100."""
    encoded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(image), quality=quality, colorspace="BGR", colorsubsampling="420"
    )
    return bytes(encoded)


def _decode_jpeg(data: bytes, header: Header, longest_side: int | None) -> Image:
    enough = min(1.0, longest_side / max(header.width, header.height)) if longest_side else 1.0
    reduced = enough < 1.0
    try:
        pixels = simplejpeg.decode_jpeg(
            data,
            colorspace="BGR",
            min_width=math.ceil(header.width * enough) if reduced else 0,
            min_height=math.ceil(header.height * enough) if reduced else 0,
            min_factor=2,
            strict=True,
        )
        return np.asarray(pixels, np.uint8)
    except ValueError as error:
        if _HARMLESS_JPEG_FAULT not in str(error):
            raise ImageError(f"the JPEG picture is damaged or cut off: {error}") from error
    return _decode_other(data, header)


def _decode_other(data: bytes, header: Header) -> Image:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ImageError(f"the {header.format.value} picture is damaged") from error
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise ImageError(f"the {header.format.value} picture is damaged or cut off")
    return _as_bgr(np.asarray(pixels))


def _as_bgr(pixels: NDArray[Any]) -> Image:
    """8-bit BGR of grey, BGR or BGRA pixels of 8 or 16 bits."""
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ImageError("pictures with floating-point pixels are not read")
    if pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3:
        return np.asarray(pixels, np.uint8)
    converted = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), _STRIPE_ROWS):  # all at once would take many times the picture's memory
        stripe = slice(top, top + _STRIPE_ROWS)
        converted[stripe] = _rows_as_bgr(pixels[stripe])
    return converted


def _rows_as_bgr(pixels: NDArray[Any]) -> NDArray[Any]:
    levels = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    if levels.ndim == 2:
        return levels[:, :, None]
    if levels.shape[2] == 4:
        alpha = levels[:, :, 3:].astype(np.uint16)
        return np.asarray((levels[:, :, :3] * alpha + 255 * (255 - alpha)) // 255)
    return levels


def _upright(image: Image, orientation: int) -> Image:
    """The picture turned and mirrored from an EXIF orientation to 1 (EXIF 2.32, table of tag 0x0112)."""
    if orientation in _ON_ITS_SIDE:
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
