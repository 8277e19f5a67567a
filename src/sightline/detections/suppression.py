"""Suppression of duplicates: the best of several boxes around the same thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.geometry import Boxes

__all__ = ["nms", "nms_by_label", "whole"]


_FARTHEST_PX = 1e7
"""No coordinate is farther from a picture's corner than this; also keeps areas within what float32 can count."""


def whole(*parts: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether every number of a row makes sense in a picture, in all `parts`, each (N, …): a damaged model may
    give anything.
    """
    rows = [(np.abs(part) < _FARTHEST_PX).all(axis=tuple(range(1, part.ndim))) for part in parts]
    return np.asarray(np.logical_and.reduce(rows), np.bool_)


def nms(boxes: Boxes, scores: NDArray[np.float32], max_iou: float) -> NDArray[np.intp]:
    """Indices of the boxes to keep, best score first.

    Greedy non-maximum suppression: a box is dropped when its intersection over union with a better one that
    was kept is above `max_iou`. `boxes` (N, 4) px, `scores` (N,).
    """
    order = np.argsort(-scores, kind="stable")
    overlap = geometry.iou(boxes[order], boxes[order])
    alive = np.ones(len(order), bool)
    for rank in range(len(order)):
        if alive[rank]:
            alive[rank + 1 :] &= overlap[rank, rank + 1 :] <= max_iou
    return order[alive]


def nms_by_label(
    boxes: Boxes, scores: NDArray[np.float32], labels: NDArray[np.intp], *, max_iou: float, max_nested: float = 1.0
) -> NDArray[np.intp]:
    """Indices of the boxes to keep, best score first; only boxes of one label suppress each other.

    Beside `nms`, a box is dropped when its intersection over the smaller area with a better one is above `max_nested`:
    a part of a body inside the box of the whole.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, kinds = boxes[order], labels[order]
    drops = (geometry.iou(ranked, ranked) > max_iou) | (geometry.intersection_over_minimum(ranked, ranked) > max_nested)
    drops &= kinds[:, None] == kinds[None, :]
    alive = np.ones(len(order), bool)
    for rank in range(len(order)):
        if alive[rank]:
            alive[rank + 1 :] &= ~drops[rank, rank + 1 :]
    return order[alive]
