"""The arithmetic of the benchmark, apart from everything that measures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = [
    "CPU_BUDGET",
    "Buckets",
    "EngineCost",
    "Latency",
    "cameras_per_core",
    "median_by_key",
    "percentile",
    "quantile_of",
    "share_above",
]

CPU_BUDGET = 0.8
"""Share of a core that may be in use: beyond it, waiting times grow without bound."""


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0–1) of them do not exceed; NaN when there are none.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def cameras_per_core(core_share_of_one: float) -> float:
    """How many cameras fit a core's budget when one of them uses `core_share_of_one` (CPU seconds a second).

    >>> cameras_per_core(0.05)
    16.0
    """
    return CPU_BUDGET / core_share_of_one


def median_by_key(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each key over the rows; a key that a row lacks counts as 0 there.

    >>> median_by_key([{"a": 1.0}, {"a": 3.0, "b": 9.0}, {"a": 2.0}])
    {'a': 2.0, 'b': 0.0}
    """
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: median(row.get(key, 0.0) for row in rows) for key in keys}


Buckets = Mapping[float, float]
"""A Prometheus histogram: for each upper bound, how many values did not exceed it; the last bound is infinite."""


def quantile_of(buckets: Buckets, share: float) -> float:
    """The value that `share` (0–1) of a histogram's values do not exceed, evenly spread within its bucket as
    Prometheus assumes; the last finite bound when it lies beyond; NaN when there are no values.

    >>> quantile_of({1.0: 50.0, 2.0: 100.0, math.inf: 100.0}, 0.75)
    1.5
    """
    rank = share * buckets[math.inf]
    below, counted = 0.0, 0.0
    for bound in sorted(buckets):
        if buckets[bound] >= rank > counted:
            inside = (rank - counted) / (buckets[bound] - counted)
            return below if math.isinf(bound) else below + inside * (bound - below)
        below, counted = bound, buckets[bound]
    return math.nan


def share_above(buckets: Buckets, bound: float) -> float:
    """The share of a histogram's values that exceed one of its bounds; NaN when there are no values.

    >>> share_above({1.0: 99.0, math.inf: 100.0}, 1.0)
    0.01
    """
    count = buckets[math.inf]
    return (count - buckets[bound]) / count if count else math.nan


@dataclass(frozen=True, slots=True)
class EngineCost:
    """What an engine spends on one analysed frame, ms of CPU.

    `stage_ms` is the price of the parts, measured alone; `total_ms` that of the whole process under load. What is in
    the whole and not in the parts (threads, link, spool, pictures, and every hindrance among them) is `elsewhere_ms`.
    """

    stage_ms: Mapping[str, float]
    total_ms: float

    @property
    def elsewhere_ms(self) -> float:
        """The rest; 0 when the parts cost more alone than in the whole."""
        return max(0.0, self.total_ms - sum(self.stage_ms.values()))

    def overhead_share(self, useful: Iterable[str]) -> float:
        """The share of the whole that is in none of the `useful` stages."""
        whole = max(self.total_ms, sum(self.stage_ms.values()))
        return 1.0 - sum(self.stage_ms.get(stage, 0.0) for stage in useful) / whole


@dataclass(frozen=True, slots=True)
class Latency:
    """One alert: from the capture of its frame to its bytes at a client, and the inference time in between, ms."""

    total_ms: float
    inference_ms: float

    @property
    def beyond_inference_ms(self) -> float:
        """What everything but the models cost."""
        return self.total_ms - self.inference_ms
