"""Alerts as clients see them: ids joined with names and addresses of pictures, the same over REST and WebSocket."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sightline.deliveries.entry import Entry, EntryKind
from sightline.events.alert import Alert
from sightline.events.wire import encode_flat, encode_message
from sightline.exceptions import NotFound
from sightline.gateway.delivery.tail import Encoded
from sightline.gateway.directory import Directory
from sightline.gateway.ports import Store

__all__ = ["AlertViews"]

NONE_KNOWN: Mapping[str, Alert] = MappingProxyType({})


class AlertViews:
    """Joins and encodes. Every method reads names through the directory, so an erased name never comes back."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    async def alert(self, alert: Alert) -> dict[str, Any]:
        """The data of `alert_triggered`, with the alert's present state."""
        camera = await self._directory.cameras.find(alert.camera_id)
        watch_list = await self._directory.watch_lists.find(alert.watch_list_id)
        by = await self._directory.users.find(alert.by)
        data: dict[str, Any] = {
            "alert_id": alert.id,
            "offset": alert.offset,
            "type": alert.type.value,
            "severity": alert.severity.value,
            "camera": {
                "id": alert.camera_id,
                "name": camera.name if camera else "",
                "latitude": camera.latitude if camera else None,
                "longitude": camera.longitude if camera else None,
            },
            "person": await self._person(alert.person_id),
            "subject_id": alert.subject_id,
            "similarity": alert.similarity,
            "snapshot_url": f"/api/alerts/{alert.id}/snapshot" if alert.has_snapshot else None,
            "probe_url": f"/api/alerts/{alert.id}/probe" if alert.has_probe else None,
            "reference_url": f"/api/alerts/{alert.id}/reference" if alert.reference_id and alert.person_id else None,
            "watch_list": {"id": watch_list.id, "name": watch_list.name} if watch_list else None,
            "why": dict(alert.why),
            "timestamp": alert.captured_at_ms,
            "created_at": alert.created_at_ms,
            "state": alert.state.value,
            "verdict": alert.verdict.value if alert.verdict else None,
            "escalation_level": alert.escalation_level,
            "by": by.name if by else None,
            "at": alert.at_ms,
            "count": alert.count,
        }
        return data

    async def alerts(self, alerts: Iterable[Alert]) -> list[dict[str, Any]]:
        """Several of them."""
        return [await self.alert(alert) for alert in alerts]

    async def native(self, entries: Sequence[Entry], known: Mapping[str, Alert] = NONE_KNOWN) -> list[Encoded]:
        """Log entries as messages of the native protocol, each encoded once. Alerts that are not `known` are read."""
        alerts = await self._alerts_of(entries, known)
        encoded = []
        for entry in entries:
            alert = alerts.get(entry.alert_id)
            if alert is None:
                continue
            if entry.kind is EntryKind.ALERT_TRIGGERED:
                text = encode_message("alert_triggered", await self.alert(alert) | {"offset": entry.offset})
            else:
                text = encode_message("alert_updated", await self.update(entry))
            encoded.append(_encoded(entry, alert, text))
        return encoded

    async def anomalies(self, entries: Sequence[Entry], known: Mapping[str, Alert] = NONE_KNOWN) -> list[Encoded]:
        """The same as messages of the one-user dialect (`anomaly_detected`)."""
        triggered = [entry for entry in entries if entry.kind is EntryKind.ALERT_TRIGGERED]
        alerts = await self._alerts_of(triggered, known)
        return [
            _encoded(entry, alert, await self.anomaly(alert))
            for entry in triggered
            if (alert := alerts.get(entry.alert_id)) is not None
        ]

    async def anomaly(self, alert: Alert) -> str:
        """`{"type": "anomaly_detected", "stream_id", "result", "frame": base64 JPEG}`."""
        try:
            frame = base64.b64encode(await self._store.pictures.read(alert.id, "snapshot")).decode()
        except NotFound:
            frame = ""
        message = {
            "type": "anomaly_detected",
            "stream_id": alert.camera_id,
            "result": await self.alert(alert),
            "frame": frame,
        }
        return encode_flat(message)

    async def update(self, entry: Entry) -> dict[str, Any]:
        """The data of `alert_updated`."""
        by = await self._directory.users.find(entry.data.get("by"))
        data: dict[str, Any] = {
            "alert_id": entry.alert_id,
            "offset": entry.offset,
            **entry.data,
            "by": by.name if by else None,
        }
        if "responder" in data:
            responder = await self._directory.users.find(data["responder"])
            data["responder"] = {"id": responder.id, "name": responder.name} if responder else None
        return data

    async def _alerts_of(self, entries: Sequence[Entry], known: Mapping[str, Alert]) -> Mapping[str, Alert]:
        unknown = {entry.alert_id for entry in entries} - known.keys()
        return {**known, **await self._store.alerts.get_many(unknown)} if unknown else known

    async def _person(self, person_id: str | None) -> dict[str, Any] | None:
        person = await self._directory.people.find(person_id)
        if person is None:
            return None
        return {
            "id": person.id,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "age": person.age,
            "description": person.description,
        }


def _encoded(entry: Entry, alert: Alert, text: str) -> Encoded:
    return Encoded(entry.offset, entry.audience, text, len(text.encode()), alert.id, alert.camera_id)
