from __future__ import annotations

import asyncio
import time

from sightline.gateway.loop_lag import WINDOW, LoopLag
from sightline.gateway.metrics import Metrics


async def test_what_holds_the_loop_is_measured() -> None:
    metrics = Metrics()
    lag = LoopLag(metrics.loop_lag_seconds)
    assert lag.figures() == {"p50_ms": 0.0, "p99_ms": 0.0, "p999_ms": 0.0, "max_ms": 0.0}
    running = asyncio.create_task(lag.run())
    await asyncio.sleep(0.05)
    time.sleep(0.25)  # noqa: ASYNC251  # somebody computes on the event loop
    await asyncio.sleep(0.05)
    running.cancel()
    figures = lag.figures()
    assert figures["max_ms"] >= 200
    assert figures["p50_ms"] <= figures["p99_ms"] <= figures["p999_ms"] <= figures["max_ms"]
    assert b'sightline_event_loop_lag_seconds_bucket{le="+Inf"}' in metrics.exposition()


def test_figures_are_of_the_last_minutes_only() -> None:
    lag = LoopLag(Metrics().loop_lag_seconds)
    lag._lags_ms.extend([1000.0] + [1.0] * WINDOW)
    assert lag.figures() == {"p50_ms": 1.0, "p99_ms": 1.0, "p999_ms": 1.0, "max_ms": 1.0}
