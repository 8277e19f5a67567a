"""All sightings in memory: what is searched, and the groups of strangers that new ones are put into.

    due ── place ──→ placed (by guess) ── the store says so ──→ known
     ↑                    └── the store could not: settle ──┐
     └──────────────────────────────────────────────────────┘

The store decides; what is here follows it. Between proposing a placement and hearing of it, the proposal counts as if
it were written, so that two sightings of one new stranger do not found two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.events.search_link import Placement
from sightline.identities.clustering import Groups
from sightline.identities.similarity import Similarity
from sightline.search.template_index import Entry, TemplateIndex, Window

__all__ = ["JOIN_SIMILARITY", "FedSighting", "SightingMemory"]

JOIN_SIMILARITY = 0.68
"""From this similarity to its centre on, a sighting belongs to a group: with the embedded model, the distance (0.45) up
to which a name would be given."""

_MAY_FOUND = {"due": True, "join": False}
"""Whether a sighting that is still to be grouped may found a group, by its `grouping`."""


class FedSighting(Protocol):
    """A sighting as the store feeds it; see `sightline.stores.sighting_feed`."""

    @property
    def key(self) -> int: ...
    @property
    def model_id(self) -> str: ...
    @property
    def camera_id(self) -> str: ...
    @property
    def first_seen_ms(self) -> int: ...
    @property
    def last_seen_ms(self) -> int: ...
    @property
    def group(self) -> str | None: ...
    @property
    def grouping(self) -> str: ...
    @property
    def vector(self) -> bytes | None: ...


@dataclass(slots=True, eq=False)
class _Model:
    """One model's templates: `group_of` by key; `due` in the order of their keys, with whether it may found."""

    index: TemplateIndex
    groups: Groups
    group_of: dict[int, str] = field(default_factory=dict)
    due: dict[int, bool] = field(default_factory=dict)


class SightingMemory:
    """Not thread-safe. `curve` answers how distances of a model read."""

    def __init__(self, curve: Callable[[str], Similarity]) -> None:
        self._curve = curve
        self._models: dict[str, _Model] = {}
        self._model_of: dict[int, str] = {}
        self._cameras: dict[str, int] = {}
        self._proposed: dict[int, tuple[str | None, bool]] = {}
        self.skipped = 0
        """Sightings whose template is none of its model."""

    def __len__(self) -> int:
        return len(self._model_of)

    @property
    def models(self) -> Mapping[int, str]:
        """The model of each sighting's template, by key."""
        return self._model_of

    @property
    def due(self) -> bool:
        """Whether sightings wait for a group, and nothing is proposed."""
        return not self._proposed and any(model.due for model in self._models.values())

    def clear(self) -> None:
        """Forgets everything."""
        for values in (self._models, self._model_of, self._cameras, self._proposed):
            values.clear()

    def apply(self, changed: Sequence[FedSighting], removed: Iterable[int] = ()) -> None:
        """Follows the store."""
        fresh: dict[str, list[Entry]] = {}
        self._forget(one.key for one in changed if self._model_of.get(one.key, one.model_id) != one.model_id)
        for sighting in changed:
            if sighting.key not in self._model_of:
                self._take(sighting, fresh)
        for model_id, entries in fresh.items():
            self._models[model_id].index.add(entries)
        for sighting in changed:
            if sighting.key in self._model_of:
                self._regroup(sighting)
        self._forget(removed)

    def search(
        self, model_id: str, vectors: Sequence[bytes], count: int, *, cameras: Sequence[str] | None = None,
        from_ms: int | None = None, to_ms: int | None = None,
    ) -> list[tuple[int, float]]:  # fmt: skip
        """Keys and distances of the `count` sightings nearest to any of the vectors, nearest first. Raises `ValueError`
        for a vector that is none of this model's."""
        model = self._models.get(model_id)
        if model is None or not vectors:
            return []
        probes = np.stack([self._vector(data, model.index.dimensions) for data in vectors])
        known = None if cameras is None else frozenset(self._cameras[c] for c in cameras if c in self._cameras)
        keys, distances = model.index.search(probes, count, Window(known, from_ms, to_ms))
        nearest: dict[int, float] = {}
        for key, distance in zip(keys.ravel().tolist(), distances.ravel().tolist(), strict=True):
            if key >= 0 and distance < nearest.get(key, np.inf):
                nearest[key] = distance
        return sorted(nearest.items(), key=lambda found: found[1])[:count]

    def count(self, model_id: str) -> int:
        """How many sightings are of this model: the others cannot be compared with its templates."""
        model = self._models.get(model_id)
        return 0 if model is None else len(model.index)

    def recognise(self, model_id: str, vector: bytes) -> str | None:
        """The group that a template belongs to. Raises `ValueError` for one that is none of this model's."""
        model = self._models.get(model_id)
        return model.groups.nearest(self._vector(vector, model.index.dimensions)) if model is not None else None

    def place(self, limit: int, new_id: Callable[[], str]) -> list[Placement]:
        """Proposes a group for at most `limit` sightings; `settle` before proposing more."""
        placements: list[Placement] = []
        for model in self._models.values():
            for key in sorted(model.due)[: limit - len(placements)]:
                vector = model.index.vector(key)
                group, founded = model.groups.nearest(vector), False
                if group is None and model.due[key]:
                    group, founded = new_id(), True
                if group is not None:
                    model.groups.add(group, vector)
                placements.append(Placement(key, group, founded))
                self._proposed[key] = group, model.due.pop(key)
        return placements

    def settle(self) -> None:
        """The store has done with the proposal, and `apply` has heard of it: what was not written is due again."""
        for key, (group, may_found) in self._proposed.items():
            model = self._models[self._model_of[key]]
            if group is not None:
                model.groups.remove(group, model.index.vector(key))
            model.due[key] = may_found
        self._proposed.clear()

    def _take(self, sighting: FedSighting, fresh: dict[str, list[Entry]]) -> None:
        data = sighting.vector
        if data is None:
            raise ValueError(f"the sighting {sighting.key} was fed without its template")
        model = self._models.get(sighting.model_id)
        try:
            vector = self._vector(data, model.index.dimensions if model is not None else len(data) // 4)
        except ValueError:
            self.skipped += 1
            return
        if model is None:
            model = self._models[sighting.model_id] = self._new_model(sighting.model_id, len(vector))
        camera = self._cameras.setdefault(sighting.camera_id, len(self._cameras))
        entry = Entry(sighting.key, camera, sighting.first_seen_ms, sighting.last_seen_ms, vector)
        fresh.setdefault(sighting.model_id, []).append(entry)
        self._model_of[sighting.key] = sighting.model_id

    def _new_model(self, model_id: str, dimensions: int) -> _Model:
        reach = self._curve(model_id).distance(JOIN_SIMILARITY)
        return _Model(TemplateIndex(dimensions), Groups(dimensions, max_distance=reach))

    def _regroup(self, sighting: FedSighting) -> None:
        model = self._models[sighting.model_id]
        if sighting.key in self._proposed and sighting.grouping not in _MAY_FOUND:
            proposed, _ = self._proposed.pop(sighting.key)
            if proposed is not None:
                model.group_of[sighting.key] = proposed
        before = model.group_of.get(sighting.key)
        if before != sighting.group:
            vector = model.index.vector(sighting.key)
            if before is not None:
                model.groups.remove(before, vector)
                del model.group_of[sighting.key]
            if sighting.group is not None:
                model.groups.add(sighting.group, vector)
                model.group_of[sighting.key] = sighting.group
        if sighting.key in self._proposed:
            return
        if sighting.grouping in _MAY_FOUND:
            model.due[sighting.key] = _MAY_FOUND[sighting.grouping]
        else:
            model.due.pop(sighting.key, None)

    def _forget(self, removed: Iterable[int]) -> None:
        gone: dict[str, list[int]] = {}
        for key in removed:
            model_id = self._model_of.pop(key, None)
            if model_id is None:
                continue
            model = self._models[model_id]
            proposed, _ = self._proposed.pop(key, (None, False))
            group = model.group_of.pop(key, proposed)
            if group is not None:
                model.groups.remove(group, model.index.vector(key))
            model.due.pop(key, None)
            gone.setdefault(model_id, []).append(key)
        for model_id, keys in gone.items():
            self._models[model_id].index.remove(keys)

    @staticmethod
    def _vector(data: bytes, dimensions: int) -> NDArray[np.float32]:
        if len(data) != 4 * dimensions or not dimensions:
            raise ValueError("a template of another length than this model's")
        vector = np.frombuffer(data, "<f4").astype(np.float32)
        if not np.isfinite(vector).all():
            raise ValueError("a template that is not finite")
        return vector
