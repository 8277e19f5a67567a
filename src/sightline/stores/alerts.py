"""Alerts: accepted facts that people are told about, and what people answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, select

from sightline.deliveries.records import Accepted, Acknowledged, Forgotten, Snapshot
from sightline.events.alert import Alert, AlertState, Verdict, check_move
from sightline.events.event import Decide, Event
from sightline.stores import acceptance, alert_rows, log, negatives, schema
from sightline.stores.database import Database
from sightline.stores.forgetting import forget
from sightline.stores.pictures import AlertPictures
from sightline.stores.vault import Vault

__all__ = ["Alerts", "Recorded", "expire", "raised"]

_ALERTS = schema.alerts.c
_TAGS = schema.alert_tags.c


class Recorded(NamedTuple):
    """What accepting an event wrote: its outcome, and the pictures that are an alert's now."""

    accepted: Accepted
    claimed: dict[str, str]


def raised(results: Iterable[object]) -> list[Alert]:
    """The new alerts among what the writes of a commit returned, as they are on disk."""
    accepted = [result.accepted for result in results if isinstance(result, Recorded)]
    return [one.alert for one in accepted if one.alert is not None and not one.duplicate]


class Alerts:
    """Every method that writes appends to the log in the same transaction."""

    def __init__(self, database: Database, pictures: AlertPictures, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._pictures = pictures

    async def accept(self, event: Event, decide: Decide, *, blobs: dict[str, str], now_ms: int) -> Accepted:
        """Event, alert and log entries in one transaction; a key that was accepted before changes nothing.

        `decide` is called inside the transaction, on the writer's thread: it must be pure, quick, and may be called
        again when the disk fails. `blobs` maps picture roles to incoming blob ids: those that are there become the
        alert's, all others are dropped. Raises `Unavailable` when the disk is full or too many writes wait; then
        nothing is kept.
        """

        def write(connection: Connection) -> Recorded:
            accepted = acceptance.accept(connection, event, decide, self._pictures, blobs, now_ms)
            alert, template = accepted.alert, event.template
            if alert is not None and alert.person_id is not None and template is not None and not accepted.duplicate:
                negatives.keep_template(connection, self._vault, alert, *template)
            return Recorded(accepted, self._pictures.claimed(connection, blobs.values()) if blobs else {})

        accepted, claimed = await self._database.write(write)
        if blobs:
            await self._pictures.settle(blobs.values(), claimed)
        return accepted

    async def get(self, alert_id: str) -> Alert:
        """Raises `NotFound`."""
        return await self._database.read(lambda c: alert_rows.get(c, alert_id))

    async def get_many(self, alert_ids: Collection[str]) -> dict[str, Alert]:
        """Those of these alerts that there are, by id."""
        return await self._database.read(lambda c: alert_rows.find_many(c, alert_ids))

    async def list(
        self, *, tags: frozenset[str], states: Collection[AlertState] | None = None, before: int | None = None,
        person_id: str | None = None, camera_id: str | None = None, limit: int = 50,
    ) -> list[Alert]:  # fmt: skip
        """Newest first, those addressed to one of `tags`; `before` is an alert's offset."""
        query = alert_rows.ALERTS.where(_addressed(tags)).order_by(_ALERTS.offset.desc()).limit(limit)
        if states is not None:
            query = query.where(_ALERTS.state.in_([state.value for state in states]))
        if before is not None:
            query = query.where(_ALERTS.offset < before)
        if person_id is not None:
            query = query.where(_ALERTS.person_id == person_id)
        if camera_id is not None:
            query = query.where(_ALERTS.camera_id == camera_id)
        return await self._database.read(lambda c: alert_rows.find(c, query, {}))

    async def snapshot(self, tags: frozenset[str]) -> Snapshot:
        """The open alerts addressed to one of `tags`, oldest first, and the log's bounds at the same moment."""
        is_open = _ALERTS.state == AlertState.OPEN.value
        query = alert_rows.ALERTS.where(is_open, _addressed(tags)).order_by(_ALERTS.offset)
        return await self._database.read(lambda c: Snapshot(alert_rows.find(c, query, {}), log.bounds(c)))

    async def acknowledge(self, alert_id: str, *, by: str, verdict: Verdict | None, now_ms: int) -> Acknowledged:
        """First one wins. Whoever took it may still add or change the verdict; anybody else is told who it was.

        Raises `NotFound`, and `Conflict` for an alert that ended without anybody taking it.
        """

        def write(connection: Connection) -> Acknowledged:
            alert = alert_rows.get(connection, alert_id)
            if alert.state is AlertState.OPEN:
                taken = dataclasses.replace(alert, state=AlertState.ACKNOWLEDGED, by=by, at_ms=now_ms, verdict=verdict)
                alert_rows.change(connection, alert, taken, now_ms=now_ms)
                return Acknowledged(taken, first=True)
            if alert.by is None:
                check_move(alert.state, AlertState.ACKNOWLEDGED)
            if alert.by == by and verdict not in (None, alert.verdict):
                judged = dataclasses.replace(alert, verdict=verdict)
                alert_rows.change(connection, alert, judged, now_ms=now_ms)
                return Acknowledged(judged, first=False)
            return Acknowledged(alert, first=False)

        return await self._database.write(write)

    async def close(self, alert_id: str, *, by: str, now_ms: int) -> Alert:
        """Raises `NotFound`, and `Conflict` for an alert that is closed or expired."""
        return await self._database.write(
            lambda c: acceptance.close(c, alert_rows.get(c, alert_id), by=by, now_ms=now_ms)
        )

    async def forget(self, before_ms: int, *, most: int) -> Forgotten:
        """Deletes at most `most` events, and `most` alerts that are over, from before that time, with pictures."""
        forgotten = await forget(self._database, before_ms, most)
        if forgotten.pictures:
            await self._pictures.remove_doomed()
        return forgotten


def expire(connection: Connection, up_to_offset: int, at_ms: int) -> None:
    """Expires the open alerts whose first entry is at or below an offset."""
    query = alert_rows.ALERTS.where(_ALERTS.state == AlertState.OPEN.value, _ALERTS.offset <= up_to_offset)
    for alert in alert_rows.find(connection, query.order_by(_ALERTS.offset), {}):
        expired = dataclasses.replace(alert, state=AlertState.EXPIRED, at_ms=at_ms)
        alert_rows.change(connection, alert, expired, now_ms=at_ms)


def _addressed(tags: frozenset[str]) -> ColumnElement[bool]:
    return exists(select(_TAGS.alert_id).where(_TAGS.alert_id == _ALERTS.id, _TAGS.tag.in_(sorted(tags))))
