"""Escalations: timers that are rows. A due row is claimed by compare-and-set, so each fires once, whoever looks.

Taking an alert ends its escalation in the same transaction, and a step is written only while the alert is open: of an
acknowledgement and a deadline that meet, the one that commits first is the one that happened.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sightline.deliveries import escalation as machine
from sightline.deliveries.entry import EntryKind
from sightline.deliveries.escalation import Escalation, Move, Patience, Tell
from sightline.deliveries.records import Decline, Step
from sightline.deliveries.routing import Position, Situation
from sightline.events.alert import Alert, AlertState
from sightline.exceptions import Conflict
from sightline.stores import alert_rows, escalation_rows, log, notice_rows, schema
from sightline.stores.database import Database

__all__ = ["Escalations"]

_ALERTS = schema.alerts.c
_CAMERAS = schema.cameras.c
_ESCALATIONS = schema.escalations.c
_STEPS = schema.escalation_steps.c
_DECLINES = schema.alert_declines.c
_TAGS = schema.alert_tags.c

_DUE = (
    select(_ESCALATIONS.alert_id)
    .where(_ESCALATIONS.due_at_ms <= bindparam("now_ms"))
    .order_by(_ESCALATIONS.due_at_ms)
    .limit(bindparam("most"))
)
_NEXT_DUE = select(func.min(_ESCALATIONS.due_at_ms))
_WHERE_IS = select(_CAMERAS.latitude, _CAMERAS.longitude).where(_CAMERAS.id == bindparam("camera_id"))
_RAISE_LEVEL = (
    update(schema.alerts)
    .where(_ALERTS.id == bindparam("alert_id"), _ALERTS.state == AlertState.OPEN.value)
    .values(escalation_level=bindparam("new_level"))
)
_ALL_STEPS = select(schema.escalation_steps).order_by(_STEPS.level)
_STEPS_OF = _ALL_STEPS.where(_STEPS.alert_id == bindparam("alert_id"))
_TO_NOTIFY = select(schema.escalation_steps).where(_STEPS.notify).order_by(_STEPS.told_at_ms).limit(bindparam("most"))
_NOTIFIED = (
    update(schema.escalation_steps)
    .where(_STEPS.alert_id == bindparam("of_alert"), _STEPS.level == bindparam("of_level"))
    .values(notify=False)
)
_DECLINES_OF = (
    select(schema.alert_declines)
    .where(_DECLINES.alert_id == bindparam("alert_id"))
    .order_by(_DECLINES.at_ms, _DECLINES.user_id)
)
_DECLINED = select(_DECLINES.user_id).where(
    _DECLINES.alert_id == bindparam("of_alert"), _DECLINES.user_id == bindparam("by_user")
)


class Escalations:
    """What is due, and what happens then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now_ms: int, limit: int = 100) -> list[str]:
        """Alerts whose escalation has something to do, the longest overdue first."""
        parameters = {"now_ms": now_ms, "most": limit}
        return await self._database.read(lambda c: list(c.execute(_DUE, parameters).scalars()))

    async def next_due_ms(self) -> int | None:
        """When the next timer is due, if there is one."""
        return await self._database.read(lambda c: c.execute(_NEXT_DUE).scalar_one())

    async def fire(self, alert_id: str, situation: Situation, patience: Patience, *, now_ms: int) -> Step | None:
        """Does what is due for an alert, once; returns whom it told. `None`: it was not due, or somebody else did it.

        Raises `Conflict` when another gateway does the same at this moment.
        """

        def write(connection: Connection) -> Step | None:
            loaded = escalation_rows.load(connection, alert_id)
            if loaded is None:
                return None
            before, version = loaded
            alert = alert_rows.get(connection, alert_id)
            if alert.state is not AlertState.OPEN:  # it ended before its escalation was told so
                move = machine.ended(before)
            else:
                move = machine.due(before, _position(connection, alert.camera_id), situation, patience, now_ms)
            return None if move.after == before else _move(connection, alert, before, version, move, situation, now_ms)

        return await self._database.write(write)

    async def decline(
        self, alert_id: str, user_id: str, reason: str, situation: Situation, patience: Patience, *, now_ms: int
    ) -> tuple[Alert, Step | None]:
        """A user cannot take an alert: if they were asked to, the next one is told now. A second time changes nothing.

        Raises `NotFound`.
        """

        def write(connection: Connection) -> tuple[Alert, Step | None]:
            alert = alert_rows.get(connection, alert_id)
            loaded = escalation_rows.load(connection, alert_id)
            if connection.execute(_DECLINED, {"of_alert": alert_id, "by_user": user_id}).first() is not None:
                return alert, None
            row = {"alert_id": alert_id, "user_id": user_id, "at_ms": now_ms, "reason": reason}
            connection.execute(insert(schema.alert_declines), row)
            if loaded is None or alert.state is not AlertState.OPEN:
                return alert, None
            before, version = loaded
            camera = _position(connection, alert.camera_id)
            move = machine.declined(before, user_id, camera, situation, patience, now_ms)
            step = _move(connection, alert, before, version, move, situation, now_ms)
            return alert_rows.get(connection, alert_id), step

        return await self._database.write(write)

    async def steps(self, alert_id: str) -> list[Step]:
        """Who was told of an alert, in order; empty for one that was not routed."""
        return await self._database.read(lambda c: [_step(row) for row in c.execute(_STEPS_OF, {"alert_id": alert_id})])

    async def declines(self, alert_id: str) -> list[Decline]:
        """Who said that they cannot take an alert, in order."""

        def read(connection: Connection) -> list[Decline]:
            return [Decline(**row) for row in connection.execute(_DECLINES_OF, {"alert_id": alert_id}).mappings()]

        return await self._database.read(read)

    async def to_notify(self, limit: int = 100) -> list[Step]:
        """Steps whose push and outside channels were not asked yet, the oldest first."""
        return await self._database.read(lambda c: [_step(row) for row in c.execute(_TO_NOTIFY, {"most": limit})])

    async def notified(self, step: Step) -> None:
        """Push or the outside channels have this step: they are not asked again."""
        parameters = {"of_alert": step.alert_id, "of_level": step.level}
        await self._database.write(lambda c: c.execute(_NOTIFIED, parameters).rowcount)


def _position(connection: Connection, camera_id: str) -> Position | None:
    row = connection.execute(_WHERE_IS, {"camera_id": camera_id}).one_or_none()
    if row is None or row.latitude is None or row.longitude is None:
        return None
    return Position(row.latitude, row.longitude)


def _move(
    connection: Connection, alert: Alert, before: Escalation, version: int, move: Move, situation: Situation,
    now_ms: int,
) -> Step | None:  # fmt: skip
    """Writes what a move says: alert, audience, log entries, step, and the row of the escalation itself."""
    step = None
    if move.tell is not None:
        step, offset = _tell(connection, alert, move.tell, situation, now_ms)
        move = dataclasses.replace(move, after=dataclasses.replace(move.after, told_offset=offset))
    escalation_rows.save(connection, alert.id, version, before, move, now_ms)
    return step


def _tell(connection: Connection, alert: Alert, tell: Tell, situation: Situation, now_ms: int) -> tuple[Step, int]:
    """The step, and the offset of the first entry that it wrote. Raises `Conflict` when the alert is not open."""
    if connection.execute(_RAISE_LEVEL, {"alert_id": alert.id, "new_level": tell.level}).rowcount == 0:
        raise Conflict("the alert was taken at the same moment")
    tags = {f"user:{tell.responder.user_id}"} if tell.responder is not None else set(situation.everybody)
    new = tags - set(alert.audience)
    if new:
        connection.execute(insert(schema.alert_tags), [{"alert_id": alert.id, "tag": tag} for tag in sorted(new)])
    offsets = []
    if new and not _has_it(alert.audience, tell):
        offsets.append(log.append(connection, EntryKind.ALERT_TRIGGERED, alert.id, at_ms=now_ms, audience=new, data={}))
    told = dataclasses.replace(alert, escalation_level=tell.level)
    data = alert_rows.told(told)
    data["responder"] = tell.responder.user_id if tell.responder is not None else None
    everybody = new | set(alert.audience)
    offsets.append(
        log.append(connection, EntryKind.ALERT_UPDATED, alert.id, at_ms=now_ms, audience=everybody, data=data)
    )
    notice_rows.tell_updated(connection, told, offsets[-1], now_ms=now_ms)
    step = Step(
        alert_id=alert.id,
        level=tell.level,
        user_id=tell.responder.user_id if tell.responder is not None else None,
        reason=tell.reason.value,
        outside=tell.outside,
        distance_m=tell.distance_m,
        told_at_ms=now_ms,
    )
    row = dataclasses.asdict(step) | {"notify": True}
    connection.execute(insert(schema.escalation_steps), row)
    return step, offsets[0]


def _has_it(audience: Collection[str], tell: Tell) -> bool:
    """Whether the responder was sent the alert already, by another of their tags: then only its change is news."""
    return tell.responder is not None and not tell.responder.tags.isdisjoint(audience)


def _step(row: object) -> Step:
    return Step(**{field.name: getattr(row, field.name) for field in dataclasses.fields(Step)})
