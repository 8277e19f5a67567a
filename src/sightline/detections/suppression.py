"""Suppression of duplicates: the best of several boxes around the same thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.geometry import Boxes

__all__ = ["nms", "nms_by_label"]


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
