"""What the gateway says on `/ws/v1` (and, event by event, on Socket.IO), as types: the other half of `wire`.

The gateway encodes plain mappings, because names are joined into them at the last moment. These types say what is in
them, to the field: the reference is generated from them, and every message that a test hears is read by
`decode_spoken`, which refuses what is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from sightline.events.spoken_alert import AlertSnapshot, AlertTriggered, AlertUpdated, Recorded
from sightline.events.spoken_scene import AiDetectionResult, BulkStatusUpdate, CameraStatusSpoken, FaceDetectionResult
from sightline.events.spoken_stream import (
    ChangeStreamQuality,
    QualityChangeSuccess,
    StartStreamProcessing,
    StopStreamProcessing,
    StreamStartError,
    StreamStartSuccess,
    StreamStopSuccess,
)
from sightline.events.spoken_value import Spoken

__all__ = [
    "AiEngineStatus",
    "AlertAccepted",
    "CaughtUp",
    "ConnectionEstablished",
    "DutyStatus",
    "ErrorDetails",
    "ErrorSpoken",
    "GATEWAY_TYPES",
    "HeartbeatAckSpoken",
    "HeartbeatSpoken",
    "IdentificationSuccess",
    "Limits",
    "PersonErased",
    "PositionSpoken",
    "Refreshed",
    "SystemStatusUpdate",
    "decode_spoken",
]


class Limits(Spoken, frozen=True):
    """How much a client may have outstanding, and how many cameras it may subscribe to."""

    credit_entries: int
    credit_bytes: int
    max_subscriptions: int


class ConnectionEstablished(Spoken, frozen=True):
    """The connection is accepted: identify now. `heartbeat_interval` is in milliseconds."""

    client_id: str
    server_time: int
    supported_protocols: list[str]
    heartbeat_interval: int


class IdentificationSuccess(Spoken, frozen=True):
    """The client is who it says. `offset` is the top of the log; `gap`: what was missed cannot be sent, a snapshot
    follows."""

    client_id: str
    client_type: str
    authenticated: bool
    epoch: str
    offset: int
    mode: Literal["live", "resumed", "gap"]
    limits: Limits


class HeartbeatSpoken(Spoken, frozen=True):
    """Is the client there? Answer with `heartbeat_ack`."""

    server_time: int


class HeartbeatAckSpoken(Spoken, frozen=True):
    """The answer to the client's heartbeat, with its own time."""

    client_time: int | float | str | None
    server_time: int


class Refreshed(Spoken, frozen=True):
    """The newer token is good until then."""

    expires_at: int


class PositionSpoken(Spoken, frozen=True):
    """Everything that is addressed to you in (from, to] has been sent: confirm with `received`."""

    from_: int = msgspec.field(name="from")
    to: int


class CaughtUp(Spoken, frozen=True):
    """The replay is over; what follows is new."""

    offset: int


class DutyStatus(Spoken, frozen=True):
    """The answer to `duty`."""

    on: bool
    reason: str
    at: int


class AlertAccepted(Spoken, frozen=True):
    """To an engine of another make: its alert is on disk, or was already (`duplicate`). `raised` is the id of the alert
    that people are told of; none where a rule keeps it quiet."""

    alert_id: str
    raised: str | None
    duplicate: bool


class PersonErased(Spoken, frozen=True):
    """Somebody was erased: forget every name and picture of this person at once."""

    person_id: str


class AiEngineStatus(Spoken, frozen=True):
    """An engine came or went."""

    engine_id: str
    status: Literal["connected", "disconnected"]
    reason: str
    capabilities: list[str]
    load: float | None


class ErrorDetails(Spoken, frozen=True):
    """Where in the message."""

    path: str


class ErrorSpoken(Spoken, frozen=True):
    """A message could not be done. The connection stays open unless a close follows."""

    code: Literal[
        "INVALID_MESSAGE",
        "INVALID_CLIENT_TYPE",
        "AUTH_FAILED",
        "FORBIDDEN",
        "RATE_LIMITED",
        "PROCESSING_ERROR",
        "CONNECTION_LIMIT",
        "SYSTEM_FULL",
    ]
    message: str
    details: ErrorDetails | None = None
    request_id: str | None = None


class SystemStatusUpdate(Spoken, frozen=True):
    """What is wrong with the system as a whole, said when it changes: a full spool, a full disk."""

    gateways: int
    engines: int
    warnings: list[str]


GATEWAY_TYPES: Mapping[str, type[Spoken]] = {
    "connection_established": ConnectionEstablished,
    "identification_success": IdentificationSuccess,
    "heartbeat": HeartbeatSpoken,
    "heartbeat_ack": HeartbeatAckSpoken,
    "refreshed": Refreshed,
    "alert_snapshot": AlertSnapshot,
    "alert_triggered": AlertTriggered,
    "alert_updated": AlertUpdated,
    "position": PositionSpoken,
    "caught_up": CaughtUp,
    "recorded": Recorded,
    "duty_status": DutyStatus,
    "face_detection_result": FaceDetectionResult,
    "ai_detection_result": AiDetectionResult,
    "stream_start_success": StreamStartSuccess,
    "stream_start_error": StreamStartError,
    "stream_stop_success": StreamStopSuccess,
    "quality_change_success": QualityChangeSuccess,
    "bulk_status_update": BulkStatusUpdate,
    "stream_status_update": CameraStatusSpoken,
    "camera_online": CameraStatusSpoken,
    "camera_offline": CameraStatusSpoken,
    "ai_engine_status": AiEngineStatus,
    "system_status_update": SystemStatusUpdate,
    "person_erased": PersonErased,
    "start_stream_processing": StartStreamProcessing,
    "stop_stream_processing": StopStreamProcessing,
    "change_stream_quality": ChangeStreamQuality,
    "alert_accepted": AlertAccepted,
    "error": ErrorSpoken,
}
"""The data of each message that a gateway sends, by type."""


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    data: msgspec.Raw
    id: str | None = None


def decode_spoken(text: str | bytes) -> tuple[str, Spoken]:
    """A message from the gateway: its type and its data. Raises `msgspec.ValidationError` for anything that is not as
    this module says, `KeyError` for a type that is not here."""
    envelope = msgspec.json.decode(text, type=_Envelope)
    return envelope.type, msgspec.json.decode(envelope.data, type=GATEWAY_TYPES[envelope.type])
