"""A frame: one decoded picture of one camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.privacy import FaceBlur

__all__ = ["Detail", "Frame", "Image"]

Image = NDArray[np.uint8]
"""H×W×3 uint8, BGR, row-major, origin at the top left corner."""


@dataclass(frozen=True, slots=True)
class Detail:
    """The same moment in a larger picture of the same camera: made when it is asked for, since that costs a decoder's
    time; None when there is none of that moment. `width` and `height` in pixels.
    """

    width: int
    height: int
    picture: Callable[[], Image | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture.

    `frame_id` rises by one for every decoded frame of the camera since its engine started; `captured_at_ms` is the
    epoch time at which the decoder handed the picture over; `image` is H×W×3 uint8 BGR. `detail`: where a camera is
    analysed by its smaller stream, what the larger one shows. `read_at_s` is when it was read on a clock that never
    jumps; `blur` says whose faces nobody may see in what leaves the engine of it.
    """

    camera_id: str
    frame_id: int
    captured_at_ms: int
    image: Image
    detail: Detail | None = None
    read_at_s: float = 0.0
    blur: FaceBlur = FaceBlur.OFF

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.image.shape[0])
