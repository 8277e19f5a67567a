"""Small videos for tests, made on the spot: no file is committed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from sightline.frames import Image


def numbered(number: int, width: int = 320, height: int = 240) -> Image:
    """A picture in which `number` can be read again with `number_in`: sixteen blocks, one a bit."""
    image = np.full((height, width, 3), 128, np.uint8)
    step = width // 16
    for bit in range(16):
        level = 235 if number >> bit & 1 else 20
        cv2.rectangle(image, (bit * step, 0), ((bit + 1) * step - 1, height), (level, level, level), -1)
    return image


def number_in(image: Image) -> int:
    """The number of a picture made by `numbered`, also after lossy coding."""
    step = image.shape[1] // 16
    middle = image[image.shape[0] // 2]
    return sum(1 << bit for bit in range(16) if middle[bit * step + step // 2].mean() > 128)


def write_video(
    path: Path,
    frames: Sequence[Image],
    *,
    fps: int = 15,
    format: str | None = None,
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
) -> Path:
    """Encodes pictures of one size as H.264 (or by another of libav's encoders), evenly or at the given times."""
    with av.open(str(path), "w", format=format) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.gop_size = fps
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "18"}
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.time_base = Fraction(1, 1000)
            frame.pts = round(1000 * (times_s[number] if times_s else number / fps))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
