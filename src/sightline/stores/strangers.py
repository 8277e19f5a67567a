"""Strangers: groups of sightings of people whom nobody has enrolled, and what people decide about them.

Merging points one group to another and changes no sighting, so that it can be undone whole. A group's number is never
given again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from sightline.exceptions import Conflict, NotFound
from sightline.identities.sighting import Appearance, Stranger, StrangerErasure, StrangerRef, StrangerState
from sightline.identities.subject import NewReference, Reference
from sightline.stores import meta, schema, sighting_rows
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.people import write_reference
from sightline.stores.pictures import AlertPictures
from sightline.stores.vault import Vault

__all__ = ["Strangers"]

_GROUPS = schema.strangers.c
_ROWS = schema.sightings.c
_GROUP = select(schema.strangers).where(_GROUPS.id == bindparam("stranger_id"))
_TREE = select(_GROUPS.id).where(_GROUPS.root_id == bindparam("root"))
_WITH_KEY = select(_ROWS.id, _ROWS.grouping).where(_ROWS.key == bindparam("key"))
_IN_TREE = (
    select(_ROWS.id, _ROWS.track_id, _ROWS.quality)
    .where(_ROWS.stranger_id.in_(_TREE))
    .order_by(_ROWS.quality.desc(), _ROWS.id)
)
_SEEN = select(_ROWS.camera_id, _ROWS.first_seen_ms, _ROWS.last_seen_ms).where(_ROWS.stranger_id.in_(_TREE))
_SAMPLE = select(schema.sighting_samples.c.sealed_sample).where(
    schema.sighting_samples.c.sighting_id == bindparam("sighting_id")
)
ENROLLED_SAMPLES = 5
"""So many of a stranger's best samples become references when they are enrolled."""


class Strangers:
    """The groups. Methods that take a stranger's id raise `NotFound` for one that is not there."""

    def __init__(self, database: Database, vault: Vault, pictures: AlertPictures) -> None:
        self._database = database
        self._vault = vault
        self._pictures = pictures

    async def list(
        self, *, state: StrangerState | None = None, before: int | None = None, limit: int = 50
    ) -> list[Stranger]:
        """The newest number first; `before` is the number of the last one of the page before. Those that were merged
        into others are listed only where `state` asks for them."""
        query = select(schema.strangers).order_by(_GROUPS.number.desc()).limit(limit)
        if state is StrangerState.MERGED:
            query = query.where(_GROUPS.merged_into_id.is_not(None))
        else:
            query = query.where(_GROUPS.merged_into_id.is_(None))
            if state is not None:
                query = query.where(_GROUPS.state == state.value)
        if before is not None:
            query = query.where(_GROUPS.number < before)
        return await self._database.read(lambda c: [_stranger(c, row) for row in c.execute(query).all()])

    async def get(self, stranger_id: str) -> Stranger:
        """One of them."""
        return await self._database.read(lambda c: _stranger(c, _group(c, stranger_id)))

    async def ref(self, group_id: str) -> StrangerRef | None:
        """The stranger that a group belongs to now, if it is still there."""

        def find(connection: Connection) -> StrangerRef | None:
            own = connection.execute(_GROUP, {"stranger_id": group_id}).one_or_none()
            if own is None:
                return None
            root = _group(connection, own.root_id)
            theirs = select(func.count()).select_from(schema.sightings).where(_ROWS.stranger_id.in_(_TREE))
            count = connection.execute(theirs, {"root": root.id}).scalar_one()
            return StrangerRef(root.id, root.number, count, root.state == StrangerState.IGNORED)

        return await self._database.read(find)

    async def place(self, placements: Sequence[tuple[int, str | None, bool]], *, now_ms: int) -> int:
        """Puts sightings into groups as a search process decided: `(key, group, founded)` each, `group` `None` for one
        that belongs to none. Those that were decided meanwhile, or whose group is gone, stay as they are. Answers how
        many were changed."""

        def write(connection: Connection) -> int:
            return sum(self._place(connection, key, group, founded, now_ms) for key, group, founded in placements)

        return await self._database.write(write)

    async def enrol(self, stranger_id: str, person_id: str, *, now_ms: int) -> Sequence[Reference]:
        """The stranger is this person: the best samples become references, every sighting names the person, and the
        number is over. Raises `Conflict` when it was merged into another or the samples are enrolled already."""

        def write(connection: Connection) -> Sequence[Reference]:
            _check_root(_group(connection, stranger_id))
            rows = connection.execute(_IN_TREE, {"root": stranger_id}).all()
            samples: dict[str, NewReference] = {}  # two cameras that see the same thing give the same picture
            for row in rows:
                sample = self._reference(connection, row)
                samples.setdefault(sample.sha256, sample)
                if len(samples) == ENROLLED_SAMPLES:
                    break
            references = [
                write_reference(connection, self._vault, person_id, sample, new_id(now_ms), now_ms)
                for sample in samples.values()
            ]
            sighting_rows.move(connection, self._vault, [row.id for row in rows], person_id=person_id)
            _delete_tree(connection, stranger_id)
            return references

        return await self._database.write(write, scrub=True)

    async def merge(self, stranger_id: str, into_id: str) -> Stranger:
        """The two are one; answers the one that stays. Raises `Conflict` when that cannot be."""

        def write(connection: Connection) -> Stranger:
            group, into = _group(connection, stranger_id), _group(connection, into_id)
            _check_root(group)
            _check_root(into)
            if group.id == into.id:
                raise Conflict("a stranger cannot be merged with themself")
            change = update(schema.strangers)
            connection.execute(change.where(_GROUPS.id == group.id).values(merged_into_id=into.id))
            connection.execute(change.where(_GROUPS.root_id == group.id).values(root_id=into.id))
            return _stranger(connection, _group(connection, into.id))

        return await self._database.write(write)

    async def unmerge(self, stranger_id: str) -> Stranger:
        """Undoes a merging: the group is one of its own again, with all that was merged into it before. Raises
        `Conflict` for one that is not merged."""

        def write(connection: Connection) -> Stranger:
            group = _group(connection, stranger_id)
            if group.merged_into_id is None:
                raise Conflict(f"stranger {group.number} is not merged into another")
            change = update(schema.strangers)
            connection.execute(change.where(_GROUPS.id == group.id).values(merged_into_id=None))
            theirs = _below(connection, group.id, group.root_id)
            connection.execute(change.where(_GROUPS.id.in_(theirs)).values(root_id=group.id))
            return _stranger(connection, _group(connection, group.id))

        return await self._database.write(write)

    async def split(self, stranger_id: str, sighting_id: str, *, now_ms: int) -> Stranger:
        """Takes a sighting that shows somebody else out into a stranger of its own. Raises `NotFound` for a sighting
        that is not theirs, `Conflict` for their only one."""

        def write(connection: Connection) -> Stranger:
            _check_root(_group(connection, stranger_id))
            rows = connection.execute(_IN_TREE, {"root": stranger_id}).all()
            if sighting_id not in {row.id for row in rows}:
                raise NotFound("sighting of this stranger", sighting_id)
            if len(rows) == 1:
                raise Conflict("this is the only sighting of this stranger")
            was = connection.execute(select(_ROWS.stranger_id).where(_ROWS.id == sighting_id)).scalar_one()
            group_id = new_id(now_ms)
            self._found(connection, group_id, now_ms)
            sighting_rows.move(connection, self._vault, [sighting_id], stranger_id=group_id)
            if was != stranger_id:  # the number that people know stays, also when its own sightings are gone
                sighting_rows.drop_empty(connection, {was})
            return _stranger(connection, _group(connection, group_id))

        return await self._database.write(write)

    async def ignore(self, stranger_id: str, *, ignored: bool) -> Stranger:
        """From now on nobody is alerted of this stranger, or again. Raises `Conflict` for one that is merged."""
        state = StrangerState.IGNORED if ignored else StrangerState.OPEN

        def write(connection: Connection) -> Stranger:
            _check_root(_group(connection, stranger_id))
            change = update(schema.strangers).where(_GROUPS.id == stranger_id).values(state=state.value)
            connection.execute(change)
            return _stranger(connection, _group(connection, stranger_id))

        return await self._database.write(write)

    async def appearances(self, stranger_id: str) -> Sequence[Appearance]:
        """When cameras saw a stranger. Raises `Conflict` for one that is merged into another."""

        def find(connection: Connection) -> Sequence[Appearance]:
            _check_root(_group(connection, stranger_id))
            return [Appearance(*row) for row in connection.execute(_SEEN, {"root": stranger_id})]

        return await self._database.read(find)

    async def erase(self, stranger_id: str, *, now_ms: int) -> StrangerErasure:
        """Destroys keys, templates, samples, and the pictures of the alerts of their tracks; returns when all of it is
        gone. Raises `Conflict` for one that is merged into another: that one is to be erased, or unmerged."""

        def write(connection: Connection) -> StrangerErasure:
            group = _group(connection, stranger_id)
            _check_root(group)
            rows = connection.execute(_IN_TREE, {"root": stranger_id}).all()
            alerts, pictures = sighting_rows.doom_alerts(connection, [row.track_id for row in rows])
            removed = sighting_rows.remove(connection, [row.id for row in rows])
            _delete_tree(connection, stranger_id)
            return StrangerErasure(group.number, now_ms, removed, alerts, pictures)

        receipt = await self._database.write(write, scrub=True)
        await self._pictures.remove_doomed()
        return receipt

    def _place(self, connection: Connection, key: int, group: str | None, founded: bool, now_ms: int) -> bool:
        sighting = connection.execute(_WITH_KEY, {"key": key}).one_or_none()
        if sighting is None or sighting.grouping == sighting_rows.DONE:
            return False
        if group is not None and connection.execute(_GROUP, {"stranger_id": group}).first() is None:
            if not founded:
                return False
            self._found(connection, group, now_ms)
        sighting_rows.move(connection, self._vault, [sighting.id], stranger_id=group)
        return True

    def _found(self, connection: Connection, group_id: str, now_ms: int) -> None:
        row = {
            "id": group_id,
            "number": meta.count(connection, meta.STRANGER_NUMBER),
            "state": StrangerState.OPEN.value,
            "merged_into_id": None,
            "root_id": group_id,
            "sealed_key": self._vault.new_key(group_id),
            "created_at_ms": now_ms,
        }
        connection.execute(insert(schema.strangers), row)

    def _reference(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> NewReference:
        seal, model_id, vector = sighting_rows.seal_of(connection, self._vault, row.id)
        sealed = connection.execute(_SAMPLE, {"sighting_id": row.id}).scalar_one()
        sample = seal.open(sealed, sighting_rows.sample_context(row.id))
        return NewReference(
            model_id=model_id,
            quality=row.quality,
            file_name=f"sighting {row.id}",
            sha256=hashlib.sha256(sample).hexdigest(),
            sample=sample,
            vector=vector,
        )


def _group(connection: Connection, stranger_id: str) -> Row[*tuple[Any, ...]]:
    row = connection.execute(_GROUP, {"stranger_id": stranger_id}).one_or_none()
    if row is None:
        raise NotFound("stranger", stranger_id)
    return row


def _check_root(group: Row[*tuple[Any, ...]]) -> None:
    if group.merged_into_id is not None:
        raise Conflict(f"stranger {group.number} was merged into another one: undo that first, or use the other one")


def _below(connection: Connection, group_id: str, root_id: str) -> set[str]:
    """The group and all that were merged into it, directly or not."""
    rows = connection.execute(select(_GROUPS.id, _GROUPS.merged_into_id).where(_GROUPS.root_id == root_id)).all()
    found, before = {group_id}, 0
    while len(found) > before:
        before = len(found)
        found |= {row.id for row in rows if row.merged_into_id in found}
    return found


def _delete_tree(connection: Connection, root_id: str) -> None:
    connection.execute(update(schema.strangers).where(_GROUPS.root_id == root_id).values(merged_into_id=None))
    connection.execute(delete(schema.strangers).where(_GROUPS.root_id == root_id))


def _stranger(connection: Connection, row: Row[*tuple[Any, ...]]) -> Stranger:
    merged = row.merged_into_id is not None
    if merged:
        theirs = select(_GROUPS.id).where(_GROUPS.id.in_(_below(connection, row.id, row.root_id)))
    else:
        theirs = select(_GROUPS.id).where(_GROUPS.root_id == row.id)
    members = _ROWS.stranger_id.in_(theirs)
    count, first_ms, last_ms = connection.execute(
        select(func.count(), func.min(_ROWS.first_seen_ms), func.max(_ROWS.last_seen_ms)).where(members)
    ).one()
    best = select(_ROWS.id).where(members).order_by(_ROWS.quality.desc(), _ROWS.id).limit(1)
    within = select(_GROUPS.number).where(_GROUPS.id.in_(theirs), _GROUPS.id != row.id).order_by(_GROUPS.number)
    into = select(_GROUPS.number).where(_GROUPS.id == row.merged_into_id)
    return Stranger(
        id=row.id,
        number=row.number,
        state=StrangerState.MERGED if merged else StrangerState(row.state),
        created_at_ms=row.created_at_ms,
        merged_into=connection.execute(into).scalar_one() if merged else None,
        sightings=count,
        first_seen_ms=first_ms,
        last_seen_ms=last_ms,
        best_sighting_id=connection.execute(best).scalar_one_or_none(),
        merged=tuple(connection.execute(within).scalars()),
    )
