"""The past: sightings are taken in, strangers recognised, faces searched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from sightline.clock import Clock
from sightline.events import fact
from sightline.exceptions import NotFound, SightlineError
from sightline.gateway.past.sighting_ports import Searcher, Sightings, Strangers
from sightline.identities.sighting import NewSighting, Sighting, StrangerRef
from sightline.identities.similarity import Similarity

__all__ = ["Hit", "Past", "Probe", "SearchResult", "Window", "probes_of"]

DAY_MS = 86_400_000
_SPARE_HITS = 20
"""So many more are asked for than wanted: some may be gone by the time that they are looked up."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """What is searched for: templates of one model, any of which may match."""

    model_id: str
    vectors: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when to search; `None` is everywhere and always. Times are milliseconds since the epoch."""

    cameras: Sequence[str] | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A sighting and how similar it is to the probe, 0 to 1."""

    sighting: Sighting
    similarity: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, the most similar first, among `indexed` of `total` sightings; `other_models` of them are of models of which
    the probe is not, so that it could not be compared with them."""

    hits: list[Hit]
    indexed: int
    total: int
    other_models: int


class Past:
    """`days` is how long a sighting is kept; 0 keeps none."""

    def __init__(
        self, sightings: Sightings, strangers: Strangers, searcher: Searcher, clock: Clock, *, days: int
    ) -> None:
        self._sightings = sightings
        self._strangers = strangers
        self._searcher = searcher
        self._clock = clock
        self._days = days

    async def accept(self, sighting: fact.Sighting) -> bool:
        """Records what a track left, on disk when this returns; false when there was nothing to record. Raises
        `Unavailable`."""
        now_ms = self._clock.now_ms()
        if now_ms - sighting.last_seen > self._days * DAY_MS:
            return False
        new = NewSighting(
            track_id=sighting.track_id,
            camera_id=sighting.camera_id,
            model_id=sighting.model_id,
            first_seen_ms=sighting.first_seen,
            last_seen_ms=sighting.last_seen,
            person_id=sighting.person_id if sighting.identity == "known" else None,
            decided=sighting.identity == "unknown",
            similarity=sighting.similarity,
            quality=sighting.quality,
            live=sighting.live,
            width_px=sighting.width_px,
            samples=sighting.samples,
            curve=Similarity(sighting.threshold, sighting.steepness),
            vector=sighting.vector,
            sample=sighting.sample,
        )
        recorded = await self._sightings.accept(new, now_ms=now_ms)
        if recorded:
            self._searcher.changed()
        return recorded

    async def stranger(self, model_id: str, vector: bytes) -> StrangerRef | None:
        """The stranger whose face this is, as far as anybody can say at once."""
        if not vector:
            return None
        try:
            group = await self._searcher.recognise(model_id, vector)
            return await self._strangers.ref(group) if group is not None else None
        except SightlineError as problem:  # an alert without a number is better than none
            log.warning("stranger_not_recognised", problem=str(problem))
            return None

    async def search(
        self, probes: Sequence[Probe], window: Window, *, count: int, threshold: float
    ) -> SearchResult:
        """The most similar sightings, at least `threshold` (a similarity) so. Raises `Unavailable`."""
        answers = await asyncio.gather(
            *(
                self._searcher.search(
                    probe.model_id, probe.vectors, count + _SPARE_HITS, cameras=window.cameras, from_ms=window.from_ms,
                    to_ms=window.to_ms,
                )
                for probe in probes
            )
        )  # fmt: skip
        similar: dict[int, float] = {}
        for probe, answer in zip(probes, answers, strict=True):
            curve = await self._sightings.curve(probe.model_id)
            if curve is not None:
                similar |= {key: curve(distance) for key, distance in zip(answer.keys, answer.distances, strict=True)}
        wanted = {key: similarity for key, similarity in similar.items() if similarity >= threshold}
        found = await self._sightings.by_keys(wanted)
        hits = sorted((Hit(found[key], wanted[key]) for key in found), key=lambda hit: -hit.similarity)[:count]
        indexed = min((answer.indexed for answer in answers), default=0)
        return SearchResult(
            hits,
            indexed=indexed,
            total=max((answer.total for answer in answers), default=0),
            other_models=max(0, indexed - sum(answer.comparable for answer in answers)),
        )

    async def like(self, sighting_id: str) -> Probe:
        """The probe that a sighting is. Raises `NotFound`."""
        model_id, vector = await self._sightings.template(sighting_id)
        return Probe(model_id, [vector])

    async def prune(self) -> int:
        """Destroys what is older than it may be, a little at a time; answers how much."""
        before_ms = self._clock.now_ms() - self._days * DAY_MS
        pruned = 0
        while removed := await self._sightings.prune(before_ms):
            pruned += removed
        if pruned:
            self._searcher.changed()
        return pruned


def probes_of(templates: Sequence[tuple[str, bytes]]) -> list[Probe]:
    """Templates by their model. Raises `NotFound` when there are none."""
    if not templates:
        raise NotFound("enrolled photograph of this person", "any")
    models = dict.fromkeys(model_id for model_id, _ in templates)
    return [Probe(model_id, [vector for model, vector in templates if model == model_id]) for model_id in models]
