"""How long each stage of an analysis took, on the wall and on this thread's share of a core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["StageTimes"]

_TOTAL = "total"


class StageTimes:
    """Times of one frame, milliseconds by stage; stages entered more than once add up, `total` runs from the start.

    CPU time is this thread's: what a model computes on further threads is not in it.
    """

    def __init__(self) -> None:
        self.wall_ms: dict[str, float] = {}
        self.cpu_ms: dict[str, float] = {}
        self._started = (time.perf_counter_ns(), time.thread_time_ns())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times what happens inside."""
        started = (time.perf_counter_ns(), time.thread_time_ns())
        try:
            yield
        finally:
            self._add(name, started)

    def finish(self) -> None:
        """Notes the total."""
        self._add(_TOTAL, self._started)

    def _add(self, name: str, started: tuple[int, int]) -> None:
        self.wall_ms[name] = self.wall_ms.get(name, 0.0) + (time.perf_counter_ns() - started[0]) / 1e6
        self.cpu_ms[name] = self.cpu_ms.get(name, 0.0) + (time.thread_time_ns() - started[1]) / 1e6
