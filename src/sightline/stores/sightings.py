"""Sightings: what every finished track left, so that a face can be searched in the past."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, literal, or_, select, tuple_, update

from sightline.exceptions import NotFound, StoreError
from sightline.identities.sighting import NewSighting, Sighting
from sightline.identities.similarity import Similarity
from sightline.identities.templates import OutdatedSighting, TemplateProgress
from sightline.stores import meta, schema, sighting_rows
from sightline.stores.database import Database
from sightline.stores.negatives import was_rejected
from sightline.stores.vault import Vault

__all__ = ["Sightings"]

_ROWS = schema.sightings.c
_CURVE = select(schema.template_models.c.threshold, schema.template_models.c.steepness).where(
    schema.template_models.c.model_id == bindparam("model")
)
_LIKE_NOBODY = 0.5
"""The similarity at the model's threshold: an undecided track below it is more likely nobody's than the person's."""
KEPT_TOMBSTONES = 100_000
"""Removals that are remembered for whoever follows; who is farther behind begins anew."""

_log = structlog.get_logger(__name__)


class Sightings:
    """The sightings, newest first wherever there is an order."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def accept(self, new: NewSighting, *, now_ms: int) -> bool:
        """Records a sighting; false when there is nothing to record: its track has left one before, or the person it
        names was erased meanwhile (then nothing of it may stay). Raises `Unavailable` when the disk is full."""

        def write(connection: Connection) -> bool:
            _know(connection, new.model_id, new.curve)
            kept = new
            if new.person_id is not None and was_rejected(connection, new.track_id, new.person_id):
                kept = replace(new, person_id=None, decided=True)
            try:
                return sighting_rows.write_new(connection, self._vault, kept, _grouping(kept), now_ms)
            except NotFound:
                return False

        return await self._database.write(write)

    async def list(
        self, *, camera_id: str | None = None, person_id: str | None = None, stranger_id: str | None = None,
        known: bool | None = None, from_ms: int | None = None, to_ms: int | None = None,
        before: tuple[int, str] | None = None, limit: int = 50,
    ) -> list[Sighting]:  # fmt: skip
        """The newest first. `stranger_id` includes what was merged into them (one that was merged has its own); `known`
        asks for those that name a person or for those that do not; a time that a sighting overlaps is enough; `before`
        is `(last_seen_ms, id)` of the last one of the page before.
        """
        query = sighting_rows.SIGHTINGS.order_by(_ROWS.last_seen_ms.desc(), _ROWS.id.desc()).limit(limit)
        if camera_id is not None:
            query = query.where(_ROWS.camera_id == camera_id)
        if person_id is not None:
            query = query.where(_ROWS.person_id == person_id)
        if stranger_id is not None:
            groups = schema.strangers.c
            theirs = select(groups.id).where(or_(groups.root_id == stranger_id, groups.id == stranger_id))
            query = query.where(_ROWS.stranger_id.in_(theirs))
        if known is not None:
            query = query.where(_ROWS.person_id.is_not(None) if known else _ROWS.person_id.is_(None))
        if from_ms is not None:
            query = query.where(_ROWS.last_seen_ms >= from_ms)
        if to_ms is not None:
            query = query.where(_ROWS.first_seen_ms <= to_ms)
        if before is not None:
            at_ms, sighting_id = before
            same = and_(_ROWS.last_seen_ms == at_ms, _ROWS.id < sighting_id)
            query = query.where(or_(_ROWS.last_seen_ms < at_ms, same))
        return await self._database.read(
            lambda c: [sighting_rows.record(row) for row in c.execute(query).mappings()]
        )

    async def get(self, sighting_id: str) -> Sighting:
        """Raises `NotFound`."""
        return await self._database.read(lambda c: sighting_rows.get(c, sighting_id))

    async def by_keys(self, keys: Collection[int]) -> dict[int, Sighting]:
        """Those of these that there are, by key."""

        def find(connection: Connection) -> dict[int, Sighting]:
            found: dict[int, Sighting] = {}
            for some in sighting_rows.chunks(keys):
                rows = connection.execute(sighting_rows.SIGHTINGS.where(_ROWS.key.in_(some))).mappings()
                found |= {row["key"]: sighting_rows.record(row) for row in rows}
            return found

        return await self._database.read(find)

    async def picture(self, sighting_id: str) -> bytes:
        """The JPEG of the best sample. Raises `NotFound`, and `StoreError` when it was tampered with."""

        return await self._database.read(lambda c: sighting_rows.sample_of(c, self._vault, sighting_id))

    async def template(self, sighting_id: str) -> tuple[str, bytes]:
        """The model's id and the template. Raises `NotFound`, `StoreError`."""

        def find(connection: Connection) -> tuple[str, bytes]:
            _, model_id, vector = sighting_rows.seal_of(connection, self._vault, sighting_id)
            return model_id, vector

        return await self._database.read(find)

    async def curve(self, model_id: str) -> Similarity | None:
        """How distances between templates of this model read; `None` while no sighting was made with it."""

        def find(connection: Connection) -> Similarity | None:
            row = connection.execute(_CURVE, {"model": model_id}).one_or_none()
            return Similarity(row.threshold, row.steepness) if row is not None else None

        return await self._database.read(find)

    async def outdated(
        self, model_id: str, *, after: tuple[str, int] | None = None, limit: int = 8
    ) -> Sequence[OutdatedSighting]:
        """Sightings whose template is of another model, and in whose sample this one has not looked for a face yet: by
        model, the newest first. `after` is `(model_id, key)` of the last one of the page before. One whose sample was
        tampered with is left out."""
        others = select(_ROWS.id, _ROWS.key, _ROWS.model_id).where(_ROWS.no_face_model_id.is_distinct_from(model_id))
        if after is not None:
            others = others.where(tuple_(_ROWS.model_id, _ROWS.key) < tuple_(*map(literal, after)))
        others = others.order_by(_ROWS.model_id.desc(), _ROWS.key.desc())

        def find(connection: Connection) -> Sequence[OutdatedSighting]:
            found: list[OutdatedSighting] = []
            for side in (_ROWS.model_id > model_id, _ROWS.model_id < model_id):  # each a range of the index
                for row in connection.execute(others.where(side).limit(limit - len(found))).all():
                    try:
                        sample = sighting_rows.sample_of(connection, self._vault, row.id)
                    except StoreError as problem:
                        _log.error("sighting cannot be embedded", sighting=row.id, reason=str(problem))
                        continue
                    found.append(OutdatedSighting(row.id, row.key, row.model_id, sample))
            return found

        return await self._database.read(find)

    async def embed(
        self, sighting_id: str, model_id: str, vector: bytes | None, curve: Similarity | None
    ) -> bool:
        """Gives a sighting the template of another model in place of its own, or notes (`None`) that this one finds no
        face in its sample. `curve` maps a distance between templates of `model_id` to a similarity. False when the
        sighting is gone meanwhile."""

        def write(connection: Connection) -> bool:
            if vector is None or curve is None:
                noted = update(schema.sightings).where(_ROWS.id == sighting_id).values(no_face_model_id=model_id)
                return bool(connection.execute(noted).rowcount)
            _know(connection, model_id, curve)
            try:
                sighting_rows.embed(connection, self._vault, sighting_id, model_id, vector)
            except NotFound:
                return False
            return True

        return await self._database.write(write)

    async def progress(self, model_id: str) -> TemplateProgress:
        """How many sightings can be compared with templates of this model, and how many never will."""
        everything = select(func.count()).select_from(schema.sightings)
        ours = everything.where(_ROWS.model_id == model_id)
        failed = everything.where(_ROWS.model_id != model_id, _ROWS.no_face_model_id == model_id)

        def count(connection: Connection) -> TemplateProgress:
            return TemplateProgress(*(connection.execute(query).scalar_one() for query in (everything, ours, failed)))

        return await self._database.read(count)

    async def prune(self, before_ms: int, *, limit: int = 200) -> int:
        """Destroys sightings that ended before, at most `limit`, strangers of whom none is left, and the templates that
        alerts of that time were made with; answers how many sightings."""
        old = (
            select(_ROWS.id, _ROWS.stranger_id)
            .where(_ROWS.last_seen_ms < before_ms)
            .order_by(_ROWS.last_seen_ms)
            .limit(limit)
        )

        def write(connection: Connection) -> int:
            rows = connection.execute(old).all()
            removed = sighting_rows.remove(connection, [row.id for row in rows])
            sighting_rows.drop_empty(connection, {row.stranger_id for row in rows if row.stranger_id is not None})
            templates = schema.alert_templates
            connection.execute(delete(templates).where(templates.c.created_at_ms < before_ms))
            _forget_tombstones(connection)
            return removed

        return await self._database.write(write, scrub=True)

    async def count(self) -> int:
        """How many there are."""
        return await self._database.read(
            lambda c: c.execute(select(func.count()).select_from(schema.sightings)).scalar_one()
        )


def _grouping(new: NewSighting) -> str:
    if new.person_id is not None:
        return sighting_rows.DONE
    if new.decided:
        return sighting_rows.DUE
    alike = new.similarity is not None and new.similarity >= _LIKE_NOBODY
    return sighting_rows.DONE if alike else sighting_rows.JOIN


def _know(connection: Connection, model_id: str, curve: Similarity) -> None:
    """Keeps what the newest engine says of a model."""
    models = schema.template_models
    values = {"threshold": curve.threshold, "steepness": curve.steepness}
    row = connection.execute(_CURVE, {"model": model_id}).one_or_none()
    if row is None:
        connection.execute(insert(models), {"model_id": model_id, **values})
    elif (row.threshold, row.steepness) != (curve.threshold, curve.steepness):
        connection.execute(update(models).where(models.c.model_id == model_id).values(values))


def _forget_tombstones(connection: Connection) -> None:
    """Bounds the removals that are remembered."""
    tombstones = schema.sighting_tombstones
    newest_first = select(tombstones.c.version).order_by(tombstones.c.version.desc())
    floor = connection.execute(newest_first.offset(KEPT_TOMBSTONES).limit(1)).scalar_one_or_none()
    if floor is not None:
        connection.execute(delete(tombstones).where(tombstones.c.version <= floor))
        meta.put(connection, meta.SIGHTINGS_FLOOR, str(floor))
