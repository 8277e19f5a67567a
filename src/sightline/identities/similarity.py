"""How a distance between two templates reads as a similarity."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Similarity"]

_MAX_EXPONENT = 60.0
"""Beyond it the result is 0 or 1 to the last bit that matters; keeps exp() from overflowing."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """A falling logistic curve of the distance, 0.5 at `threshold` (a distance), as steep as `steepness`
    (1/distance).
    """

    threshold: float
    steepness: float

    def __call__(self, distance: float) -> float:
        """0 to 1."""
        exponent = self.steepness * (distance - self.threshold)
        return 1.0 / (1.0 + math.exp(min(max(exponent, -_MAX_EXPONENT), _MAX_EXPONENT)))

    def distance(self, similarity: float) -> float:
        """The distance that reads as `similarity`, which is strictly between 0 and 1."""
        return self.threshold + math.log(1.0 / similarity - 1.0) / self.steepness
