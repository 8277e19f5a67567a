"""Faces made unrecognisable, for good.

A face and what is around it become four by four colours, drawn softly. A blur alone would not do: it keeps nearly all
of the face, and can be undone; finer mosaics do not do either, for networks learn to read them (McPherson, Shokri and
Shmatikov, "Defeating image obfuscation with deep learning", 2016). Sixteen averages keep the tone of skin and hair, and
nothing from which a face could be drawn again. The tiles lie in the box, not in the picture, and so move with the face:
otherwise each frame of a video would average something else of it, and many of them together would tell.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.frames import Image
from sightline.geometry import Boxes

__all__ = ["blurred", "wholly_blurred"]

_TILES = 4
"""A side, of the box with its margin: the face itself is fewer than three wide. A part of a box has as many fewer."""
_MARGIN = 0.5
"""By which share of itself a box is enlarged: hair, ears and chin are beyond what detectors call a face."""


def blurred(image: Image, boxes: Boxes) -> Image:
    """The picture with the faces at `boxes` (N, 4) px unrecognisable: a copy where there are any, which differs from it
    in nothing else.
    """
    height, width = image.shape[:2]
    around = geometry.expand(boxes, _MARGIN)
    inside = np.flatnonzero(geometry.areas(geometry.clip(around, width, height)) > 0)
    if not len(inside):
        return image
    covered = image.copy()
    for box in around[inside]:
        rows, columns = geometry.pixel_window(box, width, height)
        covered[rows, columns] = _tiles(image[rows, columns], width=box[2] - box[0], height=box[3] - box[1])
    return covered


def wholly_blurred(image: Image) -> Image:
    """The picture with nothing in it recognisable: for crops of one face, and where nobody could look for faces."""
    return _tiles(image, width=image.shape[1], height=image.shape[0])


def _tiles(part: NDArray[np.uint8], *, width: float, height: float) -> Image:
    """The part of something that is `width` × `height` px in all."""
    down, across = part.shape[:2]
    tiles = [max(1, min(size, round(_TILES * size / whole))) for size, whole in ((across, width), (down, height))]
    averaged = cv2.resize(part, tiles, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(averaged, (across, down), interpolation=cv2.INTER_LINEAR), np.uint8)
