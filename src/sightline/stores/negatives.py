"""Negatives: faces of which somebody said that they are not this person, sealed with that person's key."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from sightline.events.alert import Alert
from sightline.exceptions import Conflict, NotFound
from sightline.identities.sighting import NegativeRecord, NewNegative
from sightline.identities.templates import TemplateProgress, UntemplatedNegative
from sightline.stores import alert_rows, gallery, schema, sighting_rows
from sightline.stores.database import Database
from sightline.stores.further_templates import FurtherTemplates
from sightline.stores.ids import new_id
from sightline.stores.pictures import AlertPictures
from sightline.stores.vault import Vault

__all__ = ["Negatives", "keep_template", "was_rejected"]

_NEGATIVES = schema.negatives.c
_ROWS = schema.sightings.c
_RECORD = select(
    _NEGATIVES.id, _NEGATIVES.person_id, _NEGATIVES.model_id, _NEGATIVES.source, _NEGATIVES.source_id, _NEGATIVES.by,
    _NEGATIVES.created_at_ms,
)  # fmt: skip
_BY_ID = _RECORD.where(_NEGATIVES.id == bindparam("negative_id"))
_SAID = _RECORD.where(
    _NEGATIVES.person_id == bindparam("person_id"),
    _NEGATIVES.source == bindparam("source"),
    _NEGATIVES.source_id == bindparam("source_id"),
)
_KEY = select(schema.people.c.sealed_key).where(schema.people.c.id == bindparam("person_id"))
_OF_ALERT = select(schema.alert_templates).where(schema.alert_templates.c.alert_id == bindparam("alert_id"))
_OF_TRACK = select(_ROWS.id, _ROWS.person_id).where(_ROWS.track_id == bindparam("track_id"))
_REJECTED = (
    select(_NEGATIVES.id)
    .join(schema.alerts, schema.alerts.c.id == _NEGATIVES.source_id)
    .join(schema.events, schema.events.c.id == schema.alerts.c.event_id)
    .where(
        _NEGATIVES.source == "alert",
        _NEGATIVES.person_id == bindparam("person_id"),
        schema.events.c.key.in_(bindparam("keys", expanding=True)),
    )
)

_TEMPLATES = FurtherTemplates(schema.negatives, "negative_id", schema.negative_templates, gallery.negative_context)
_UNTEMPLATED = (
    select(_NEGATIVES.id, _NEGATIVES.source, _NEGATIVES.source_id)
    .where(_TEMPLATES.missing)
    .order_by(_NEGATIVES.version)
    .limit(bindparam("count"))
)

ALERT, SIGHTING = "alert", "sighting"


class Negatives:
    """What was rejected, and the sightings that lose their name by it."""

    def __init__(self, database: Database, vault: Vault, pictures: AlertPictures) -> None:
        self._database = database
        self._vault = vault
        self._pictures = pictures

    async def reject_alert(self, alert_id: str, *, by: str, now_ms: int) -> NegativeRecord:
        """The person that this alert names is not who was seen. Saying so again changes nothing.

        Raises `NotFound`, and `Conflict` for an alert that names nobody or of whose face nothing is left.
        """

        def write(connection: Connection) -> NegativeRecord:
            alert = alert_rows.get(connection, alert_id)
            if alert.person_id is None:
                raise Conflict("this alert names nobody")
            new = NewNegative(alert.person_id, ALERT, alert_id, by)
            model_id, vector = self._face_of(connection, alert)
            said = self._write(connection, new, model_id, vector, now_ms)
            self._unname_track(connection, alert)
            return said

        return await self._database.write(write)

    async def reject_sighting(self, sighting_id: str, person_id: str, *, by: str, now_ms: int) -> NegativeRecord:
        """This sighting does not show this person; if it named them, it names nobody now. Saying so again changes
        nothing. Raises `NotFound`."""

        def write(connection: Connection) -> NegativeRecord:
            _, model_id, vector = sighting_rows.seal_of(connection, self._vault, sighting_id)
            new = NewNegative(person_id, SIGHTING, sighting_id, by)
            said = self._write(connection, new, model_id, vector, now_ms)
            if sighting_rows.get(connection, sighting_id).person_id == person_id:
                sighting_rows.move(connection, self._vault, [sighting_id], grouping=sighting_rows.DUE)
            return said

        return await self._database.write(write)

    async def list(self, person_id: str) -> Sequence[NegativeRecord]:
        """What was said of a person, oldest first. Raises `NotFound`."""
        query = _RECORD.where(_NEGATIVES.person_id == person_id).order_by(_NEGATIVES.version)

        def find(connection: Connection) -> Sequence[NegativeRecord]:
            if connection.execute(_KEY, {"person_id": person_id}).first() is None:
                raise NotFound("person", person_id)
            return [NegativeRecord(**row) for row in connection.execute(query).mappings()]

        return await self._database.read(find)

    async def undo(self, negative_id: str) -> NegativeRecord:
        """Takes it back; a sighting that lost its name by it has it again, unless it was enrolled as somebody else
        meanwhile. Raises `NotFound`."""

        def write(connection: Connection) -> NegativeRecord:
            row = connection.execute(_BY_ID, {"negative_id": negative_id}).mappings().one_or_none()
            if row is None:
                raise NotFound("negative", negative_id)
            said = NegativeRecord(**row)
            connection.execute(delete(schema.negatives).where(_NEGATIVES.id == negative_id))
            gallery.bury(connection, negative_id, said.model_id)
            self._name_again(connection, said)
            return said

        return await self._database.write(write, scrub=True)

    async def progress(self, model_id: str) -> TemplateProgress:
        """How far the negatives have templates of this model."""
        return await self._database.read(lambda connection: _TEMPLATES.progress(connection, model_id))

    async def untemplated(self, model_id: str, *, limit: int = 8) -> Sequence[UntemplatedNegative]:
        """Negatives without a template of this model, oldest first, with what is left of the face: the sample of the
        sighting, or else the picture of the alert. Raises `StoreError` for a tampered one."""

        def find(connection: Connection) -> list[tuple[str, bytes | None, str | None]]:
            found = []
            for row in connection.execute(_UNTEMPLATED, {"model": model_id, "count": limit}).all():
                alert_id = row.source_id if row.source == ALERT else None
                found.append((row.id, self._sample_of(connection, row.source, row.source_id), alert_id))
            return found

        untemplated = []
        for negative_id, sample, alert_id in await self._database.read(find):
            if sample is None and alert_id is not None:
                with contextlib.suppress(NotFound):
                    sample = await self._pictures.read(alert_id, "probe")
            untemplated.append(UntemplatedNegative(negative_id, sample))
        return untemplated

    async def keep_template(self, negative_id: str, model_id: str, vector: bytes | None, *, reason: str = "") -> bool:
        """Keeps a further template, sealed; `None` when there can be none, for this `reason`.

        False when the negative was taken back meanwhile, or has one already.
        """
        return await self._database.write(
            lambda connection: _TEMPLATES.keep(connection, self._vault, negative_id, model_id, vector, reason)
        )

    def _sample_of(self, connection: Connection, source: str, source_id: str) -> bytes | None:
        """The sample of the sighting that was rejected, or of the rejected alert's track; `None` when it is gone."""
        sighting_id: str | None = source_id
        if source == ALERT:
            try:
                sighting = self._sighting_of(connection, alert_rows.get(connection, source_id))
            except NotFound:
                return None
            sighting_id = sighting[0] if sighting is not None else None
        if sighting_id is None:
            return None
        try:
            return sighting_rows.sample_of(connection, self._vault, sighting_id)
        except NotFound:
            return None

    def _write(
        self, connection: Connection, new: NewNegative, model_id: str, vector: bytes, now_ms: int
    ) -> NegativeRecord:
        about = {"person_id": new.person_id, "source": new.source, "source_id": new.source_id}
        said = connection.execute(_SAID, about).mappings().one_or_none()
        if said is not None:
            return NegativeRecord(**said)
        key = connection.execute(_KEY, about).scalar_one_or_none()
        if key is None:
            raise NotFound("person", new.person_id)
        negative_id = new_id(now_ms)
        seal = self._vault.person(new.person_id, key)
        record = about | {"id": negative_id, "model_id": model_id, "by": new.by, "created_at_ms": now_ms}
        sealed = seal.seal(vector, gallery.negative_context(negative_id, model_id))
        row = record | {"version": gallery.next_version(connection), "sealed_vector": sealed}
        connection.execute(insert(schema.negatives), row)
        return NegativeRecord(**record)  # type: ignore[arg-type]

    def _face_of(self, connection: Connection, alert: Alert) -> tuple[str, bytes]:
        """The template that the alert was raised with; else that of its track's sighting."""
        row = connection.execute(_OF_ALERT, {"alert_id": alert.id}).one_or_none()
        if row is not None:
            key = connection.execute(_KEY, {"person_id": row.person_id}).scalar_one()
            seal = self._vault.person(row.person_id, key)
            return row.model_id, seal.open(row.sealed_vector, _alert_context(alert.id, row.model_id))
        sighting = self._sighting_of(connection, alert)
        if sighting is None:
            raise Conflict("nothing is left of this alert's face that could be remembered")
        _, model_id, vector = sighting_rows.seal_of(connection, self._vault, sighting[0])
        return model_id, vector

    def _unname_track(self, connection: Connection, alert: Alert) -> None:
        """The alert's track did not show the person either."""
        sighting = self._sighting_of(connection, alert)
        if sighting is not None and sighting[1] == alert.person_id:
            sighting_rows.move(connection, self._vault, [sighting[0]], grouping=sighting_rows.DUE)

    def _name_again(self, connection: Connection, said: NegativeRecord) -> None:
        if said.source == SIGHTING:
            row = connection.execute(select(_ROWS.id, _ROWS.person_id).where(_ROWS.id == said.source_id)).one_or_none()
            sighting = (row.id, row.person_id) if row is not None else None
        else:
            sighting = self._sighting_of(connection, alert_rows.get(connection, said.source_id))
        if sighting is None or sighting[1] is not None:
            return
        was = connection.execute(select(_ROWS.stranger_id).where(_ROWS.id == sighting[0])).scalar_one()
        sighting_rows.move(connection, self._vault, [sighting[0]], person_id=said.person_id)
        if was is not None:
            sighting_rows.drop_empty(connection, {was})

    def _sighting_of(self, connection: Connection, alert: Alert) -> tuple[str, str | None] | None:
        row = connection.execute(_OF_TRACK, {"track_id": alert.why.get("track_id")}).one_or_none()
        return (row.id, row.person_id) if row is not None else None


def keep_template(connection: Connection, vault: Vault, alert: Alert, model_id: str, vector: bytes) -> None:
    """Keeps, within the transaction that raised an alert, the template that it named its person by."""
    key = connection.execute(_KEY, {"person_id": alert.person_id}).scalar_one()
    assert alert.person_id is not None
    sealed = vault.person(alert.person_id, key).seal(vector, _alert_context(alert.id, model_id))
    row = {
        "alert_id": alert.id,
        "person_id": alert.person_id,
        "model_id": model_id,
        "sealed_vector": sealed,
        "created_at_ms": alert.created_at_ms,
    }
    connection.execute(insert(schema.alert_templates), row)


def was_rejected(connection: Connection, track_id: str, person_id: str) -> bool:
    """Whether somebody said of this track's alert that it does not show this person: its sighting may come later."""
    keys = [f"{track_id}:{person_id}", f"{track_id}:{person_id}:again"]
    return connection.execute(_REJECTED, {"person_id": person_id, "keys": keys}).first() is not None


def _alert_context(alert_id: str, model_id: str) -> str:
    return f"alert template/{alert_id}/{model_id}"
