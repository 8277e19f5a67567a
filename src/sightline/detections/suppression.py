"""Suppression of duplicates: the best of several boxes around the same thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.geometry import Boxes

__all__ = ["nms"]


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
