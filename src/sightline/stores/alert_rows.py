"""Alerts as rows: how they are read, and the two ways in which one changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from sightline.deliveries.entry import EntryKind
from sightline.events.alert import Alert, AlertState, AlertType, Severity, Verdict
from sightline.exceptions import Conflict, NotFound
from sightline.stores import escalation_rows, log, notice_rows, schema

__all__ = ["ALERTS", "change", "find", "find_many", "get", "told", "write_new"]

_ALERTS = schema.alerts.c
_TAGS = schema.alert_tags.c
_PICTURES = schema.alert_pictures.c

ALERTS = select(schema.alerts)
"""All alerts; narrow and order it for `find`."""

_BY_ID = ALERTS.where(_ALERTS.id == bindparam("alert_id"))
_BY_IDS = ALERTS.where(_ALERTS.id.in_(bindparam("alert_ids", expanding=True)))
_TAGS_OF = (
    select(_TAGS.alert_id, _TAGS.tag)
    .where(_TAGS.alert_id.in_(bindparam("alert_ids", expanding=True)))
    .order_by(_TAGS.alert_id, _TAGS.tag)
)
_ROLES_OF = select(_PICTURES.alert_id, _PICTURES.role).where(
    _PICTURES.alert_id.in_(bindparam("alert_ids", expanding=True))
)
_COUNTS_OF = select(schema.alert_floods.c.alert_id, schema.alert_floods.c.count).where(
    schema.alert_floods.c.alert_id.in_(bindparam("alert_ids", expanding=True))
)
_CHANGE = (
    update(schema.alerts)
    .where(_ALERTS.id == bindparam("alert_id"), _ALERTS.state == bindparam("old_state"))
    .values(
        state=bindparam("new_state"),
        verdict=bindparam("new_verdict"),
        by=bindparam("new_by"),
        at_ms=bindparam("new_at_ms"),
    )
)
_CHUNK = 500
"""Rows a statement may ask for by id."""


def get(connection: Connection, alert_id: str) -> Alert:
    """Raises `NotFound`."""
    found = find(connection, _BY_ID, {"alert_id": alert_id})
    if not found:
        raise NotFound("alert", alert_id)
    return found[0]


def find(connection: Connection, query: Select[Any], parameters: Mapping[str, Any]) -> list[Alert]:
    """The alerts of a query on `ALERTS`, in its order."""
    rows = connection.execute(query, parameters).mappings().all()
    alerts: list[Alert] = []
    for start in range(0, len(rows), _CHUNK):
        alerts.extend(_alerts(connection, rows[start : start + _CHUNK]))
    return alerts


def find_many(connection: Connection, alert_ids: Iterable[str]) -> dict[str, Alert]:
    """The alerts of these ids that there are."""
    ids = list(alert_ids)
    found: dict[str, Alert] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = find(connection, _BY_IDS, {"alert_ids": ids[start : start + _CHUNK]})
        found.update((alert.id, alert) for alert in chunk)
    return found


def write_new(connection: Connection, alert: Alert) -> None:
    """The rows of a new alert, without its pictures."""
    row = {
        "id": alert.id,
        "offset": alert.offset,
        "event_id": alert.event_id,
        "type": alert.type.value,
        "severity": alert.severity.value,
        "camera_id": alert.camera_id,
        "subject_id": alert.subject_id,
        "person_id": alert.person_id,
        "reference_id": alert.reference_id,
        "watch_list_id": alert.watch_list_id,
        "similarity": alert.similarity,
        "state": alert.state.value,
        "verdict": None,
        "escalation_level": alert.escalation_level,
        "by": None,
        "at_ms": None,
        "captured_at_ms": alert.captured_at_ms,
        "created_at_ms": alert.created_at_ms,
        "why": dict(alert.why),
    }
    connection.execute(insert(schema.alerts), row)
    tags = [{"alert_id": alert.id, "tag": tag} for tag in alert.audience]
    if tags:
        connection.execute(insert(schema.alert_tags), tags)


def change(connection: Connection, before: Alert, after: Alert, *, now_ms: int) -> None:
    """Replaces `before` by `after` (state, verdict, who and when) and tells every audience the alert ever had.

    One that is not open any more is not escalated any further.

    Raises `Conflict` when the alert is not as it was read (compare-and-set on its state).
    """
    values = {
        "alert_id": before.id,
        "old_state": before.state.value,
        "new_state": after.state.value,
        "new_verdict": after.verdict.value if after.verdict is not None else None,
        "new_by": after.by,
        "new_at_ms": after.at_ms,
    }
    if connection.execute(_CHANGE, values).rowcount == 0:
        raise Conflict("somebody else changed this alert at the same moment: look again")
    if before.state is AlertState.OPEN and after.state is not AlertState.OPEN:
        escalation_rows.end(connection, before.id, now_ms)
    offset = log.append(
        connection, EntryKind.ALERT_UPDATED, before.id, at_ms=now_ms, audience=before.audience, data=told(after)
    )
    notice_rows.tell_updated(connection, after, offset, now_ms=now_ms)


def told(alert: Alert) -> dict[str, Any]:
    """What an `alert_updated` entry tells: the alert's state, and its count where it stands for several events."""
    data = {
        "state": alert.state.value,
        "escalation_level": alert.escalation_level,
        "by": alert.by,
        "at": alert.at_ms,
        "verdict": alert.verdict.value if alert.verdict is not None else None,
    }
    return data if alert.count == 1 else data | {"count": alert.count}


def _alerts(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Alert]:
    ids = {"alert_ids": [row["id"] for row in rows]}
    tags: dict[str, list[str]] = defaultdict(list)
    for tag in connection.execute(_TAGS_OF, ids):
        tags[tag.alert_id].append(tag.tag)
    pictures = {(picture.alert_id, picture.role) for picture in connection.execute(_ROLES_OF, ids)}
    counts = {flood["alert_id"]: flood["count"] for flood in connection.execute(_COUNTS_OF, ids).mappings()}
    return [
        Alert(
            id=row["id"],
            offset=row["offset"],
            event_id=row["event_id"],
            type=AlertType(row["type"]),
            severity=Severity(row["severity"]),
            camera_id=row["camera_id"],
            subject_id=row["subject_id"],
            person_id=row["person_id"],
            reference_id=row["reference_id"],
            watch_list_id=row["watch_list_id"],
            similarity=row["similarity"],
            state=AlertState(row["state"]),
            verdict=Verdict(row["verdict"]) if row["verdict"] is not None else None,
            escalation_level=row["escalation_level"],
            by=row["by"],
            at_ms=row["at_ms"],
            captured_at_ms=row["captured_at_ms"],
            created_at_ms=row["created_at_ms"],
            audience=tuple(tags[row["id"]]),
            has_snapshot=(row["id"], "snapshot") in pictures,
            has_probe=(row["id"], "probe") in pictures,
            why=row["why"],
            count=counts.get(row["id"], 1),
        )
        for row in rows
    ]
