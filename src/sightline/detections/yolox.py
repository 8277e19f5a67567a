"""Decoding of YOLOX's raw output (Ge et al., "YOLOX: exceeding YOLO series in 2021").

One row for each cell of three grids with cells of 8, 16 and 32 px: the offset of the box's centre in cells, the
logarithm of its width and height in cells, the probability of an object, the probabilities of the classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.detections.object_rows import objects_of
from sightline.detections.objects import Objects

__all__ = ["CELLS_PX", "cells_of", "decode", "grid"]

CELLS_PX = (8, 16, 32)
"""Sides of the cells of the three grids, in pixels of the input."""

_MAX_LOG_CELLS = 8.0
"""Logarithm of a side in cells that no input reaches: keeps a damaged row from overflowing."""


def cells_of(width: int, height: int) -> int:
    """Cells of all three grids over an input of `width` × `height` px."""
    return sum((width // side) * (height // side) for side in CELLS_PX)


def grid(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(cells, 2) `[column, row]` and (cells, 1) side in px, in the order of the output's rows."""
    places, sides = [], []
    for side in CELLS_PX:
        columns, rows = width // side, height // side
        row, column = np.divmod(np.arange(rows * columns), columns)
        places.append(np.stack([column, row], axis=1))
        sides.append(np.full((rows * columns, 1), side))
    return np.concatenate(places).astype(np.float32), np.concatenate(sides).astype(np.float32)


def decode(rows: NDArray[np.float32], width: int, height: int, labels: tuple[str, ...], *, min_score: float) -> Objects:
    """Objects in pixels of the input, `width` × `height`; `rows` (cells, 5 + C) for the C classes in `labels`."""
    places, sides = grid(width, height)
    sizes = np.exp(np.minimum(rows[:, 2:4], _MAX_LOG_CELLS)) * sides
    classes = rows[:, 5:].argmax(axis=1)
    with np.errstate(over="ignore"):
        centres = (rows[:, :2] + places) * sides
        scores = rows[:, 4] * np.take_along_axis(rows[:, 5:], classes[:, None], axis=1)[:, 0]
    boxes = np.hstack([centres - sizes / 2, centres + sizes / 2]).astype(np.float32)
    return objects_of(boxes, scores.astype(np.float32), classes, labels, min_score=min_score)
