"""How many workstations there is room for: pipelines (engine processes), times the workstations of each."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from sightline.settings import Settings

__all__ = ["Capacity", "OwnPipelines"]

GONE_FOR_GOOD_S = 30.0
"""An engine of another machine that has been away for so long is not counted on any more."""


class OwnPipelines(Protocol):
    """The engines that this server starts itself."""

    def count(self) -> int:
        """Those that run or are coming back."""

    def may_grow(self) -> bool:
        """Whether there is memory for another, and none failed lately."""

    @property
    def memory_is_full(self) -> bool:
        """Whether the device has no memory for another."""

    def keeps(self, engine_id: str) -> bool:
        """Whether the engine of this name is one of them."""


class Capacity:
    """`max_pipelines` may be changed while the server runs; `own` is set where the server starts engines itself."""

    def __init__(self, settings: Settings) -> None:
        self.max_pipelines = settings.max_pipelines
        self.clients_per_pipeline = settings.max_clients_per_pipeline
        self.own: OwnPipelines | None = None
        self._elsewhere: deque[tuple[float, int]] = deque()
        """When, and how many; fewer and fewer, so that the first is the most of the last while."""

    def observe(self, engines_elsewhere: int, now_s: float) -> None:
        """Engines that others start, connected now. To be called about every second."""
        seen = self._elsewhere
        while seen and seen[-1][1] <= engines_elsewhere:
            seen.pop()
        seen.append((now_s, engines_elsewhere))
        while seen[0][0] < now_s - GONE_FOR_GOOD_S:
            seen.popleft()

    @property
    def elsewhere(self) -> int:
        """Engines that others start and that are counted on."""
        return self._elsewhere[0][1] if self._elsewhere else 0

    @property
    def pipelines(self) -> int:
        """Those there are or may be."""
        if self.own is None:
            return min(self.max_pipelines, max(1, self.elsewhere))
        if self.own.may_grow():
            return self.max_pipelines
        return min(self.max_pipelines, self.own.count() + self.elsewhere)

    @property
    def clients(self) -> int:
        """Workstations there is room for."""
        return self.pipelines * self.clients_per_pipeline

    def wanted(self, clients: int) -> int:
        """Pipelines for so many clients, one at least."""
        return max(1, min(self.max_pipelines, -(-clients // self.clients_per_pipeline)))
