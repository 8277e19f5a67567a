"""Floods: events that are counted onto one alert, of which people are told the number at a bearable pace."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from sightline.deliveries.entry import EntryKind
from sightline.events.alert import AlertState, AlertType
from sightline.events.event import RecentAlert
from sightline.stores import alert_rows, log, schema
from sightline.stores.database import Database

__all__ = ["Floods", "join", "recent"]

RECENT_LIMIT = 30
"""How many of a camera's latest alerts a decision is shown: few, as every alert waits for it. The setting
`flood_alerts` is at most this."""

_ALERTS = schema.alerts.c
_FLOODS = schema.alert_floods.c
_UNFINISHED = frozenset({AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value})
_TYPES = {alert_type.value: alert_type for alert_type in AlertType}

_RECENT = (
    select(
        _ALERTS.id,
        _ALERTS.type,
        _ALERTS.state,
        func.coalesce(_FLOODS.count, 1).label("events"),
        func.coalesce(_FLOODS.last_at_ms, _ALERTS.captured_at_ms).label("last_at_ms"),
    )
    .join(schema.alert_floods, _FLOODS.alert_id == _ALERTS.id, isouter=True)
    .where(_ALERTS.camera_id == bindparam("camera"))
    .order_by(_ALERTS.offset.desc())
    .limit(RECENT_LIMIT)
)
_JOIN = (
    update(schema.alert_floods)
    .where(_FLOODS.alert_id == bindparam("of_alert"))
    .values(
        count=_FLOODS.count + 1,
        last_at_ms=case((_FLOODS.last_at_ms < bindparam("at_ms"), bindparam("at_ms")), else_=_FLOODS.last_at_ms),
    )
)
_UNTOLD = (
    select(_FLOODS.alert_id, _FLOODS.count)
    .where(_FLOODS.count > _FLOODS.told_count, _FLOODS.told_at_ms <= bindparam("before_ms"))
    .limit(bindparam("most"))
)
_TOLD = (
    update(schema.alert_floods)
    .where(_FLOODS.alert_id == bindparam("of_alert"))
    .values(told_count=_FLOODS.count, told_at_ms=bindparam("now_ms"))
)


class Floods:
    """Tells the count."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tell(self, *, not_since_ms: int, now_ms: int, limit: int = 100) -> int:
        """Writes an entry for every flood that grew and was not told of since `not_since_ms`; returns how many."""

        def write(connection: Connection) -> int:
            grown = connection.execute(_UNTOLD, {"before_ms": not_since_ms, "most": limit}).all()
            alerts = alert_rows.find_many(connection, [row.alert_id for row in grown])
            for alert in alerts.values():
                connection.execute(_TOLD, {"of_alert": alert.id, "now_ms": now_ms})
                data = alert_rows.told(alert)
                log.append(
                    connection, EntryKind.ALERT_UPDATED, alert.id, at_ms=now_ms, audience=alert.audience, data=data
                )
            return len(alerts)

        if not await self._database.read(
            lambda c: c.execute(_UNTOLD, {"before_ms": not_since_ms, "most": 1}).first() is not None
        ):
            return 0
        return await self._database.write(write)


def recent(connection: Connection, camera_id: str) -> tuple[RecentAlert, ...]:
    """The latest alerts of a camera, newest first."""
    return tuple(
        RecentAlert(alert_id, _TYPES[alert_type], state in _UNFINISHED, count, last_at_ms)
        for alert_id, alert_type, state, count, last_at_ms in connection.execute(_RECENT, {"camera": camera_id})
    )


def join(connection: Connection, alert_id: str, captured_at_ms: int) -> None:
    """One more event is counted onto an alert. People hear of it with the next `tell`."""
    if connection.execute(_JOIN, {"of_alert": alert_id, "at_ms": captured_at_ms}).rowcount == 0:
        row = {"alert_id": alert_id, "count": 2, "last_at_ms": captured_at_ms, "told_count": 1, "told_at_ms": 0}
        connection.execute(insert(schema.alert_floods), row)
