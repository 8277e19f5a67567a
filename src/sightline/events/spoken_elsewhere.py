"""What the gateway says in the dialects without an envelope, `/ws/alerts` and `/ws/field`, as types like `spoken`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sightline.events.spoken import ErrorSpoken
from sightline.events.spoken_alert import AlertCamera, AlertTriggered
from sightline.events.spoken_value import Spoken

__all__ = [
    "ALERTS_MESSAGES",
    "FIELD_MESSAGES",
    "AlertsError",
    "AnomalyDetected",
    "Beat",
    "FieldAlert",
    "FieldContext",
    "FieldEcho",
    "FieldError",
]


class AnomalyDetected(Spoken, frozen=True):
    """`/ws/alerts`: an alert, with its picture as base64 JPEG (empty where there is none). `stream_id` is the camera's
    id."""

    type: Literal["anomaly_detected"]
    stream_id: str
    result: AlertTriggered
    frame: str


class Beat(Spoken, frozen=True):
    """`/ws/alerts`: a `ping`, to be answered, or the `pong` that answers one. Times as ISO 8601."""

    type: Literal["ping", "pong"]
    timestamp: str


class AlertsError(Spoken, frozen=True):
    """`/ws/alerts`: what was asked could not be done."""

    type: Literal["error"]
    data: ErrorSpoken


class FieldContext(Spoken, frozen=True):
    """Who was seen where. `url` is the camera's source without credentials; somebody unknown has no age."""

    id: str
    first_name: str
    last_name: str
    age: int | None
    description: str
    url: str | None
    camera: AlertCamera | None


class FieldAlert(Spoken, frozen=True):
    """`/ws/field`: an alert, to every page (`all_clients`) and to the nearest phone (`nearest_client`)."""

    event: Literal["all_clients", "nearest_client"]
    context: FieldContext


class FieldEcho(Spoken, frozen=True):
    """`/ws/field`: what some client said, as it said it."""

    echo: Any


class FieldError(Spoken, frozen=True):
    """`/ws/field`: what was wrong; a close follows unless the code is `RATE_LIMITED`."""

    event: Literal["error"]
    context: ErrorSpoken


ALERTS_MESSAGES: Mapping[str, type[Spoken]] = {
    "anomaly_detected": AnomalyDetected,
    "ping": Beat,
    "pong": Beat,
    "error": AlertsError,
}
"""Each message that a gateway sends on `/ws/alerts`, by `type`."""

FIELD_MESSAGES: Mapping[str, type[Spoken]] = {
    "all_clients": FieldAlert,
    "nearest_client": FieldAlert,
    "echo": FieldEcho,
    "error": FieldError,
}
"""Each message that a gateway sends on `/ws/field`, by `event`."""
