"""What the gateway needs of the past: sightings, strangers, negatives in the store, and a search over all sightings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sightline.events.search_link import Found
from sightline.identities.sighting import (
    Appearance,
    NegativeRecord,
    NewSighting,
    Sighting,
    Stranger,
    StrangerErasure,
    StrangerRef,
    StrangerState,
)
from sightline.identities.similarity import Similarity
from sightline.identities.subject import Reference
from sightline.identities.templates import OutdatedSighting, TemplateProgress, UntemplatedNegative

__all__ = ["Negatives", "Searcher", "Sightings", "Strangers"]


class Sightings(Protocol):
    """What tracks left."""

    async def accept(self, new: NewSighting, *, now_ms: int) -> bool:
        """False when there was nothing to record: the track has left one before, or its person was erased."""

    async def list(
        self, *, camera_id: str | None = None, person_id: str | None = None, stranger_id: str | None = None,
        known: bool | None = None, from_ms: int | None = None, to_ms: int | None = None,
        before: tuple[int, str] | None = None, limit: int = 50,
    ) -> list[Sighting]:  # fmt: skip
        """The newest first; `before` is `(last_seen_ms, id)` of the last one of the page before."""

    async def get(self, sighting_id: str) -> Sighting: ...
    async def by_keys(self, keys: Collection[int]) -> dict[int, Sighting]: ...
    async def picture(self, sighting_id: str) -> bytes: ...
    async def template(self, sighting_id: str) -> tuple[str, bytes]:
        """The model's id and the template."""

    async def curve(self, model_id: str) -> Similarity | None: ...
    async def outdated(
        self, model_id: str, *, after: tuple[str, int] | None = None, limit: int = 8
    ) -> Sequence[OutdatedSighting]:
        """Those whose template is of another model; `after` is `(model_id, key)` of the last one of the page before."""

    async def embed(
        self, sighting_id: str, model_id: str, vector: bytes | None, curve: Similarity | None
    ) -> bool:
        """Replaces a template by one of this model, or notes that this model finds no face."""

    async def progress(self, model_id: str) -> TemplateProgress: ...
    async def prune(self, before_ms: int, *, limit: int = 200) -> int:
        """Destroys sightings that ended before, at most `limit`; answers how many."""


class Strangers(Protocol):
    """Groups of sightings of people whom nobody has enrolled."""

    async def list(
        self, *, state: StrangerState | None = None, before: int | None = None, limit: int = 50
    ) -> list[Stranger]:
        """The newest number first; `before` is a number."""

    async def get(self, stranger_id: str) -> Stranger: ...
    async def ref(self, group_id: str) -> StrangerRef | None:
        """The stranger that a group belongs to now."""

    async def place(self, placements: Sequence[tuple[int, str | None, bool]], *, now_ms: int) -> int:
        """Puts sightings into groups: `(key, group, founded)` each."""

    async def enrol(self, stranger_id: str, person_id: str, *, now_ms: int) -> Sequence[Reference]: ...
    async def merge(self, stranger_id: str, into_id: str) -> Stranger: ...
    async def unmerge(self, stranger_id: str) -> Stranger: ...
    async def split(self, stranger_id: str, sighting_id: str, *, now_ms: int) -> Stranger: ...
    async def ignore(self, stranger_id: str, *, ignored: bool) -> Stranger: ...
    async def appearances(self, stranger_id: str) -> Sequence[Appearance]:
        """When cameras saw a stranger."""

    async def erase(self, stranger_id: str, *, now_ms: int) -> StrangerErasure: ...


class Negatives(Protocol):
    """"Not this person"."""

    async def reject_alert(self, alert_id: str, *, by: str, now_ms: int) -> NegativeRecord: ...
    async def reject_sighting(self, sighting_id: str, person_id: str, *, by: str, now_ms: int) -> NegativeRecord: ...
    async def list(self, person_id: str) -> Sequence[NegativeRecord]: ...
    async def undo(self, negative_id: str) -> NegativeRecord: ...
    async def progress(self, model_id: str) -> TemplateProgress: ...
    async def untemplated(self, model_id: str, *, limit: int = 8) -> Sequence[UntemplatedNegative]:
        """Negatives without a template of this model, oldest first."""

    async def keep_template(self, negative_id: str, model_id: str, vector: bytes | None, *, reason: str = "") -> bool:
        """Keeps a template, or (`None`) that there cannot be one."""


class Searcher(Protocol):
    """Exact search over all sightings; see `sightline.gateway.past.search_process`."""

    def report(self) -> Mapping[str, Any]: ...
    def running(self) -> AbstractAsyncContextManager[None]:
        """Runs while the context is open."""

    async def close(self) -> None: ...
    def changed(self) -> None:
        """Sightings were added, changed or removed."""

    async def search(
        self, model_id: str, vectors: Sequence[bytes], count: int, *, cameras: Sequence[str] | None = None,
        from_ms: int | None = None, to_ms: int | None = None,
    ) -> Found:  # fmt: skip
        """Raises `Unavailable`."""

    async def recognise(self, model_id: str, vector: bytes) -> str | None:
        """The group of strangers that a template belongs to; `None` also when nobody can say at once."""
