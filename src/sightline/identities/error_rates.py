"""How often comparisons err, by threshold (terms and definitions: ISO/IEC 19795-1).

A comparison of two samples gives a distance. It is *mated* when both are of one subject. At a threshold t, FMR is the
share of non-mated comparisons with a distance up to t (they would match, falsely), FNMR the share of mated ones
beyond it. A distance may be infinite: a comparison that no threshold accepts.

Intervals come from the bootstrap over units, not over comparisons: one picture takes part in many comparisons, so
these are not independent. A resample draws units with replacement, and a comparison counts as often as the product
of how often its two units were drawn (Bolle, Ratha, Pankanti: Error analysis of pattern recognition systems: the
subsets bootstrap, 2004).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Comparisons", "Curve", "Interval", "curve_of", "interval"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """N comparisons as parallel arrays.

    `distances` (N,) float, not NaN; `mated` (N,) bool; `units` (N, 2) int: which two units (pictures, or subjects) were
    compared, counted from 0. Raises `ValueError` when shapes disagree, a distance is NaN, or mated or non-mated
    comparisons are missing: a rate of nothing says nothing.
    """

    distances: Floats
    mated: NDArray[np.bool_]
    units: NDArray[np.intp]

    def __post_init__(self) -> None:
        count = len(self.distances)
        if self.distances.shape != (count,) or self.mated.shape != (count,) or self.units.shape != (count, 2):
            raise ValueError("comparisons need distances (N,), mated (N,), units (N, 2)")
        if np.isnan(self.distances).any():
            raise ValueError("a distance is not a number")
        if self.mated.all() or not self.mated.any():
            raise ValueError("error rates need comparisons of the same person and of different people")

    def __len__(self) -> int:
        return len(self.distances)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Error rates at every threshold that makes a difference, from the strictest to the laxest.

    `steps` (K − 1,): the distances at which something changes, ascending; `thresholds`, `fmr`, `fnmr` (K,): a threshold
    lies midway between the steps that it parts. `mated` and `others` say how many comparisons of each kind the rates
    are shares of.
    """

    steps: Floats
    thresholds: Floats
    fmr: Floats
    fnmr: Floats
    mated: float
    others: float

    @property
    def auc(self) -> float:
        """The chance that a mated comparison is nearer than a non-mated one; a tie is half a chance."""
        return float(np.trapezoid(1.0 - self.fnmr, self.fmr) + (1.0 - self.fmr[-1]) * (2.0 - self.fnmr[-1]) / 2.0)

    @property
    def equal_error_rate(self) -> float:
        """Where FMR and FNMR meet: the mean of both at the threshold at which they are nearest."""
        nearest = int(np.abs(self.fmr - self.fnmr).argmin())
        return float((self.fmr[nearest] + self.fnmr[nearest]) / 2.0)

    def best_accuracy(self) -> tuple[float, float]:
        """The largest share of right answers over all comparisons, and its threshold (the strictest of equals)."""
        right = ((1.0 - self.fnmr) * self.mated + (1.0 - self.fmr) * self.others) / (self.mated + self.others)
        best = int(right.argmax())
        return float(right[best]), float(self.thresholds[best])

    def at_fmr(self, fmr: float) -> tuple[float, float]:
        """The FNMR at the laxest threshold whose FMR is at most `fmr`, and that threshold."""
        allowed = np.flatnonzero(self.fmr <= fmr + 1e-12)
        return float(self.fnmr[allowed[-1]]), float(self.thresholds[allowed[-1]])

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """FMR and FNMR of comparisons accepted up to `threshold`."""
        index = int(np.searchsorted(self.steps, threshold, side="right"))
        return float(self.fmr[index]), float(self.fnmr[index])


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle `confidence` of what a figure is over resamples."""

    low: float
    high: float
    confidence: float


def curve_of(comparisons: Comparisons, weights: NDArray[np.float64] | None = None) -> Curve:
    """The curve of these comparisons; `weights` (N,) says how often each one counts, once by default.

    Raises `ValueError` when mated or non-mated comparisons weigh nothing.
    """
    order = np.argsort(comparisons.distances, kind="stable")
    return _curve(comparisons, order, np.ones(len(comparisons)) if weights is None else weights)


def interval(
    comparisons: Comparisons,
    figure: Callable[[Curve], float],
    *,
    seed: int = 0,
    resamples: int = 500,
    confidence: float = 0.95,
) -> Interval:
    """The bootstrap interval of `figure`. Resamples without any mated or any non-mated comparison are left out.

    Raises `ValueError` when no resample has both kinds.
    """
    random = np.random.default_rng(seed)
    count = int(comparisons.units.max()) + 1
    order = np.argsort(comparisons.distances, kind="stable")
    figures = []
    for _ in range(resamples):
        drawn = np.bincount(random.integers(0, count, count), minlength=count).astype(np.float64)
        first, second = comparisons.units[:, 0], comparisons.units[:, 1]
        # A unit compared with itself (a subject's own samples) counts as often as it was drawn, not squared.
        weights = np.where(first == second, drawn[first], drawn[first] * drawn[second])
        if weights[comparisons.mated].any() and weights[~comparisons.mated].any():
            figures.append(figure(_curve(comparisons, order, weights)))
    if not figures:
        raise ValueError("too few pictures for an interval")
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(figures, [tail, 1.0 - tail])
    return Interval(float(low), float(high), confidence)


def _curve(comparisons: Comparisons, order: NDArray[np.intp], weights: Floats) -> Curve:
    distances, mated, ordered = comparisons.distances[order], comparisons.mated[order], weights[order]
    genuine = np.cumsum(np.where(mated, ordered, 0.0))
    impostor = np.cumsum(np.where(mated, 0.0, ordered))
    if genuine[-1] <= 0 or impostor[-1] <= 0:
        raise ValueError("error rates need comparisons of the same person and of different people")
    finite = int(np.isfinite(distances).sum())
    last = np.flatnonzero(np.append(distances[1:finite] != distances[: finite - 1], True)) if finite else _NONE
    steps = distances[last]
    fmr = np.concatenate([[0.0], impostor[last] / impostor[-1]])
    fnmr = np.concatenate([[1.0], 1.0 - genuine[last] / genuine[-1]])
    return Curve(steps, _between(steps), fmr, np.maximum(fnmr, 0.0), float(genuine[-1]), float(impostor[-1]))


_NONE = np.empty(0, np.intp)


def _between(steps: Floats) -> Floats:
    """Thresholds below, between and above the ascending distances `steps` (K,): (K + 1,)."""
    if not len(steps):
        return np.zeros(1)
    middles = (steps[1:] + steps[:-1]) / 2.0
    # Halfway to a neighbour that rounding makes equal would accept that neighbour.
    middles = np.where(middles >= steps[1:], steps[:-1], middles)
    below = steps[0] / 2.0 if steps[0] > 0 else -1.0
    return np.concatenate([[below], middles, [steps[-1] * 1.05 + 1e-9]])
