"""Alerts as clients hear of them (`sightline.events.spoken` lists every message)."""

from __future__ import annotations

from typing import Any, Literal

from sightline.events.spoken_value import Spoken

__all__ = [
    "AlertCamera",
    "AlertPerson",
    "AlertSnapshot",
    "AlertStateName",
    "AlertTriggered",
    "AlertUpdated",
    "AlertWatchList",
    "Recorded",
    "UpdatedResponder",
    "VerdictName",
]

AlertStateName = Literal["open", "acknowledged", "closed", "expired"]
VerdictName = Literal["confirmed", "rejected"]


class AlertCamera(Spoken, frozen=True):
    """Where it was; the position in WGS 84 degrees, if it is known."""

    id: str
    name: str
    latitude: float | None
    longitude: float | None


class AlertPerson(Spoken, frozen=True):
    """Who it was."""

    id: str
    first_name: str
    last_name: str
    age: int | None
    description: str


class AlertWatchList(Spoken, frozen=True):
    """Why this person matters."""

    id: str
    name: str


class AlertTriggered(Spoken, frozen=True):
    """A new alert, with its present state. An escalation sends it again to whoever is told now; `alert_id` is the
    alert's, `offset` the log entry's. `count` is how many like it were grouped into it."""

    alert_id: str
    offset: int
    type: str
    severity: Literal["info", "warning", "error", "critical"]
    camera: AlertCamera
    person: AlertPerson | None
    subject_id: str
    similarity: float | None
    snapshot_url: str | None
    probe_url: str | None
    reference_url: str | None
    watch_list: AlertWatchList | None
    why: dict[str, Any]
    timestamp: int
    created_at: int
    state: AlertStateName
    verdict: VerdictName | None
    escalation_level: int
    by: str | None
    at: int | None
    count: int


class AlertSnapshot(Spoken, frozen=True):
    """Every open alert and the log's top, read in one transaction. With `more`, further ones follow in another message
    of the same `offset`; `received` is said after the last."""

    alerts: list[AlertTriggered]
    offset: int
    more: bool = False


class UpdatedResponder(Spoken, frozen=True):
    """Whom an escalation told."""

    id: str
    name: str


class AlertUpdated(Spoken, frozen=True):
    """An alert's new state: taken, closed, expired, escalated (to a `responder`, or to everybody), or more of it."""

    alert_id: str
    offset: int
    state: AlertStateName
    escalation_level: int
    by: str | None
    at: int | None
    verdict: VerdictName | None = None
    count: int = 1
    responder: UpdatedResponder | None = None


class Recorded(Spoken, frozen=True):
    """The answer to `ack` (`first`: nobody had taken it before) and to `decline` (`declined`)."""

    alert_id: str
    state: AlertStateName
    by: str | None
    at: int | None
    verdict: VerdictName | None
    first: bool | None = None
    declined: bool | None = None
