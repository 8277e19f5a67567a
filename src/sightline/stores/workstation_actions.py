"""What workstations were told to do, with the evidence: sealed, so that erasing a person destroys it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from sightline.decisions.workstation import Action, Reason
from sightline.decisions.workstation_records import ActionEntry, NewAction
from sightline.exceptions import NotFound
from sightline.stores import schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.vault import Vault

__all__ = ["WorkstationActions", "forget_person"]

_ROWS = schema.workstation_actions.c
_ENTRY = select(
    _ROWS.id, _ROWS.at_ms, _ROWS.workstation, _ROWS.action, _ROWS.reason, _ROWS.person_id, _ROWS.recognised_id,
    _ROWS.scores, _ROWS.thresholds, _ROWS.sealed_picture.is_not(None).label("has_picture"),
)  # fmt: skip


class WorkstationActions:
    """The action log, newest first wherever there is an order."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def record(self, new: NewAction) -> str:
        """Appends an entry and answers its id; whoever was erased meanwhile is not named."""
        action_id = new_id(new.at_ms)

        def write(connection: Connection) -> str:
            row = {
                "id": action_id,
                "at_ms": new.at_ms,
                "workstation": new.workstation,
                "person_id": _still(connection, new.person_id),
                "recognised_id": _still(connection, new.recognised_id),
                "action": new.action.value,
                "reason": new.reason.value,
                "scores": dict(new.scores or {}),
                "thresholds": dict(new.thresholds or {}),
                "sealed_picture": None,
            }
            connection.execute(insert(schema.workstation_actions), row)
            return action_id

        return await self._database.write(write)

    async def attach(self, action_id: str, picture: bytes, *, recognised_id: str | None = None) -> bool:
        """Keeps the evidence of an entry, sealed with the key of the person it is about; false when that person, or
        `recognised_id`, who is in the picture too, is not there (any more), or the entry is gone."""

        def write(connection: Connection) -> bool:
            key = (
                select(_ROWS.person_id, _ROWS.recognised_id, schema.people.c.sealed_key)
                .join(schema.people, schema.people.c.id == _ROWS.person_id)
                .where(_ROWS.id == action_id)
            )
            row = connection.execute(key).one_or_none()
            if row is None or row.recognised_id != recognised_id:
                return False
            seal = self._vault.person(row.person_id, row.sealed_key)
            sealed = seal.seal(picture, _context(action_id))
            this = update(schema.workstation_actions).where(_ROWS.id == action_id)
            connection.execute(this.values(sealed_picture=sealed))
            return True

        return await self._database.write(write)

    async def picture(self, action_id: str) -> bytes:
        """The evidence, a JPEG. Raises `NotFound`, and `StoreError` when it was tampered with."""
        query = (
            select(_ROWS.person_id, _ROWS.sealed_picture, schema.people.c.sealed_key)
            .join(schema.people, schema.people.c.id == _ROWS.person_id)
            .where(_ROWS.id == action_id, _ROWS.sealed_picture.is_not(None))
        )

        def find(connection: Connection) -> bytes:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound("picture of the action", action_id)
            return self._vault.person(row.person_id, row.sealed_key).open(row.sealed_picture, _context(action_id))

        return await self._database.read(find)

    async def search(
        self, *, person_id: str | None = None, workstation: str | None = None, action: str | None = None,
        from_ms: int | None = None, to_ms: int | None = None, before: tuple[int, str] | None = None, limit: int = 50,
    ) -> list[ActionEntry]:  # fmt: skip
        """The newest first, from `from_ms` to `to_ms` inclusive; `before` is `(at_ms, id)` of the last one of the page
        before."""
        query = _ENTRY.order_by(_ROWS.at_ms.desc(), _ROWS.id.desc()).limit(limit)
        for column, wanted in ((_ROWS.person_id, person_id), (_ROWS.workstation, workstation), (_ROWS.action, action)):
            if wanted is not None:
                query = query.where(column == wanted)
        if from_ms is not None:
            query = query.where(_ROWS.at_ms >= from_ms)
        if to_ms is not None:
            query = query.where(_ROWS.at_ms <= to_ms)
        if before is not None:
            at_ms, action_id = before
            query = query.where(or_(_ROWS.at_ms < at_ms, and_(_ROWS.at_ms == at_ms, _ROWS.id < action_id)))
        return await self._database.read(lambda c: [_entry(row) for row in c.execute(query).mappings()])

    async def prune(self, before_ms: int, *, limit: int = 500) -> int:
        """Destroys entries from before, at most `limit`, and answers how many."""
        old = select(_ROWS.id).where(_ROWS.at_ms < before_ms).order_by(_ROWS.at_ms).limit(limit)
        removal = delete(schema.workstation_actions).where(_ROWS.id.in_(old))
        return await self._database.write(lambda c: c.execute(removal).rowcount, scrub=True)


def forget_person(connection: Connection, person_id: str) -> None:
    """Takes everything of a person who is erased: what they were allowed, how they stood, every picture they are in;
    entries of the action log stay as history about nobody."""
    for table in (schema.workstation_people, schema.workstation_standings):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    for column in (_ROWS.person_id, _ROWS.recognised_id):
        values = {column.name: None, "sealed_picture": None}
        connection.execute(update(schema.workstation_actions).where(column == person_id).values(values))


def _still(connection: Connection, person_id: str | None) -> str | None:
    people = schema.people.c
    return connection.execute(select(people.id).where(people.id == person_id)).scalar_one_or_none()


def _entry(row: Mapping[Any, Any]) -> ActionEntry:
    values = dict(row)
    return ActionEntry(**values | {"action": Action(values["action"]), "reason": Reason(values["reason"])})


def _context(action_id: str) -> str:
    return f"workstation_actions/{action_id}"
