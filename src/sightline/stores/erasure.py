"""Erasing a person: what was theirs is destroyed, what happened stays as history about nobody.

An event or alert keeps its time, place and outcome; its links to the person and to their references become null, its
subject `ERASED`, and every mention of them in its data is blanked. Traces of other subjects may still hold the
person's id, which then means nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, literal, or_, select, update

from sightline.exceptions import NotFound
from sightline.identities.subject import ErasureReceipt
from sightline.stores import clip_rows, gallery, schema, sighting_rows
from sightline.stores.media import INCOMING
from sightline.stores.workstation_actions import forget_person

__all__ = ["ERASED", "blank", "erase"]

ERASED = "erased"
"""The subject of events and alerts whose person is gone."""

FREE_WORDS = ("message", "person")
"""Where an engine of another make says of somebody whatever it likes: nothing of that stays."""


def erase(connection: Connection, person_id: str, now_ms: int) -> ErasureReceipt:
    """Erases a person within a transaction; pictures are only doomed, their files are the caller's to remove.

    Raises `NotFound`.
    """
    if connection.execute(select(schema.people.c.id).where(schema.people.c.id == person_id)).first() is None:
        raise NotFound("person", person_id)
    reference_ids = _erase_references(connection, person_id)
    negatives = _erase_negatives(connection, person_id)
    pictures = _doom_pictures(connection, person_id)
    clip_rows.doom_shared(connection, select(schema.alerts.c.id).where(schema.alerts.c.person_id == person_id))
    sightings, further = _erase_sightings(connection, person_id)
    forgotten = {person_id, *reference_ids}
    alerts = _anonymise(connection, schema.alerts, "why", person_id, forgotten, reference_id=None)
    events = _anonymise(connection, schema.events, "data", person_id, forgotten)
    forget_person(connection, person_id)
    connection.execute(delete(schema.watch_list_people).where(schema.watch_list_people.c.person_id == person_id))
    connection.execute(delete(schema.people).where(schema.people.c.id == person_id))
    return ErasureReceipt(
        person_id=person_id,
        erased_at_ms=now_ms,
        references=len(reference_ids),
        alerts=alerts,
        events=events,
        pictures=pictures + further,
        sightings=sightings,
        negatives=negatives,
    )


def blank(value: Any, forgotten: Collection[str]) -> Any:
    """`value` (as JSON has it) with null for every text that is one of `forgotten`."""
    match value:
        case str():
            return None if value in forgotten else value
        case dict():
            return {key: blank(item, forgotten) for key, item in value.items()}
        case list() | tuple():
            return [blank(item, forgotten) for item in value]
        case _:
            return value


def _erase_references(connection: Connection, person_id: str) -> list[str]:
    references = schema.person_references.c
    found = select(references.id, references.model_id).where(references.person_id == person_id)
    rows = connection.execute(found.order_by(references.version)).all()
    for row in rows:
        gallery.bury(connection, row.id, row.model_id)
    connection.execute(delete(schema.person_references).where(references.person_id == person_id))
    return [row.id for row in rows]


def _erase_negatives(connection: Connection, person_id: str) -> int:
    negatives = schema.negatives
    gone = delete(negatives).where(negatives.c.person_id == person_id).returning(negatives.c.id, negatives.c.model_id)
    rows = connection.execute(gone).all()
    for row in rows:
        gallery.bury(connection, row.id, row.model_id)
    templates = schema.alert_templates
    connection.execute(delete(templates).where(templates.c.person_id == person_id))
    return len(rows)


def _erase_sightings(connection: Connection, person_id: str) -> tuple[int, int]:
    """Sightings, and pictures of alerts of their tracks from when they were nobody's yet."""
    sightings = schema.sightings.c
    rows = connection.execute(
        select(sightings.id, sightings.track_id).where(sightings.person_id == person_id)
    ).all()
    _, pictures = sighting_rows.doom_alerts(connection, [row.track_id for row in rows])
    return sighting_rows.remove(connection, [row.id for row in rows]), pictures


def _doom_pictures(connection: Connection, person_id: str) -> int:
    pictures = schema.alert_pictures.c
    theirs = pictures.alert_id.in_(select(schema.alerts.c.id).where(schema.alerts.c.person_id == person_id))
    # Both places: the file lies under its blob's name until it was moved.
    for place in (pictures.path, literal(f"{INCOMING}/") + pictures.blob_id + ".jpg"):
        connection.execute(insert(schema.doomed_files).from_select(["path"], select(place).where(theirs)))
    return connection.execute(delete(schema.alert_pictures).where(theirs)).rowcount


def _anonymise(
    connection: Connection, table: Table, trace: str, person_id: str, forgotten: Collection[str], **cleared: None
) -> int:
    theirs = or_(table.c.person_id == person_id, table.c.subject_id == person_id)
    rows = connection.execute(select(table.c.id, table.c[trace]).where(theirs)).all()
    for row in rows:
        told = blank(row[1], forgotten)
        words = {word: None for word in FREE_WORDS if word in told}
        values = {"person_id": None, "subject_id": ERASED, trace: {**told, **words}, **cleared}
        connection.execute(update(table).where(table.c.id == row.id).values(values))
    return len(rows)
