"""Snoozes and maintenance windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, select

from sightline.deliveries.records import Accepted
from sightline.events.alert import AlertType
from sightline.events.event import Decide, Event
from sightline.events.quiet import QuietKind, QuietPeriod
from sightline.exceptions import NotFound
from sightline.stores import acceptance, quiet_rows, schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.pictures import AlertPictures

__all__ = ["QuietPeriods"]

SOURCE_STATE = "source_state"
"""The kind of events that tell whether a camera delivers."""

_PERIODS = schema.quiet_periods.c
_NOT_OVER = (
    select(schema.quiet_periods).where(_PERIODS.until_ms > bindparam("now_ms")).order_by(_PERIODS.from_ms, _PERIODS.id)
)

_CAMERAS = schema.cameras.c
_EVENTS = schema.events.c
_LAST_RULE = (
    select(_EVENTS.rule)
    .where(_EVENTS.subject_id == _CAMERAS.id, _EVENTS.kind == SOURCE_STATE)
    .order_by(_EVENTS.captured_at_ms.desc(), _EVENTS.id.desc())
    .limit(1)
    .correlate(schema.cameras)
    .scalar_subquery()
)
_QUIET_NOW = (
    select(_PERIODS.id)
    .where(
        or_(_PERIODS.camera_id.is_(None), _PERIODS.camera_id == _CAMERAS.id),
        or_(_PERIODS.alert_type.is_(None), _PERIODS.alert_type == AlertType.CAMERA_OFFLINE.value),
        _PERIODS.from_ms <= bindparam("now_ms"),
        _PERIODS.until_ms > bindparam("now_ms"),
    )
    .correlate(schema.cameras)
)
_LEFT_OFFLINE = select(_CAMERAS.id).where(
    _CAMERAS.enabled, _LAST_RULE.in_([kind.value for kind in QuietKind]), ~exists(_QUIET_NOW)
)


class QuietPeriods:
    """They stay in the record after they are over: an old event's rule refers to them."""

    def __init__(self, database: Database, pictures: AlertPictures) -> None:
        self._database = database
        self._pictures = pictures

    async def list(self, now_ms: int) -> list[QuietPeriod]:
        """Those that are not over, by their beginning."""
        return await self._database.read(
            lambda c: [quiet_rows.period(row) for row in c.execute(_NOT_OVER, {"now_ms": now_ms})]
        )

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

    async def left_offline(self, decide: Decide, *, now_ms: int) -> Sequence[Accepted]:
        """Records, by `decide`, each camera that went offline in a time without alerts which is over, and that has not
        come back: once, as this record is newer than what was kept quiet."""

        def write(connection: Connection) -> Sequence[Accepted]:
            left = list(connection.execute(_LEFT_OFFLINE, {"now_ms": now_ms}).scalars())
            events = [
                Event(
                    "", f"left-offline-{camera_id}-{now_ms}", SOURCE_STATE, camera_id, camera_id, None, now_ms, now_ms
                )
                for camera_id in left
            ]
            return [acceptance.accept(connection, event, decide, self._pictures, {}, now_ms) for event in events]

        if not await self._database.read(lambda c: c.execute(_LEFT_OFFLINE, {"now_ms": now_ms}).first() is not None):
            return []
        return await self._database.write(write)
