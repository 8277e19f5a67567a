"""Privacy masks: parts of the picture that are blacked out before anybody, person or model, sees it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sightline.events.scene import Polygon
from sightline.frames import Image

__all__ = ["masked"]

_SUBPIXEL_BITS = 4


def masked(image: Image, masks: Sequence[Polygon]) -> Image:
    """The picture with the polygons, in shares of its sides, filled with black: a copy where there are any.

    Every pixel that a mask touches is black, those of its edge too.
    """
    if not masks:
        return image
    height, width = image.shape[:2]
    scale = np.array([width, height]) * (1 << _SUBPIXEL_BITS)
    # cv2 counts from the middle of a pixel: without the half, a mask up to 1.0 would reach beyond the last one only.
    half = 1 << (_SUBPIXEL_BITS - 1)
    polygons = [np.round(np.array(mask, np.float64) * scale - half).astype(np.int32) for mask in masks]
    covered = image.copy()
    for polygon in polygons:
        cv2.fillPoly(covered, [polygon], (0, 0, 0), shift=_SUBPIXEL_BITS)
    return covered
