"""Sightings of before the embedder changed, embedded by the one that serves now: so the past stays searchable.

The newest come first. Each template takes the place of the one before as it is made: a search finds the sighting by the
old model's probes until then, and by the new one's from then on. It is of the one sample that was kept, where the first
was the mean of a track's. A sighting in whose sample the new embedder finds no face keeps the template it has.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from sightline.clock import Clock
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.templating import template_of
from sightline.gateway.past.sighting_ports import Sightings

__all__ = ["PastTemplates"]

BATCH = 16
LOOK_AGAIN_S = 60.0
"""Sightings of the old model still come from spools of engines that were away."""

log = structlog.get_logger(__name__)


class PastTemplates:
    """Used by one task at a time. `changed` is called when templates were replaced."""

    def __init__(self, sightings: Sightings, clock: Clock, changed: Callable[[], None]) -> None:
        self._sightings = sightings
        self._clock = clock
        self._changed = changed
        self._model_id = ""
        self._after: tuple[str, int] | None = None
        self._ended_s = 0.0

    async def step(self, engine: EngineLink, model_id: str) -> bool:
        """Embeds a few sightings; whether there may be more to do at once. Raises `Unavailable` without an answer."""
        if model_id != self._model_id:
            self._model_id, self._after = model_id, None
        elif self._after is None and self._clock.monotonic_s() - self._ended_s < LOOK_AGAIN_S:
            return False
        outdated = await self._sightings.outdated(model_id, after=self._after, limit=BATCH)
        if not outdated:
            if self._after is not None:
                log.info("past_embedded", model=model_id)
            self._after, self._ended_s = None, self._clock.monotonic_s()
            return False
        for sighting in outdated:
            made = await template_of(engine, model_id, sighting.sample)
            await self._sightings.embed(sighting.sighting_id, model_id, made.vector, made.curve)
        self._after = (outdated[-1].model_id, outdated[-1].key)
        self._changed()
        return True
