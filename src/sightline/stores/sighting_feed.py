"""The sightings as a search process follows them: every change has a version, and versions only rise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, func, select

from sightline.exceptions import StoreError
from sightline.identities.similarity import Similarity
from sightline.stores import meta, schema, sighting_rows
from sightline.stores.database import Database
from sightline.stores.vault import Seal, Vault

__all__ = ["FedSighting", "FeedPage", "SightingFeed"]

_ROWS = schema.sightings.c
_TOMBSTONES = schema.sighting_tombstones.c
_CHANGED = (
    select(
        _ROWS.version, _ROWS.key, _ROWS.id, _ROWS.model_id, _ROWS.camera_id, _ROWS.first_seen_ms, _ROWS.last_seen_ms,
        _ROWS.person_id, _ROWS.stranger_id, _ROWS.grouping, _ROWS.sealed_key, _ROWS.sealed_vector,
        schema.people.c.sealed_key.label("person_key"), schema.strangers.c.sealed_key.label("stranger_key"),
    )
    .outerjoin(schema.people, schema.people.c.id == _ROWS.person_id)
    .outerjoin(schema.strangers, schema.strangers.c.id == _ROWS.stranger_id)
    .where(_ROWS.version > bindparam("since"))
    .order_by(_ROWS.version)
    .limit(bindparam("count"))
)  # fmt: skip
_REMOVED = (
    select(_TOMBSTONES.version, _TOMBSTONES.key)
    .where(_TOMBSTONES.version > bindparam("since"))
    .order_by(_TOMBSTONES.version)
    .limit(bindparam("count"))
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FedSighting:
    """A sighting that is new or was changed. `group` is the stranger it was put with, before any merging; `vector` is
    its template, float32 little-endian, or `None` for one that the asker knows."""

    key: int
    model_id: str
    camera_id: str
    first_seen_ms: int
    last_seen_ms: int
    group: str | None
    grouping: str
    vector: bytes | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes up to `version`; with `reset`, the asker must forget what it has. `newest` is the version of the latest
    change of all."""

    version: int
    newest: int
    changed: list[FedSighting]
    removed: list[int]
    reset: bool

    @property
    def more(self) -> bool:
        """Whether there are later changes."""
        return self.version < self.newest


class SightingFeed:
    """Reads a database that others write."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def changes(self, since: int, known: Mapping[int, str], *, limit: int = 2000) -> FeedPage:
        """The changes after version `since`, at most `limit`, in their order; templates only of keys that are not
        `known`, or known by another model's. One that was tampered with is logged and left out."""
        return await self._database.read(lambda c: self._changes(c, since, known, limit))

    async def total(self) -> int:
        """How many sightings there are."""
        query = select(func.count()).select_from(schema.sightings)
        return await self._database.read(lambda c: c.execute(query).scalar_one())

    async def curve(self, model_id: str) -> Similarity | None:
        """How distances between templates of this model read."""
        models = schema.template_models.c
        query = select(models.threshold, models.steepness).where(models.model_id == model_id)
        row = await self._database.read(lambda c: c.execute(query).one_or_none())
        return Similarity(row.threshold, row.steepness) if row is not None else None

    def _changes(self, connection: Connection, since: int, known: Mapping[int, str], limit: int) -> FeedPage:
        newest = int(meta.find(connection, meta.SIGHTINGS_VERSION) or 0)
        floor = int(meta.find(connection, meta.SIGHTINGS_FLOOR) or 0)
        reset = since > newest or 0 < since < floor
        since = 0 if reset else since
        parameters = {"since": since, "count": limit + 1}
        rows = {row.version: row for row in connection.execute(_CHANGED, parameters)}
        # To one who begins, what is gone was never there.
        removed = {row.version: row.key for row in connection.execute(_REMOVED, parameters)} if since else {}
        versions = sorted(rows.keys() | removed.keys())
        page, more = versions[:limit], len(versions) > limit
        seals: dict[str, Seal] = {}
        known = {} if reset else known
        return FeedPage(
            version=page[-1] if more else newest,
            newest=newest,
            changed=[
                fed for number in page if number in rows and (fed := self._fed(rows[number], known, seals)) is not None
            ],
            removed=[removed[number] for number in page if number in removed],
            reset=reset,
        )

    def _fed(self, row: Row[*tuple[Any, ...]], known: Mapping[int, str], seals: dict[str, Seal]) -> FedSighting | None:
        vector = None
        if known.get(row.key) != row.model_id:
            try:
                seal = self._vault.opened(row.id, row.sealed_key, self._owner(row, seals))
                vector = seal.open(row.sealed_vector, sighting_rows.template_context(row.id, row.model_id))
            except StoreError as problem:  # one damaged row must not hide a million others
                _log.error("sighting not searchable", sighting=row.id, reason=str(problem))
                return None
        return FedSighting(
            key=row.key,
            model_id=row.model_id,
            camera_id=row.camera_id,
            first_seen_ms=row.first_seen_ms,
            last_seen_ms=row.last_seen_ms,
            group=row.stranger_id,
            grouping=row.grouping,
            vector=vector,
        )

    def _owner(self, row: Row[*tuple[Any, ...]], seals: dict[str, Seal]) -> Seal:
        owner = row.person_id or row.stranger_id
        if owner is None:
            return self._vault.master
        if owner not in seals:
            named = row.person_id is not None
            seals[owner] = (
                self._vault.person(owner, row.person_key) if named else self._vault.opened(owner, row.stranger_key)
            )
        return seals[owner]
