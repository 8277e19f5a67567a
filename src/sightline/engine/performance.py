"""How long each stage of analysis takes, and how much of the analysis capacity is in use."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from collections.abc import Mapping

__all__ = ["Performance"]

KEPT_SAMPLES = 256
"""A stage's median is over this many frames."""


class Performance:
    """Collected by the workers, read by the status. Every method may be called from any thread."""

    def __init__(self, workers: int, now_s: float) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._stages: dict[str, deque[float]] = {}
        self._busy_s = 0.0
        self._since_s = now_s
        self.frames = 0

    def frame(self, stage_ms: Mapping[str, float]) -> None:
        """One frame was analysed; milliseconds by stage."""
        with self._lock:
            self.frames += 1
            for stage, spent_ms in stage_ms.items():
                self._stages.setdefault(stage, deque(maxlen=KEPT_SAMPLES)).append(spent_ms)

    def worked(self, spent_s: float) -> None:
        """A worker was busy for so long."""
        with self._lock:
            self._busy_s += spent_s

    def medians_ms(self) -> dict[str, float]:
        """The median of each stage, in milliseconds."""
        with self._lock:
            kept = {stage: list(samples) for stage, samples in self._stages.items()}
        return {stage: round(statistics.median(samples), 3) for stage, samples in kept.items()}

    def load(self, now_s: float) -> float:
        """Share of the workers' time in use since the last call, 0–1."""
        with self._lock:
            capacity_s = (now_s - self._since_s) * self._workers
            busy_s, self._busy_s, self._since_s = self._busy_s, 0.0, now_s
        return min(1.0, busy_s / capacity_s) if capacity_s > 0 else 0.0
