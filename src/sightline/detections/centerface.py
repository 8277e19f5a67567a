"""Decoding of CenterFace's four output maps (Xu et al., "CenterFace: joint face detection and alignment",
2019).

Each map has one cell for 4 × 4 px of the input. A cell whose heat is above the threshold is a face; the other
maps give, at that cell, the logarithm of its height and width in cells, the offset of its centre, and its
five landmarks relative to its top left corner in units of height and width; always in the order y, x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.detections.suppression import nms

__all__ = ["CELL_PX", "MAX_CANDIDATES", "MAX_IOU", "decode"]

CELL_PX = 4
"""Side of a map's cell in pixels of the input."""

MAX_IOU = 0.3
"""Overlap above which two boxes are the same face (the authors' value)."""

MAX_CANDIDATES = 1000
"""Cells looked at in one picture, best first: bounds the cost of a noisy one."""

_MAX_LOG_CELLS = 8.0
"""Logarithm of a face's side in cells that no input reaches: keeps a damaged map from overflowing."""


def decode(
    heat: NDArray[np.float32],
    log_sizes: NDArray[np.float32],
    offsets: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    *,
    min_score: float,
) -> Faces:
    """Faces in pixels of the network's input, best first, duplicates suppressed.

    For an input of H × W px: `heat` (1, H/4, W/4), `log_sizes` and `offsets` (2, H/4, W/4), `landmarks`
    (10, H/4, W/4).
    """
    rows, columns = np.nonzero(heat[0] > min_score)
    scores = heat[0, rows, columns]
    if len(scores) > MAX_CANDIDATES:
        best = np.argpartition(-scores, MAX_CANDIDATES)[:MAX_CANDIDATES]
        rows, columns, scores = rows[best], columns[best], scores[best]
    sizes = np.exp(np.minimum(log_sizes[:, rows, columns], _MAX_LOG_CELLS)) * np.float32(CELL_PX)
    cells = np.stack([rows, columns]).astype(np.float32)
    tops = (cells + offsets[:, rows, columns] + np.float32(0.5)) * np.float32(CELL_PX) - sizes / 2
    bottoms = tops + sizes
    boxes = np.stack([tops[1], tops[0], bottoms[1], bottoms[0]], axis=1)
    points = landmarks[:, rows, columns].reshape(5, 2, -1) * sizes + tops
    kept = nms(boxes, scores, MAX_IOU)
    return Faces(boxes[kept], scores[kept], np.ascontiguousarray(points.transpose(2, 0, 1)[kept][:, :, ::-1]))
