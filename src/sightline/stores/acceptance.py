"""Accepting a fact: what the store knows, the decision, and everything that follows, in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, func, insert, select

from sightline.deliveries.entry import EntryKind
from sightline.deliveries.records import Accepted
from sightline.events.alert import Alert, AlertState, AlertType, Severity, check_move
from sightline.events.event import AlertDraft, Decide, DecisionContext, Event
from sightline.stores import alert_rows, clip_rows, escalation_rows, floods, log, notice_rows, schema
from sightline.stores.camera_views import view_of
from sightline.stores.erasure import ERASED, blank
from sightline.stores.ids import new_id
from sightline.stores.pictures import AlertPictures
from sightline.stores.quiet_rows import quiet_at

__all__ = ["accept", "close"]

_EVENTS = schema.events.c
_ALERTS = schema.alerts.c
_LISTS = schema.watch_lists.c
_MEMBERS = schema.watch_list_people.c

_UNFINISHED = (AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value)

_EARLIER = select(_EVENTS.id, _EVENTS.rule).where(_EVENTS.key == bindparam("key"))
_ALERT_OF = alert_rows.ALERTS.where(_ALERTS.event_id == bindparam("event_id"))
_KNOWN = select(
    select(schema.cameras.c.alert_unknown).where(schema.cameras.c.id == bindparam("camera")).scalar_subquery(),
    select(schema.people.c.id).where(schema.people.c.id == bindparam("person")).scalar_subquery(),
    select(func.max(_EVENTS.captured_at_ms)).where(_EVENTS.subject_id == bindparam("subject")).scalar_subquery(),
    select(func.max(_ALERTS.captured_at_ms)).where(_ALERTS.subject_id == bindparam("subject")).scalar_subquery(),
    select(func.max(_ALERTS.captured_at_ms))
    .where(_ALERTS.subject_id == bindparam("subject"), _ALERTS.camera_id == bindparam("camera"))
    .scalar_subquery(),
    escalation_rows.DUTY_IN_USE.scalar_subquery(),
    select(schema.camera_views.c.view).where(schema.camera_views.c.camera_id == bindparam("camera")).scalar_subquery(),
)
_LISTS_OF = (
    select(_LISTS.id, _LISTS.name, _LISTS.severity, _LISTS.require_live)
    .join(schema.watch_list_people, _MEMBERS.list_id == _LISTS.id)
    .where(_MEMBERS.person_id == bindparam("person"), _LISTS.enabled)
    .order_by(_LISTS.name_key)
)
_OPEN_HERE = (
    select(_ALERTS.id)
    .where(
        _ALERTS.subject_id == bindparam("subject"),
        _ALERTS.camera_id == bindparam("camera"),
        _ALERTS.state.in_(_UNFINISHED),
    )
    .order_by(_ALERTS.captured_at_ms.desc())
    .limit(bindparam("most"))
)
OPEN_LIMIT = 20
"""How many of a subject's unfinished alerts a decision is shown, the newest: a flood must not slow down its own end."""


def accept(
    connection: Connection, event: Event, decide: Decide, pictures: AlertPictures, blobs: Mapping[str, str],
    now_ms: int,
) -> Accepted:  # fmt: skip
    """Records an event, unless its key is known, and whatever `decide` says. An event without an id is given one."""
    earlier = connection.execute(_EARLIER, {"key": event.key}).one_or_none()
    if earlier is not None:
        alerts = alert_rows.find(connection, _ALERT_OF, {"event_id": earlier.id})
        return Accepted(earlier.id, True, earlier.rule, alerts[0] if alerts else None)
    if not event.id:
        event = dataclasses.replace(event, id=new_id(now_ms))
    context = _context(connection, event)
    decision = decide(event, context)
    if event.person_id is not None and not context.person_known:
        event = _of_nobody(event)
    if decision.group_into is not None:
        event = dataclasses.replace(event, data={**event.data, "grouped_into": decision.group_into})
        floods.join(connection, decision.group_into, event.captured_at_ms)
    _write(connection, event, decision.rule)
    alert = _raise(connection, event, decision.alert, pictures, blobs, now_ms) if decision.alert is not None else None
    for closed in alert_rows.find_many(connection, decision.close).values():
        if closed.state.value in _UNFINISHED:
            close(connection, closed, by=None, now_ms=now_ms)
    return Accepted(event.id, False, decision.rule, alert)


def close(connection: Connection, alert: Alert, *, by: str | None, now_ms: int) -> Alert:
    """Closes an alert. Whoever had taken it stays named; one that nobody took names `by`. Raises `Conflict`."""
    check_move(alert.state, AlertState.CLOSED)
    taken = alert.state is AlertState.ACKNOWLEDGED
    after = dataclasses.replace(
        alert,
        state=AlertState.CLOSED,
        by=alert.by if taken else by,
        at_ms=alert.at_ms if taken else now_ms,
    )
    alert_rows.change(connection, alert, after, now_ms=now_ms)
    return after


def _context(connection: Connection, event: Event) -> DecisionContext:
    about = {"camera": event.camera_id, "person": event.person_id, "subject": event.subject_id, "most": OPEN_LIMIT}
    row = connection.execute(_KNOWN, about).one()
    alert_unknown, person, last_event, last_alert, last_alert_here, duty, view = row
    lists = connection.execute(_LISTS_OF, about).all() if person is not None else []
    alerted_here = last_alert_here is not None
    return DecisionContext(
        camera_known=alert_unknown is not None,
        camera_alerts_unknown=bool(alert_unknown),
        person_known=person is not None,
        watch_lists=tuple((row.id, row.name, Severity(row.severity)) for row in lists),
        last_event_at_ms=last_event,
        last_alert_at_ms=last_alert,
        last_alert_here_at_ms=last_alert_here,
        open_alert_ids=tuple(connection.execute(_OPEN_HERE, about).scalars()) if alerted_here else (),
        duty_in_use=bool(duty),
        quiet=quiet_at(connection, event.camera_id, event.captured_at_ms),
        recent_alerts=floods.recent(connection, event.camera_id),
        view=view_of(view),
        live_lists=frozenset(row.id for row in lists if row.require_live),
    )


def _of_nobody(event: Event) -> Event:
    """A late fact about somebody who was erased meanwhile, recorded as erasure would have left it."""
    forgotten = {event.person_id} if event.person_id is not None else set()
    return dataclasses.replace(event, subject_id=ERASED, person_id=None, data=blank(dict(event.data), forgotten))


def _write(connection: Connection, event: Event, rule: str) -> None:
    row = {
        "id": event.id,
        "key": event.key,
        "kind": event.kind,
        "camera_id": event.camera_id,
        "subject_id": event.subject_id,
        "person_id": event.person_id,
        "captured_at_ms": event.captured_at_ms,
        "received_at_ms": event.received_at_ms,
        "rule": rule,
        "data": dict(event.data),
    }
    connection.execute(insert(schema.events), row)


def _raise(
    connection: Connection, event: Event, draft: AlertDraft, pictures: AlertPictures, blobs: Mapping[str, str],
    now_ms: int,
) -> Alert:  # fmt: skip
    alert_id = new_id(now_ms)
    audience = tuple(sorted(set(draft.audience)))
    offset = log.append(connection, EntryKind.ALERT_TRIGGERED, alert_id, at_ms=now_ms, audience=audience, data={})
    alert = Alert(
        id=alert_id,
        offset=offset,
        event_id=event.id,
        type=AlertType(draft.type),
        severity=Severity(draft.severity),
        camera_id=event.camera_id,
        subject_id=event.subject_id,
        person_id=event.person_id,
        reference_id=draft.reference_id,
        watch_list_id=draft.watch_list_id,
        similarity=draft.similarity,
        state=AlertState.OPEN,
        verdict=None,
        escalation_level=0,
        by=None,
        at_ms=None,
        captured_at_ms=event.captured_at_ms,
        created_at_ms=now_ms,
        audience=audience,
        has_snapshot=False,
        has_probe=False,
        why=draft.why,
    )
    alert_rows.write_new(connection, alert)
    notice_rows.tell_triggered(connection, alert, now_ms=now_ms)
    if draft.routed:
        escalation_rows.start(connection, alert_id, now_ms)
    if event.clip is not None:
        clip_rows.claim(connection, alert_id, event.clip)
    roles = pictures.reserve(
        connection, alert_id, alert.type, alert.person_id, alert.camera_id, alert.captured_at_ms, blobs
    )
    return dataclasses.replace(alert, has_snapshot="snapshot" in roles, has_probe="probe" in roles)
