"""Decoding and encoding of pictures, and what is refused before decoding."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from sightline.exceptions import ImageError
from sightline.frames import Image
from sightline.images import decode_image, decode_picture, encode_jpeg

LIMITS = {"max_bytes": 1_000_000, "max_pixels": 1_000_000}


def picture(height: int = 48, width: int = 64) -> Image:
    """Smooth, so that lossy formats keep it, and without symmetry, so that every turn shows."""
    rows, columns = np.mgrid[0:height, 0:width]
    planes = [rows * 255 // height, columns * 255 // width, (rows + columns) * 255 // (height + width)]
    return np.stack(planes, axis=-1).astype(np.uint8)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def webp(image: np.ndarray) -> bytes:
    return cv2.imencode(".webp", image)[1].tobytes()


def exif(orientation: int, order: str = "<") -> bytes:
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    magic = b"II*\x00" if order == "<" else b"MM\x00*"
    return magic + struct.pack(f"{order}IH", 8, 1) + entry + struct.pack(f"{order}I", 0)


def jpeg_with_exif(jpeg: bytes, block: bytes) -> bytes:
    content = b"Exif\x00\x00" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def close(a: Image, b: Image, levels: float = 4.0) -> bool:
    return a.shape == b.shape and float(np.abs(a.astype(int) - b.astype(int)).mean()) < levels


def test_jpeg_survives_the_round_trip() -> None:
    decoded = decode_image(encode_jpeg(picture(), quality=95), **LIMITS)
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    assert close(decoded, picture())


def test_a_part_of_a_picture_can_be_encoded() -> None:
    part = picture()[4:40, 8:56]
    assert close(decode_image(encode_jpeg(part, quality=95), **LIMITS), part)


def test_lower_quality_is_smaller() -> None:
    assert len(encode_jpeg(picture(), quality=30)) < len(encode_jpeg(picture(), quality=95))


def test_png_is_exact() -> None:
    assert np.array_equal(decode_image(png(picture()), **LIMITS), picture())


def test_webp_is_read() -> None:
    assert close(decode_image(webp(picture()), **LIMITS), picture())


def test_grey_becomes_three_equal_planes() -> None:
    grey = picture()[:, :, 0]
    expected = np.repeat(grey[:, :, None], 3, axis=2)
    assert np.array_equal(decode_image(png(grey), **LIMITS), expected)
    jpeg = simplejpeg.encode_jpeg(grey[:, :, None].copy(), colorspace="GRAY", quality=95)
    assert close(decode_image(jpeg, **LIMITS), expected)


def test_sixteen_bits_become_eight() -> None:
    assert np.array_equal(decode_image(png(picture().astype(np.uint16) * 257), **LIMITS), picture())


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_transparency_is_put_on_white(depth: type) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, :, :3] = (10, 20, 30)
    pixels[:, 2:, 3] = 255
    pixels[0, 0, 3] = 128
    stored = pixels if depth is np.uint8 else pixels.astype(np.uint16) * 257
    decoded = decode_image(png(stored), **LIMITS)
    assert decoded[1, 1].tolist() == [255, 255, 255]
    assert decoded[1, 2].tolist() == [10, 20, 30]
    assert decoded[0, 0].tolist() == [132, 137, 142]


def test_transparent_webp_is_put_on_white() -> None:
    pixels = np.zeros((32, 32, 4), np.uint8)
    assert decode_image(webp(pixels), **LIMITS).min() == 255


UPRIGHT: dict[int, Callable[[Image], Image]] = {
    1: lambda image: image,
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: lambda image: cv2.transpose(image),
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_orientation_is_obeyed_in_every_format(orientation: int, order: str) -> None:
    expected = UPRIGHT[orientation](picture())
    block = exif(orientation, order)
    jpeg = jpeg_with_exif(encode_jpeg(picture(), quality=95), block)
    assert close(decode_image(jpeg, **LIMITS), expected)
    plain = png(picture())
    assert np.array_equal(decode_image(plain[:33] + png_chunk(b"eXIf", block) + plain[33:], **LIMITS), expected)


@pytest.mark.parametrize("block", [b"", b"II*\x00", b"XX*\x00" + bytes(30), exif(9), exif(0), exif(6)[:12]])
def test_senseless_exif_changes_nothing(block: bytes) -> None:
    assert close(decode_image(jpeg_with_exif(encode_jpeg(picture(), quality=95), block), **LIMITS), picture())


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ImageError) as refused:
        decode_image(png(picture()), max_bytes=100, max_pixels=1_000_000)
    assert refused.value.code == "FRAME_TOO_LARGE"


@pytest.mark.parametrize("encode", [encode_jpeg, png, webp])
def test_too_many_pixels_are_refused(encode: Callable[[Image], bytes]) -> None:
    with pytest.raises(ImageError) as refused:
        decode_image(encode(picture()), max_bytes=1_000_000, max_pixels=48 * 64 - 1)
    assert refused.value.code == "FRAME_TOO_LARGE"
    assert decode_image(encode(picture()), max_bytes=1_000_000, max_pixels=48 * 64).shape == (48, 64, 3)


def test_a_bomb_is_refused_by_what_it_declares() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")
    with pytest.raises(ImageError) as refused:
        decode_image(bomb, **LIMITS)
    assert refused.value.code == "FRAME_TOO_LARGE"


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    jpeg = encode_jpeg(picture())
    with pytest.raises(ImageError, match="scans"):
        decode_image(jpeg[:-2] + b"\xff\xda" * 200 + jpeg[-2:], **LIMITS)


def test_stray_bytes_between_jpeg_segments_are_forgiven() -> None:
    jpeg = encode_jpeg(picture(), quality=95)
    assert close(decode_image(jpeg[:2] + b"\xff\xfe\x00\x04ab\x00\x00" + jpeg[2:], **LIMITS), picture())


@pytest.mark.parametrize("encode", [encode_jpeg, png, webp])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_truncated_pictures_are_refused(encode: Callable[[Image], bytes], share: float) -> None:
    data = encode(picture())
    with pytest.raises(ImageError) as refused:
        decode_image(data[: int(len(data) * share)], **LIMITS)
    assert refused.value.code == "INVALID_IMAGE"


def test_a_jpeg_with_a_damaged_part_is_refused() -> None:
    jpeg = encode_jpeg(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    with pytest.raises(ImageError) as refused:
        decode_image(jpeg[:1500] + b"\xff\xd5\x12" + jpeg[1500:], **LIMITS)
    assert refused.value.code == "INVALID_IMAGE"


def test_cmyk_is_refused_with_advice() -> None:
    four = np.dstack([picture(), picture()[:, :, :1]])
    with pytest.raises(ImageError, match="save it as RGB"):
        decode_image(simplejpeg.encode_jpeg(four, colorspace="CMYK"), **LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(40),
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x04\x00\x00\x00WEBP",
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError) as refused:
        decode_image(data, **LIMITS)
    assert refused.value.code == "INVALID_IMAGE"


SEEDS = [encode_jpeg(picture()), png(picture()), webp(picture()), jpeg_with_exif(encode_jpeg(picture()), exif(6))]


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"]))
def test_only_image_errors_escape_from_any_bytes(data: bytes, magic: bytes) -> None:
    try:
        decode_image(magic + data, **LIMITS)
    except ImageError as error:
        assert error.code in {"INVALID_IMAGE", "FRAME_TOO_LARGE"}


@given(st.sampled_from(SEEDS), st.data())
def test_only_image_errors_escape_from_damaged_pictures(seed: bytes, data: st.DataObject) -> None:
    damaged = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    try:
        decoded = decode_image(bytes(damaged[:cut]), **LIMITS)
    except ImageError as error:
        assert error.code in {"INVALID_IMAGE", "FRAME_TOO_LARGE"}
    else:
        assert decoded.ndim == 3
        assert decoded.dtype == np.uint8


@pytest.mark.parametrize(
    ("longest_side", "height"), [(400, 384), (399, 384), (200, 192), (150, 144), (151, 192), (100, 96), (1, 48)]
)
def test_a_jpeg_comes_as_small_as_is_enough_and_never_smaller(longest_side: int, height: int) -> None:
    large = encode_jpeg(picture(384, 400), quality=95)
    decoded, size = decode_picture(large, **LIMITS, longest_side=longest_side)
    assert size == (400, 384)
    assert decoded.shape[0] == height
    assert close(decoded, picture(height, decoded.shape[1]))


def test_other_formats_come_whole() -> None:
    decoded, size = decode_picture(png(picture(384, 400)), **LIMITS, longest_side=100)
    assert (decoded.shape, size) == ((384, 400, 3), (400, 384))


def test_the_size_of_a_picture_on_its_side_is_the_upright_one() -> None:
    turned = jpeg_with_exif(encode_jpeg(picture(384, 400), quality=95), exif(6))
    decoded, size = decode_picture(turned, **LIMITS, longest_side=200)
    assert (decoded.shape[:2], size) == ((200, 192), (384, 400))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_tall_pictures_are_converted_to_the_last_row(depth: type) -> None:
    tall = cv2.cvtColor(picture(700, 40), cv2.COLOR_BGR2BGRA)
    tall[650:, :, 3] = 0
    stored = tall if depth is np.uint8 else tall.astype(np.uint16) * 257
    decoded = decode_image(png(stored), **LIMITS)
    assert np.array_equal(decoded[:650], tall[:650, :, :3])
    assert decoded[650:].min() == 255
