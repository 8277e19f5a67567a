"""Which engine looks at whose pictures: the one with the fewest workstations, kept for as long as it is connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Pipeline", "PipelineChoice", "Pipelines"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An engine that can verify: it looks at `stills` pictures at a time, and said of its `load` (0 to 1) lately."""

    id: str
    stills: int = 1
    load: float = 0.0


class Pipelines(Protocol):
    """Those that are connected now."""

    def pipelines(self) -> Sequence[Pipeline]:
        """All of them."""

    def pipeline(self, engine_id: str) -> Pipeline | None:
        """The one of this name; asked for every picture that waits."""


class PipelineChoice:
    """At most `most` clients an engine."""

    def __init__(self, connected: Pipelines, *, most: int) -> None:
        self._connected = connected
        self._most = most
        self._engine_of: dict[str, str] = {}
        self._clients: Counter[str] = Counter()

    def engine_of(self, client: str) -> Pipeline | None:
        """This client's engine; `None` while every engine is full, or there is none."""
        name = self._engine_of.get(client)
        if name is not None:
            kept = self._connected.pipeline(name)
            if kept is not None:
                return kept
            self.leave(client)
        free = [pipeline for pipeline in self._connected.pipelines() if self._clients[pipeline.id] < self._most]
        chosen = min(free, key=lambda pipeline: (self._clients[pipeline.id], pipeline.load), default=None)
        if chosen is not None:
            self._engine_of[client] = chosen.id
            self._clients[chosen.id] += 1
        return chosen

    def leave(self, client: str) -> None:
        """The client is gone."""
        name = self._engine_of.pop(client, None)
        if name is not None:
            self._clients[name] -= 1

    def clients_of(self, engine_id: str) -> int:
        """How many look to this engine."""
        return self._clients[engine_id]
