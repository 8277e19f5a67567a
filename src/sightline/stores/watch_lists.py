"""Watch lists and who is on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from sightline.decisions.watch_list import WatchList
from sightline.events.alert import Severity
from sightline.exceptions import Conflict, NotFound
from sightline.stores import schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.names import name_key

__all__ = ["WatchLists"]

_LISTS = schema.watch_lists.c
_MEMBERS = schema.watch_list_people.c
_COUNT = select(func.count()).where(_MEMBERS.list_id == _LISTS.id).scalar_subquery().label("people")
_ALL = select(schema.watch_lists, _COUNT).order_by(_LISTS.name_key)
_BY_ID = select(schema.watch_lists, _COUNT).where(_LISTS.id == bindparam("list_id"))
_BY_NAME = select(schema.watch_lists, _COUNT).where(_LISTS.name_key == bindparam("key"))
_MEMBER = select(_MEMBERS.list_id).where(
    _MEMBERS.list_id == bindparam("list_id"), _MEMBERS.person_id == bindparam("person_id")
)
_PERSON = select(schema.people.c.id).where(schema.people.c.id == bindparam("person_id"))


class WatchLists:
    """Names are unique without regard to case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> list[WatchList]:
        """All of them, by name."""
        return await self._database.read(lambda c: [_watch_list(row) for row in c.execute(_ALL).mappings()])

    async def get(self, list_id: str) -> WatchList:
        """Raises `NotFound`."""
        return await self._database.read(lambda c: _get(c, list_id))

    async def by_name(self, name: str) -> WatchList | None:
        """The list of this name, if there is one."""
        return await self._database.read(lambda c: _by_name(c, name))

    async def create(
        self, *, name: str, severity: Severity, enabled: bool, now_ms: int, require_live: bool = False
    ) -> WatchList:
        """Raises `Conflict` when the name is taken."""
        watch_list = WatchList(new_id(now_ms), name, severity, enabled, now_ms, require_live=require_live)

        def write(connection: Connection) -> WatchList:
            _check_free(connection, name, watch_list.id)
            row = _values(name, severity, enabled, require_live) | {"id": watch_list.id, "created_at_ms": now_ms}
            connection.execute(insert(schema.watch_lists), row)
            return watch_list

        return await self._database.write(write)

    async def update(
        self, list_id: str, *, name: str, severity: Severity, enabled: bool, require_live: bool = False
    ) -> WatchList:
        """Raises `NotFound`, and `Conflict` when the name is taken."""

        def write(connection: Connection) -> WatchList:
            _check_free(connection, name, list_id)
            values = _values(name, severity, enabled, require_live)
            connection.execute(update(schema.watch_lists).where(_LISTS.id == list_id).values(values))
            return _get(connection, list_id)

        return await self._database.write(write)

    async def delete(self, list_id: str) -> None:
        """The people on it stay enrolled, and its alerts stay. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            _get(connection, list_id)
            connection.execute(delete(schema.watch_list_people).where(_MEMBERS.list_id == list_id))
            connection.execute(delete(schema.watch_lists).where(_LISTS.id == list_id))

        await self._database.write(write)

    async def add_person(self, list_id: str, person_id: str) -> None:
        """Somebody who is on it already stays on it. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            _check_both(connection, list_id, person_id)
            row = {"list_id": list_id, "person_id": person_id}
            if connection.execute(_MEMBER, row).first() is None:
                connection.execute(insert(schema.watch_list_people), row)

        await self._database.write(write)

    async def remove_person(self, list_id: str, person_id: str) -> None:
        """Somebody who is not on it stays off it. Raises `NotFound` when there is no such list or person."""

        def write(connection: Connection) -> None:
            _check_both(connection, list_id, person_id)
            this = (_MEMBERS.list_id == list_id, _MEMBERS.person_id == person_id)
            connection.execute(delete(schema.watch_list_people).where(*this))

        await self._database.write(write)


def _get(connection: Connection, list_id: str) -> WatchList:
    row = connection.execute(_BY_ID, {"list_id": list_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("watch list", list_id)
    return _watch_list(row)


def _by_name(connection: Connection, name: str) -> WatchList | None:
    row = connection.execute(_BY_NAME, {"key": name_key(name)}).mappings().one_or_none()
    return _watch_list(row) if row is not None else None


def _check_free(connection: Connection, name: str, list_id: str) -> None:
    taken = _by_name(connection, name)
    if taken is not None and taken.id != list_id:
        raise Conflict(f"there is a watch list named {taken.name!r} already: choose another name")


def _check_both(connection: Connection, list_id: str, person_id: str) -> None:
    _get(connection, list_id)
    if connection.execute(_PERSON, {"person_id": person_id}).first() is None:
        raise NotFound("person", person_id)


def _values(name: str, severity: Severity, enabled: bool, require_live: bool) -> dict[str, Any]:
    return {
        "name": name,
        "name_key": name_key(name),
        "severity": severity.value,
        "enabled": enabled,
        "require_live": require_live,
    }


def _watch_list(row: Mapping[Any, Any]) -> WatchList:
    return WatchList(
        id=row["id"],
        name=row["name"],
        severity=Severity(row["severity"]),
        enabled=row["enabled"],
        created_at_ms=row["created_at_ms"],
        people=row["people"],
        require_live=row["require_live"],
    )
