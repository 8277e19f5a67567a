"""CPU time by stage."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["StageClock"]


class StageClock:
    """CPU milliseconds by stage of the one thread that uses it, and how often each stage was entered."""

    def __init__(self) -> None:
        self.spent_ms: dict[str, float] = defaultdict(float)
        self.entered: dict[str, int] = defaultdict(int)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times what happens inside."""
        started_ns = time.thread_time_ns()
        try:
            yield
        finally:
            self.add(name, (time.thread_time_ns() - started_ns) / 1e6)

    def add(self, name: str, spent_ms: float) -> None:
        """A stage that was timed elsewhere."""
        self.spent_ms[name] += spent_ms
        self.entered[name] += 1

    def per(self, frames: int) -> dict[str, float]:
        """Milliseconds by stage, divided among `frames`."""
        return {name: spent / max(1, frames) for name, spent in self.spent_ms.items()}
