"""Faces found in one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.geometry import Boxes

__all__ = ["LANDMARK_COUNT", "Faces", "Landmarks"]

LANDMARK_COUNT = 5
"""Left eye, right eye, nose, left and right corner of the mouth; left as the viewer sees it."""

Landmarks = NDArray[np.float32]
"""(5, 2) float32 of one face or (N, 5, 2) of several, `[x, y]` px."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """N faces as parallel arrays, in pixels of the picture they were found in; may reach beyond its edges.

    `boxes` (N, 4) float32 `[x1, y1, x2, y2]`; `scores` (N,) float32, 0 to 1; `landmarks` (N, 5, 2) float32
    `[x, y]`. Raises `ValueError` when shapes disagree or a number is not finite. The arrays become read-only.
    """

    boxes: Boxes
    scores: NDArray[np.float32]
    landmarks: Landmarks

    def __post_init__(self) -> None:
        count = len(self.scores)
        shapes = (self.boxes.shape, self.scores.shape, self.landmarks.shape)
        if shapes != ((count, 4), (count,), (count, LANDMARK_COUNT, 2)):
            raise ValueError(f"faces need boxes (N, 4), scores (N,), landmarks (N, 5, 2), not {shapes}")
        for array in (self.boxes, self.scores, self.landmarks):
            if array.dtype != np.float32:
                raise ValueError(f"faces need float32 arrays, not {array.dtype}")
            if not np.isfinite(array).all():
                raise ValueError("a face has a coordinate or score that is not finite")
            array.flags.writeable = False

    @classmethod
    def none(cls) -> Faces:
        """No face."""
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | list[int]) -> Faces:
        """The faces at `index`, in that order."""
        return Faces(self.boxes[index], self.scores[index], self.landmarks[index])

    def moved(self, dx: float, dy: float) -> Faces:
        """The same faces in a picture of which theirs is the part that begins at (`dx`, `dy`) px."""
        offset = np.array([dx, dy], np.float32)
        return Faces(self.boxes + np.tile(offset, 2), self.scores.copy(), self.landmarks + offset)

    def scaled(self, factor: float) -> Faces:
        """The same faces in a picture resized by `factor`."""
        size = np.float32(factor)
        return Faces(self.boxes * size, self.scores.copy(), self.landmarks * size)
