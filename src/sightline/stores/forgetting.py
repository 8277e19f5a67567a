"""Forgetting what is too old to be kept: events, and alerts that are over, with everything that hangs on them.

An alert that is open is never forgotten, nor one that the log still tells of. Candidates are looked for by reading;
each is looked at again in the transaction that deletes it, a bounded number at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, delete, exists, insert, literal, select

from sightline.deliveries.records import Forgotten
from sightline.events.alert import AlertState
from sightline.stores import clip_rows, schema
from sightline.stores.database import Database
from sightline.stores.media import INCOMING

__all__ = ["forget"]

_ALERTS = schema.alerts.c
_EVENTS = schema.events.c
_PICTURES = schema.alert_pictures.c

_OVER = (
    _ALERTS.created_at_ms < bindparam("before_ms"),
    _ALERTS.state != AlertState.OPEN.value,
    _ALERTS.id.not_in(select(schema.log_entries.c.alert_id)),
)
_OLD_ALERTS = select(_ALERTS.id, _ALERTS.event_id).where(*_OVER).limit(bindparam("most"))
_OLD_EVENTS = (
    select(_EVENTS.id)
    .where(
        _EVENTS.received_at_ms < bindparam("before_ms"),
        ~exists(select(_ALERTS.id).where(_ALERTS.event_id == _EVENTS.id)),
    )
    .limit(bindparam("most"))
)
_OF_ALERTS: tuple[Table, ...] = (
    schema.alert_tags,
    schema.alert_pictures,
    schema.alert_floods,
    schema.alert_declines,
    schema.escalation_steps,
    schema.escalations,
    schema.notices,
)
"""What hangs on an alert."""


async def forget(database: Database, before_ms: int, most: int) -> Forgotten:
    """Deletes at most `most` alerts and `most` events from before that time. Pictures are only doomed: their files are
    the caller's to remove."""
    parameters = {"before_ms": before_ms, "most": most}
    alerts = [row.id for row in await database.read(lambda c: c.execute(_OLD_ALERTS, parameters).all())]
    events = await database.read(lambda c: list(c.execute(_OLD_EVENTS, parameters).scalars()))
    if not alerts and not events:
        return Forgotten()
    return await database.write(lambda c: _forget(c, alerts, events, before_ms), scrub=True)


def _forget(connection: Connection, alert_ids: Sequence[str], event_ids: Sequence[str], before_ms: int) -> Forgotten:
    chosen = select(_ALERTS.id, _ALERTS.event_id).where(_ALERTS.id.in_(alert_ids), *_OVER)
    over = connection.execute(chosen, {"before_ms": before_ms}).all()
    ids = [row.id for row in over]
    pictures = _doom(connection, ids) + clip_rows.doom(connection, select(_ALERTS.id).where(_ALERTS.id.in_(ids)))
    for table in _OF_ALERTS:
        connection.execute(delete(table).where(table.c.alert_id.in_(ids)))
    connection.execute(delete(schema.alerts).where(_ALERTS.id.in_(ids)))
    with_alert = exists(select(_ALERTS.id).where(_ALERTS.event_id == _EVENTS.id))
    gone = [*event_ids, *(row.event_id for row in over)]
    events = connection.execute(delete(schema.events).where(_EVENTS.id.in_(gone), ~with_alert)).rowcount
    return Forgotten(alerts=len(ids), events=events, pictures=pictures)


def _doom(connection: Connection, alert_ids: Sequence[str]) -> int:
    theirs = _PICTURES.alert_id.in_(alert_ids)
    # Both places: the file lies under its blob's name until it was moved.
    for place in (_PICTURES.path, literal(f"{INCOMING}/") + _PICTURES.blob_id + ".jpg"):
        connection.execute(insert(schema.doomed_files).from_select(["path"], select(place).where(theirs)))
    return len(connection.execute(select(_PICTURES.role).where(theirs)).all())
