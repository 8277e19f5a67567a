"""Snoozes and maintenance windows."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from sightline.events.alert import AlertType
from sightline.events.quiet import QuietKind, QuietPeriod
from sightline.exceptions import NotFound
from sightline.stores import schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id

__all__ = ["QuietPeriods", "quiet_at"]

_PERIODS = schema.quiet_periods.c
_NOT_OVER = (
    select(schema.quiet_periods).where(_PERIODS.until_ms > bindparam("now_ms")).order_by(_PERIODS.from_ms, _PERIODS.id)
)
_AT = select(schema.quiet_periods).where(
    or_(_PERIODS.camera_id.is_(None), _PERIODS.camera_id == bindparam("camera")),
    _PERIODS.from_ms <= bindparam("at_ms"),
    _PERIODS.until_ms > bindparam("at_ms"),
)


class QuietPeriods:
    """They stay in the record after they are over: an old event's rule refers to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, now_ms: int) -> list[QuietPeriod]:
        """Those that are not over, by their beginning."""
        return await self._database.read(lambda c: [_period(row) for row in c.execute(_NOT_OVER, {"now_ms": now_ms})])

    async def create(
        self, *, kind: QuietKind, camera_id: str | None, alert_type: AlertType | None, from_ms: int, until_ms: int,
        reason: str, by: str, now_ms: int,
    ) -> QuietPeriod:  # fmt: skip
        """Raises `NotFound` when there is no such camera."""
        period = QuietPeriod(new_id(now_ms), kind, camera_id, alert_type, from_ms, until_ms, reason, by, now_ms)

        def write(connection: Connection) -> QuietPeriod:
            known = select(schema.cameras.c.id).where(schema.cameras.c.id == camera_id)
            if camera_id is not None and connection.execute(known).first() is None:
                raise NotFound("camera", camera_id)
            row = dataclasses.asdict(period) | {"kind": kind.value, "alert_type": alert_type and alert_type.value}
            connection.execute(insert(schema.quiet_periods), row)
            return period

        return await self._database.write(write)

    async def delete(self, period_id: str) -> None:
        """From now on alerts are raised again, also about the past. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            if connection.execute(delete(schema.quiet_periods).where(_PERIODS.id == period_id)).rowcount == 0:
                raise NotFound("quiet period", period_id)

        await self._database.write(write)


def quiet_at(connection: Connection, camera_id: str, at_ms: int) -> tuple[QuietPeriod, ...]:
    """The periods that a camera is in at a moment."""
    return tuple(_period(row) for row in connection.execute(_AT, {"camera": camera_id, "at_ms": at_ms}))


def _period(row: Any) -> QuietPeriod:
    return QuietPeriod(
        id=row.id,
        kind=QuietKind(row.kind),
        camera_id=row.camera_id,
        alert_type=AlertType(row.alert_type) if row.alert_type is not None else None,
        from_ms=row.from_ms,
        until_ms=row.until_ms,
        reason=row.reason,
        by=row.by,
        created_at_ms=row.created_at_ms,
    )
