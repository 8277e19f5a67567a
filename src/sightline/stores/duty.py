"""Who is on duty when: rosters, and what people said last of themselves."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from sightline.deliveries.roster import DutyException, Roster, Shift, Switch
from sightline.exceptions import NotFound
from sightline.stores import escalation_rows, schema
from sightline.stores.database import Database

__all__ = ["Duty"]

_ROSTERS = schema.duty_rosters.c
_SWITCHES = schema.duty_switches.c
_USER = select(schema.users.c.id).where(schema.users.c.id == bindparam("user_id"))


class Duty:
    """One roster and one switch a user, or none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rosters(self) -> dict[str, Roster]:
        """All rosters, by user."""
        return await self._database.read(
            lambda c: {row.user_id: _roster(row) for row in c.execute(select(schema.duty_rosters))}
        )

    async def switches(self) -> dict[str, Switch]:
        """What everybody said last, by user."""
        return await self._database.read(
            lambda c: {row.user_id: Switch(row.on, row.at_ms) for row in c.execute(select(schema.duty_switches))}
        )

    async def in_use(self) -> bool:
        """Whether anybody has a roster, or ever said whether they are on duty."""
        return await self._database.read(lambda c: bool(c.execute(escalation_rows.DUTY_IN_USE).scalar_one()))

    async def put_roster(self, roster: Roster) -> None:
        """A user's roster, instead of the one they had. Raises `NotFound` when there is no such user."""

        def write(connection: Connection) -> None:
            _check_user(connection, roster.user_id)
            connection.execute(delete(schema.duty_rosters).where(_ROSTERS.user_id == roster.user_id))
            connection.execute(insert(schema.duty_rosters), dataclasses.asdict(roster))

        await self._database.write(write)

    async def remove_roster(self, user_id: str) -> None:
        """Raises `NotFound` when the user has none."""

        def write(connection: Connection) -> None:
            if connection.execute(delete(schema.duty_rosters).where(_ROSTERS.user_id == user_id)).rowcount == 0:
                raise NotFound("duty roster of user", user_id)

        await self._database.write(write)

    async def switch(self, user_id: str, *, on: bool, now_ms: int) -> None:
        """A user says that they are on duty, or not. Raises `NotFound` when there is no such user."""

        def write(connection: Connection) -> None:
            _check_user(connection, user_id)
            connection.execute(delete(schema.duty_switches).where(_SWITCHES.user_id == user_id))
            connection.execute(insert(schema.duty_switches), {"user_id": user_id, "on": on, "at_ms": now_ms})

        await self._database.write(write)


def _check_user(connection: Connection, user_id: str) -> None:
    if connection.execute(_USER, {"user_id": user_id}).first() is None:
        raise NotFound("user", user_id)


def _roster(row: Any) -> Roster:
    return Roster(
        user_id=row.user_id,
        timezone=row.timezone,
        shifts=tuple(Shift(**shift) for shift in row.shifts),
        exceptions=tuple(DutyException(**exception) for exception in row.exceptions),
        latitude=row.latitude,
        longitude=row.longitude,
    )
