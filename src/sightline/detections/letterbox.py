"""Fitting a picture to a network's input: shrink, then pad at the right and bottom.

Padding there only, so that a point of the input is a point of the picture times one scale, without an offset.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.frames import Image

__all__ = ["Letterbox"]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture becomes an input: resized by `scale` to `inner`, padded to `outer` (width, height) px with grey of
    the level `fill`, 0 (black) to 255.
    """

    scale: float
    inner: tuple[int, int]
    outer: tuple[int, int]
    fill: int = 0

    @classmethod
    def fit(cls, width: int, height: int, *, longest_side: int, multiple: int) -> Letterbox:
        """For a picture of `width` × `height` px: at most `longest_side` px long, never enlarged; padded to
        `multiple`.
        """
        return cls.at_scale(width, height, scale=min(1.0, longest_side / max(width, height)), multiple=multiple)

    @classmethod
    def at_scale(cls, width: int, height: int, *, scale: float, multiple: int) -> Letterbox:
        """For a picture of `width` × `height` px resized by `scale`; both sides padded to `multiple` px."""
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        outer = (-(-inner[0] // multiple) * multiple, -(-inner[1] // multiple) * multiple)
        return cls(scale, inner, outer)

    @classmethod
    def within(cls, width: int, height: int, *, outer: tuple[int, int], scale: float = 1.0, fill: int = 0) -> Letterbox:
        """For a picture of `width` × `height` px and an input of fixed size: resized by `scale`, or by less where that
        would not fit.
        """
        scale = min(scale, outer[0] / width, outer[1] / height)
        inner = (min(outer[0], max(1, round(width * scale))), min(outer[1], max(1, round(height * scale))))
        return cls(scale, inner, outer, fill)

    def apply(self, image: Image) -> Image:
        """The input: `outer` height × width × 3, of the picture this was made for."""
        fitted = image
        if (image.shape[1], image.shape[0]) != self.inner:
            # INTER_AREA only where it matters: bilinear sampling is clean down to half size and far cheaper.
            method = cv2.INTER_AREA if self.scale < 0.5 else cv2.INTER_LINEAR
            fitted = np.asarray(cv2.resize(image, self.inner, interpolation=method), np.uint8)
        if self.inner == self.outer:
            return np.ascontiguousarray(fitted)
        padded = np.full((self.outer[1], self.outer[0], 3), self.fill, np.uint8)
        padded[: self.inner[1], : self.inner[0]] = fitted
        return padded
