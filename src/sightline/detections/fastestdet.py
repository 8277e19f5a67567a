"""Decoding of FastestDet's one output map (github.com/dog-qiuqiu/FastestDet, `example/onnx-runtime/runtime.py`).

The map has one cell for 16 × 16 px of the input. Of each cell: the probability that it is an object, tanh⁻¹ of the
offset of the box's centre in cells, the logits of its width and height as shares of the input, and the probabilities
of the classes. A box's score is object^0.6 × class^0.4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.detections.object_rows import objects_of
from sightline.detections.objects import Objects

__all__ = ["decode"]

_OBJECT_POWER, _CLASS_POWER = np.float32(0.6), np.float32(0.4)
_MAX_LOGIT = 60.0
"""Beyond it a share is 0 or 1 to the last bit; keeps exp() from overflowing."""


def decode(
    output: NDArray[np.float32], width: float, height: float, labels: tuple[str, ...], *, min_score: float
) -> Objects:
    """Objects in pixels of a picture of `width` × `height` px that was stretched to the input.

    `output` (5 + C, rows, columns) for the C classes in `labels`.
    """
    _, rows, columns = output.shape
    cells = output.reshape(len(output), -1)
    classes = cells[5:].argmax(axis=0)
    best = np.take_along_axis(cells[5:], classes[None], axis=0)[0]
    scores = np.clip(cells[0], 0, 1) ** _OBJECT_POWER * np.clip(best, 0, 1) ** _CLASS_POWER
    row, column = np.divmod(np.arange(rows * columns), columns)
    centres = np.stack([(column + np.tanh(cells[1])) / columns, (row + np.tanh(cells[2])) / rows])
    sides = 1 / (1 + np.exp(-np.clip(cells[3:5], -_MAX_LOGIT, _MAX_LOGIT)))
    size = np.array([[width], [height]])
    near, far = (centres - sides / 2) * size, (centres + sides / 2) * size
    boxes = np.concatenate([near, far]).T.astype(np.float32)
    return objects_of(boxes, scores.astype(np.float32), classes, labels, min_score=min_score)
