"""Times without alerts as rows: what a decision is shown of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from sightline.events.alert import AlertType
from sightline.events.quiet import QuietKind, QuietPeriod
from sightline.stores import schema

__all__ = ["period", "quiet_at"]

_PERIODS = schema.quiet_periods.c
_AT = select(schema.quiet_periods).where(
    or_(_PERIODS.camera_id.is_(None), _PERIODS.camera_id == bindparam("camera")),
    _PERIODS.from_ms <= bindparam("at_ms"),
    _PERIODS.until_ms > bindparam("at_ms"),
)


def quiet_at(connection: Connection, camera_id: str, at_ms: int) -> tuple[QuietPeriod, ...]:
    """The periods that a camera is in at a moment."""
    return tuple(period(row) for row in connection.execute(_AT, {"camera": camera_id, "at_ms": at_ms}))


def period(row: Any) -> QuietPeriod:
    """A row as a value."""
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
