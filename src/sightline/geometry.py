"""Arithmetic on boxes.

Boxes are (N, 4) float32 arrays `[x1, y1, x2, y2]` in pixels, x to the right, y down, `x2` and `y2` exclusive;
a box whose second corner is not beyond its first has area 0. Nothing here changes its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Boxes",
    "areas",
    "centres",
    "clip",
    "expand",
    "intersection_over_minimum",
    "intersections",
    "iou",
    "pixel_window",
    "scale",
    "square",
]

Boxes = NDArray[np.float32]
"""(N, 4) float32, `[x1, y1, x2, y2]` px."""

_EMPTY_AREA = np.float32(1e-9)
"""Keeps the ratio of two empty boxes at 0 instead of undefined; px²."""


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """(N,) areas in px²; 0 for empty boxes."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def centres(boxes: Boxes) -> NDArray[np.float32]:
    """(N, 2) centres in px."""
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) * 0.5, np.float32)


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """(N, M) areas shared by each box of `a` (N, 4) and each of `b` (M, 4), in px²."""
    near = np.maximum(a[:, None, :2], b[None, :, :2])
    far = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(far - near, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """(N, M) intersection over union, 0 to 1."""
    shared = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, _EMPTY_AREA), np.float32)


def intersection_over_minimum(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """(N, M) intersection over the smaller of both areas, 0 to 1: near 1 for a box inside another."""
    smaller = np.minimum(areas(a)[:, None], areas(b)[None, :])
    return np.asarray(intersections(a, b) / np.maximum(smaller, _EMPTY_AREA), np.float32)


def clip(boxes: Boxes, width: int, height: int) -> Boxes:
    """The parts of the boxes inside a picture of `width` × `height` px; a box outside becomes empty."""
    limits = np.array([width, height, width, height], np.float32)
    return np.asarray(np.clip(boxes, 0, limits), np.float32)


def scale(boxes: Boxes, factor: float) -> Boxes:
    """Boxes of a picture that was resized by `factor`."""
    return np.asarray(boxes * np.float32(factor), np.float32)


def expand(boxes: Boxes, share: float) -> Boxes:
    """Boxes about the same centres, both sides longer by `share` of themselves (0.5: half as long again)."""
    margins = (boxes[:, 2:] - boxes[:, :2]) * np.float32(share / 2)
    return np.asarray(np.hstack([boxes[:, :2] - margins, boxes[:, 2:] + margins]), np.float32)


def square(boxes: Boxes, share: float = 0.0) -> Boxes:
    """Squares about the same centres whose side is the longer side, longer again by `share` of itself."""
    middle = centres(boxes)
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) * np.float32((1 + share) / 2)
    return np.asarray(np.hstack([middle - half, middle + half]), np.float32)


def pixel_window(box: NDArray[np.float32], width: int, height: int) -> tuple[slice, slice]:
    """Rows and columns of the part of a `width` × `height` px picture that the box (4,) covers: at least one of each.

    `image[pixel_window(box, width, height)]` is the crop; it begins at (columns.start, rows.start).
    """
    left, top = np.clip(np.floor(box[:2]), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(box[2:]), (left + 1, top + 1), (width, height)).astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))
