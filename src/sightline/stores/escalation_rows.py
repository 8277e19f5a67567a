"""Escalations as rows: read, begun, moved by compare-and-set, ended."""

from __future__ import annotations

import dataclasses

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from sightline.deliveries.escalation import Escalation, Move, Phase, begin, ended
from sightline.exceptions import Conflict
from sightline.stores import schema

__all__ = ["DUTY_IN_USE", "end", "load", "save", "start"]

_ESCALATIONS = schema.escalations.c
_STEPS = schema.escalation_steps.c
_DECLINES = schema.alert_declines.c

DUTY_IN_USE = select(exists(select(schema.duty_rosters.c.user_id)) | exists(select(schema.duty_switches.c.user_id)))
"""Whether anybody has a duty roster, or ever said whether they are on duty."""

_ROW = select(schema.escalations).where(_ESCALATIONS.alert_id == bindparam("alert_id"))
_TRIED = (
    select(_STEPS.user_id)
    .where(_STEPS.alert_id == bindparam("alert_id"), _STEPS.user_id.is_not(None))
    .union(select(_DECLINES.user_id).where(_DECLINES.alert_id == bindparam("alert_id")))
)
_SAVE = (
    update(schema.escalations)
    .where(_ESCALATIONS.alert_id == bindparam("of_alert"), _ESCALATIONS.version == bindparam("old_version"))
    .values(
        version=bindparam("old_version") + 1,
        phase=bindparam("new_phase"),
        level=bindparam("new_level"),
        responder=bindparam("new_responder"),
        told_at_ms=bindparam("new_told_at_ms"),
        told_offset=bindparam("new_told_offset"),
        due_at_ms=bindparam("new_due_at_ms"),
    )
)
_END_STEP = (
    update(schema.escalation_steps)
    .where(
        _STEPS.alert_id == bindparam("of_alert"),
        _STEPS.level == bindparam("of_level"),
        _STEPS.outcome.is_(None),
    )
    .values(outcome=bindparam("new_outcome"), ended_at_ms=bindparam("now_ms"))
)


def start(connection: Connection, alert_id: str, now_ms: int) -> None:
    """An alert that is to be routed was raised."""
    first = begin(now_ms)
    row = {
        "alert_id": alert_id, "version": 0, "phase": first.phase.value, "level": first.level, "responder": None,
        "told_at_ms": 0, "told_offset": 0, "due_at_ms": first.due_at_ms,
    }  # fmt: skip
    connection.execute(insert(schema.escalations), row)


def load(connection: Connection, alert_id: str) -> tuple[Escalation, int] | None:
    """The escalation of an alert and its version; `None` for an alert that was not routed."""
    row = connection.execute(_ROW, {"alert_id": alert_id}).one_or_none()
    if row is None:
        return None
    tried = connection.execute(_TRIED, {"alert_id": alert_id}).scalars()
    escalation = Escalation(
        phase=Phase(row.phase),
        level=row.level,
        due_at_ms=row.due_at_ms,
        responder=row.responder,
        told_at_ms=row.told_at_ms,
        told_offset=row.told_offset,
        tried=frozenset(tried),
    )
    return escalation, row.version


def save(connection: Connection, alert_id: str, version: int, before: Escalation, move: Move, now_ms: int) -> None:
    """Writes a move. Raises `Conflict` when somebody else moved the escalation since it was read."""
    after = move.after
    values = {
        "of_alert": alert_id, "old_version": version, "new_phase": after.phase.value, "new_level": after.level,
        "new_responder": after.responder, "new_told_at_ms": after.told_at_ms, "new_told_offset": after.told_offset,
        "new_due_at_ms": after.due_at_ms,
    }  # fmt: skip
    if connection.execute(_SAVE, values).rowcount == 0:
        raise Conflict("another gateway moved this escalation at the same moment")
    if move.outcome is not None:
        step = {"of_alert": alert_id, "of_level": before.level, "new_outcome": move.outcome.value, "now_ms": now_ms}
        connection.execute(_END_STEP, step)


def end(connection: Connection, alert_id: str, now_ms: int) -> None:
    """The alert is not open any more: nobody else is told. Nothing happens where it was not routed."""
    loaded = load(connection, alert_id)
    if loaded is None:
        return
    before, version = loaded
    move = ended(before)
    if dataclasses.replace(move.after, tried=before.tried) != before:
        save(connection, alert_id, version, before, move, now_ms)
