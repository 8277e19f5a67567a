"""Percentiles and a process's memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["busiest_second", "percentiles", "rss_kib"]

_RSS = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """`p50`, `p95`, `p99` and `max`, each a value that occurred, and `count`; zeros where there is none."""
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0), "count": len(ordered)}


def busiest_second(times_s: Sequence[float]) -> int:
    """The most that happened within any second, wherever it begins."""
    ordered = sorted(times_s)
    most = first = 0
    for last, time_s in enumerate(ordered):
        while ordered[first] <= time_s - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def rss_kib(pid: int) -> int:
    """Memory of a process that is resident now. Linux only."""
    found = _RSS.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0
