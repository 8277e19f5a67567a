"""Decoding of YuNet's twelve outputs (Wu et al., "YuNet: a tiny millisecond-level face detector", 2023).

For each of three grids with cells of 8, 16 and 32 px: the probabilities of a face's class and of an object, the offset
of the box's centre and the logarithm of its sides in cells, and five landmarks in cells from the cell's corner. A
score is √(class × object), as in OpenCV's `FaceDetectorYN`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import LANDMARK_COUNT, Faces
from sightline.detections.suppression import nms, whole

__all__ = ["CELLS_PX", "MULTIPLE_PX", "OUTPUTS", "decode"]

CELLS_PX = (8, 16, 32)
MULTIPLE_PX = 32
"""Sides of an input are multiples of this."""

OUTPUTS = tuple(f"{kind}_{side}" for kind in ("cls", "obj", "bbox", "kps") for side in CELLS_PX)
"""Names of the outputs, (cells, 1), (cells, 1), (cells, 4) and (cells, 10)."""

_MAX_IOU = 0.3
_MAX_CANDIDATES = 1000
_MAX_LOG_CELLS = 8.0


def decode(outputs: Mapping[str, NDArray[np.float32]], width: int, height: int, *, min_score: float) -> Faces:
    """Faces in pixels of the network's input of `width` × `height` px, best first, duplicates suppressed."""
    boxes, scores, points = [], [], []
    for side in CELLS_PX:
        columns = width // side
        class_score = np.clip(outputs[f"cls_{side}"][:, 0], 0, 1)
        score = np.sqrt(class_score * np.clip(outputs[f"obj_{side}"][:, 0], 0, 1))
        good = np.flatnonzero(score >= min_score)
        row, column = np.divmod(good, columns)
        place = np.stack([column, row], axis=1).astype(np.float32)
        box = outputs[f"bbox_{side}"][good]
        with np.errstate(over="ignore"):
            centres = (place + box[:, :2]) * side
        sizes = np.exp(np.minimum(box[:, 2:], _MAX_LOG_CELLS)) * side
        boxes.append(np.hstack([centres - sizes / 2, centres + sizes / 2]))
        scores.append(score[good])
        landmarks = outputs[f"kps_{side}"][good].reshape(-1, LANDMARK_COUNT, 2)
        with np.errstate(over="ignore"):
            points.append((landmarks + place[:, None]) * side)
    found, marks = np.concatenate(boxes).astype(np.float32), np.concatenate(points).astype(np.float32)
    confidence = np.concatenate(scores).astype(np.float32)
    good = np.flatnonzero(whole(found, marks))
    best = good[np.argsort(-confidence[good], kind="stable")[:_MAX_CANDIDATES]]
    kept = best[nms(found[best], confidence[best], _MAX_IOU)]
    return Faces(found[kept], confidence[kept], marks[kept])
