"""Workstations, who may sit there, and how everybody stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, insert, or_, select, update

from sightline.decisions.workstation_records import Sitter, Standing, StandingRecord, Workstation
from sightline.exceptions import Conflict, NotFound
from sightline.stores import schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.names import name_key

__all__ = ["Workstations"]

_STATIONS = schema.workstations.c
_MEMBERS = schema.workstation_people.c
_STANDINGS = schema.workstation_standings.c
_PEOPLE = schema.people.c
_HAS_REFERENCE = exists(
    select(schema.person_references.c.id).where(schema.person_references.c.person_id == _PEOPLE.id)
)


class Workstations:
    """Names are unique without regard to case. A token is kept as a hash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> list[Workstation]:
        """All of them, by name."""
        query = select(schema.workstations).order_by(_STATIONS.name_key)
        return await self._database.read(lambda c: _workstations(c, query))

    async def get(self, workstation_id: str) -> Workstation:
        """Raises `NotFound`."""
        return await self._database.read(lambda c: _get(c, workstation_id))

    async def create(self, *, name: str, now_ms: int) -> Workstation:
        """Raises `Conflict` when the name is taken."""
        made = Workstation(new_id(now_ms), name, now_ms)
        row = {"id": made.id, "name": name, "name_key": name_key(name), "token_hash": None, "created_at_ms": now_ms}

        def write(connection: Connection) -> Workstation:
            taken = select(_STATIONS.id).where(_STATIONS.name_key == row["name_key"])
            if connection.execute(taken).first() is not None:
                raise Conflict(f"there is a workstation named {name!r} already: choose another name")
            connection.execute(insert(schema.workstations), row)
            return made

        return await self._database.write(write)

    async def delete(self, workstation_id: str) -> None:
        """Its entries in the action log stay. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            _get(connection, workstation_id)
            connection.execute(delete(schema.workstation_people).where(_MEMBERS.workstation_id == workstation_id))
            connection.execute(delete(schema.workstations).where(_STATIONS.id == workstation_id))

        await self._database.write(write)

    async def set_token(self, workstation_id: str, token_hash: str | None) -> None:
        """Replaces its token; with `None` it has none. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            _get(connection, workstation_id)
            this = update(schema.workstations).where(_STATIONS.id == workstation_id)
            connection.execute(this.values(token_hash=token_hash))

        await self._database.write(write)

    async def by_token(self, token_hash: str) -> Workstation | None:
        """Whose token this is."""
        query = select(schema.workstations).where(_STATIONS.token_hash == token_hash)
        return await self._database.read(lambda c: next(iter(_workstations(c, query)), None))

    async def allow(self, workstation_id: str, person_id: str) -> None:
        """Whoever may sit there already still may. Raises `NotFound`."""
        row = {"workstation_id": workstation_id, "person_id": person_id}

        def write(connection: Connection) -> None:
            _check_person(connection, person_id)
            if person_id not in _get(connection, workstation_id).people:
                connection.execute(insert(schema.workstation_people), row)

        await self._database.write(write)

    async def disallow(self, workstation_id: str, person_id: str) -> None:
        """Whoever may not sit there still may not. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            _check_person(connection, person_id)
            _get(connection, workstation_id)
            this = (_MEMBERS.workstation_id == workstation_id, _MEMBERS.person_id == person_id)
            connection.execute(delete(schema.workstation_people).where(*this))

        await self._database.write(write)

    async def sitter(self, workstation_id: str | None, user_name: str) -> Sitter | None:
        """Who is meant by `user_name`, an id or a whole name, among those allowed at the workstation; without one,
        among everybody enrolled. `None` when that is nobody, or more than one person.
        """
        query = (
            select(
                _PEOPLE.id, _PEOPLE.first_name, _PEOPLE.last_name, _STANDINGS.standing, _HAS_REFERENCE.label("known")
            )
            .outerjoin(schema.workstation_standings, _STANDINGS.person_id == _PEOPLE.id)
            .where(or_(_PEOPLE.id == user_name, _PEOPLE.name_key == name_key(user_name)))
        )
        if workstation_id is not None:
            allowed = select(_MEMBERS.person_id).where(_MEMBERS.workstation_id == workstation_id)
            query = query.where(_PEOPLE.id.in_(allowed))

        def find(connection: Connection) -> Sitter | None:
            rows = connection.execute(query.limit(2)).all()
            if len(rows) != 1:
                return None
            row = rows[0]
            name = f"{row.first_name} {row.last_name}".strip()
            return Sitter(row.id, name, Standing(row.standing or Standing.ACTIVE), bool(row.known))

        return await self._database.read(find)

    async def set_standing(self, person_id: str, standing: Standing, *, reason: str, by: str, now_ms: int) -> None:
        """From now on somebody is paused, blocked, or active again. Raises `NotFound`."""
        row = {"person_id": person_id, "standing": standing.value, "reason": reason, "by": by, "at_ms": now_ms}

        def write(connection: Connection) -> None:
            _check_person(connection, person_id)
            connection.execute(delete(schema.workstation_standings).where(_STANDINGS.person_id == person_id))
            if standing is not Standing.ACTIVE:
                connection.execute(insert(schema.workstation_standings), row)

        await self._database.write(write)

    async def standings(self) -> Sequence[StandingRecord]:
        """Everybody who is paused or blocked, the newest first."""
        query = select(schema.workstation_standings).order_by(_STANDINGS.at_ms.desc(), _STANDINGS.person_id)
        return await self._database.read(
            lambda c: [
                StandingRecord(row.person_id, Standing(row.standing), row.reason, row.by, row.at_ms)
                for row in c.execute(query)
            ]
        )


def _workstations(connection: Connection, query: Select[Any]) -> list[Workstation]:
    people: dict[str, list[str]] = defaultdict(list)
    rows = connection.execute(query).all()
    members = select(_MEMBERS.workstation_id, _MEMBERS.person_id).order_by(_MEMBERS.person_id)
    for member in connection.execute(members.where(_MEMBERS.workstation_id.in_([row.id for row in rows]))):
        people[member.workstation_id].append(member.person_id)
    return [
        Workstation(row.id, row.name, row.created_at_ms, row.token_hash is not None, tuple(people[row.id]))
        for row in rows
    ]


def _get(connection: Connection, workstation_id: str) -> Workstation:
    found = _workstations(connection, select(schema.workstations).where(_STATIONS.id == workstation_id))
    if not found:
        raise NotFound("workstation", workstation_id)
    return found[0]


def _check_person(connection: Connection, person_id: str) -> None:
    if connection.execute(select(_PEOPLE.id).where(_PEOPLE.id == person_id)).first() is None:
        raise NotFound("person", person_id)
