"""How long the event loop is held: the gateway's promise is that nothing in it holds it for more than milliseconds.

A task sleeps for `INTERVAL_S` and measures by how much it woke late. The figures are of the last `WINDOW` samples;
the histogram for Prometheus is of all.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from prometheus_client import Histogram

__all__ = ["LoopLag"]

INTERVAL_S = 0.01
WINDOW = 30_000
BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class LoopLag:
    """Measures the running event loop while `run` runs."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._lags_ms: deque[float] = deque(maxlen=WINDOW)

    async def run(self) -> None:
        """Measures until cancelled."""
        while True:
            due = time.perf_counter() + INTERVAL_S  # the loop's own time may be that of its last turn
            await asyncio.sleep(INTERVAL_S)
            lag = max(0.0, time.perf_counter() - due)
            self._lags_ms.append(lag * 1000)
            self._histogram.observe(lag)

    def figures(self) -> dict[str, float]:
        """`p50_ms`, `p99_ms`, `p999_ms`, `max_ms` over the last five minutes."""
        ordered = sorted(self._lags_ms)
        if not ordered:
            return {"p50_ms": 0.0, "p99_ms": 0.0, "p999_ms": 0.0, "max_ms": 0.0}

        def at(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

        return {"p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999), "max_ms": round(ordered[-1], 3)}
