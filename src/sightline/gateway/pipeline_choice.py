"""Which engine looks at whose pictures: the one with the fewest workstations, kept for as long as it is connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Pipeline", "PipelineChoice"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An engine that can verify: it looks at `stills` pictures at a time, and said of its `load` (0 to 1) lately."""

    id: str
    stills: int = 1
    load: float = 0.0


class PipelineChoice:
    """At most `most` clients an engine. `pipelines` are those connected now."""

    def __init__(self, pipelines: Callable[[], Sequence[Pipeline]], *, most: int) -> None:
        self._pipelines = pipelines
        self._most = most
        self._engine_of: dict[str, str] = {}

    def engine_of(self, client: str) -> Pipeline | None:
        """This client's engine; `None` while every engine is full, or there is none."""
        there = {pipeline.id: pipeline for pipeline in self._pipelines()}
        kept = there.get(self._engine_of.get(client, ""))
        if kept is not None:
            return kept
        self._engine_of.pop(client, None)
        counts = Counter(self._engine_of.values())
        free = [pipeline for pipeline in there.values() if counts[pipeline.id] < self._most]
        chosen = min(free, key=lambda pipeline: (counts[pipeline.id], pipeline.load), default=None)
        if chosen is not None:
            self._engine_of[client] = chosen.id
        return chosen

    def leave(self, client: str) -> None:
        """The client is gone."""
        self._engine_of.pop(client, None)

    def clients_of(self, engine_id: str) -> int:
        """How many look to this engine."""
        return sum(engine == engine_id for engine in self._engine_of.values())
