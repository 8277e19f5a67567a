"""Objects found in one picture: persons, vehicles, packages, phones and whatever else a model knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.geometry import Boxes

__all__ = ["Objects"]


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """N objects as parallel arrays, in pixels of the picture they were found in; may reach beyond its edges.

    `boxes` (N, 4) float32 `[x1, y1, x2, y2]`; `scores` (N,) float32, 0 to 1; `labels` N names of classes. Raises
    `ValueError` when shapes disagree or a number is not finite. The arrays become read-only.
    """

    boxes: Boxes
    scores: NDArray[np.float32]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.boxes.shape != (count, 4) or self.scores.shape != (count,):
            raise ValueError(
                f"{count} objects need boxes ({count}, 4) and scores ({count},), "
                f"not {self.boxes.shape} and {self.scores.shape}"
            )
        for array in (self.boxes, self.scores):
            if array.dtype != np.float32:
                raise ValueError(f"objects need float32 arrays, not {array.dtype}")
            if not np.isfinite(array).all():
                raise ValueError("an object has a coordinate or score that is not finite")
            array.flags.writeable = False

    @classmethod
    def none(cls) -> Objects:
        """No object."""
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), ())

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: list[int]) -> Objects:
        """The objects at `index`, in that order."""
        return Objects(self.boxes[index], self.scores[index], tuple(self.labels[one] for one in index))

    def moved(self, dx: float, dy: float) -> Objects:
        """The same objects in a picture of which theirs is the part that begins at (`dx`, `dy`) px."""
        offset = np.array([dx, dy, dx, dy], np.float32)
        return Objects(self.boxes + offset, self.scores.copy(), self.labels)
