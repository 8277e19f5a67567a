"""What the gateway says on `/ws/v1` (and, event by event, on Socket.IO), as types: the other half of `wire`.

The gateway encodes plain mappings, because names are joined into them at the last moment. These types say what is in
them, to the field: the reference is generated from them, and every message that a test hears is read by
`decode_spoken`, which refuses what is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

__all__ = [
    "GATEWAY_TYPES",
    "AiDetectionResult",
    "AiEngineStatus",
    "AlertAccepted",
    "AlertCamera",
    "AlertPerson",
    "AlertSnapshot",
    "AlertTriggered",
    "AlertUpdated",
    "AlertWatchList",
    "BulkStatusUpdate",
    "CameraStatusSpoken",
    "CaughtUp",
    "ChangeStreamQuality",
    "ConnectionEstablished",
    "CrowdAnalysis",
    "DetectedFace",
    "DetectedObject",
    "DutyStatus",
    "ErrorDetails",
    "ErrorSpoken",
    "FaceDetectionResult",
    "HeartbeatAckSpoken",
    "HeartbeatSpoken",
    "IdentificationSuccess",
    "Limits",
    "PersonErased",
    "PositionSpoken",
    "QualityChangeSuccess",
    "Recorded",
    "Refreshed",
    "Spoken",
    "StartStreamProcessing",
    "StopStreamProcessing",
    "StreamStartError",
    "StreamStartSuccess",
    "StreamStopSuccess",
    "SystemStatusUpdate",
    "UpdatedResponder",
    "decode_spoken",
]

AlertStateName = Literal["open", "acknowledged", "closed", "expired"]
VerdictName = Literal["confirmed", "rejected"]
CameraStateName = Literal["connecting", "online", "stalled", "offline", "disabled"]
QualityName = Literal["thumbnail", "sd", "hd"]


class Spoken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data of a message from the gateway. Times are milliseconds since the epoch."""


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
    """Every open alert and the log's top, read in one transaction."""

    alerts: list[AlertTriggered]
    offset: int


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


class PositionSpoken(Spoken, frozen=True):
    """Everything that is addressed to you in (from, to] has been sent: confirm with `received`."""

    from_: int = msgspec.field(name="from")
    to: int


class CaughtUp(Spoken, frozen=True):
    """The replay is over; what follows is new."""

    offset: int


class Recorded(Spoken, frozen=True):
    """The answer to `ack` (`first`: nobody had taken it before) and to `decline` (`declined`)."""

    alert_id: str
    state: AlertStateName
    by: str | None
    at: int | None
    verdict: VerdictName | None
    first: bool | None = None
    declined: bool | None = None


class DutyStatus(Spoken, frozen=True):
    """The answer to `duty`."""

    on: bool
    reason: str
    at: int


class DetectedFace(Spoken, frozen=True):
    """A face in a frame: `bbox` and `landmarks` in pixels of a frame of the message's width and height. `live` is how
    much it looks bona fide, 0 to 1, `body` the track of the person whose face it is; `null` where nobody can say."""

    bbox: tuple[float, float, float, float]
    confidence: float
    landmarks: list[tuple[float, float]]
    track_id: str
    identity: str
    is_known: bool
    person_id: str | None
    name: str | None
    similarity: float | None
    quality: float | None
    reasons: list[str]
    live: float | None
    body: str | None


class FaceDetectionResult(Spoken, frozen=True):
    """What a camera shows now. Not promised: the newest replaces one that was not sent."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    faces: list[DetectedFace]
    source: str


class DetectedObject(Spoken, frozen=True):
    """A person or thing in a frame: `person`, `vehicle`, `package`, `phone`, or whatever else the model knows."""

    label: str
    confidence: float
    bbox: tuple[float, float, float, float]
    track_id: str | None


class CrowdAnalysis(Spoken, frozen=True):
    """How many people there are: `crowd_level` is that of the larger count, `density_score` the share of the picture
    that people cover, 0 to 1 (`null` where an engine of another make did not say); `zones` counts the people in each
    zone."""

    face_count: int
    body_count: int
    crowd_level: Literal["empty", "low", "medium", "high", "very_high"]
    density_score: float | None
    zones: dict[str, int] = {}


class AiDetectionResult(Spoken, frozen=True):
    """The persons and things that a camera shows now, confirmed ones only, and the crowd. Not promised: the newest
    replaces one that was not sent. Where an engine of another make did not say the frame's size, `width` and `height`
    are 0, and `crowd_analysis` is `null` where it said nothing of it."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    detections: list[DetectedObject]
    crowd_analysis: CrowdAnalysis | None
    source: str


class StreamStartSuccess(Spoken, frozen=True):
    """The stream is ready: any player of MJPEG may open `stream_url` (`null` while no engine here sends pictures of
    this camera). `status` is the camera's."""

    request_id: str | None
    camera_id: str
    quality: QualityName
    stream_url: str | None
    status: CameraStateName


class StreamStartError(Spoken, frozen=True):
    """There is no such stream, and why."""

    request_id: str | None
    camera_id: str
    error: str
    code: Literal["INVALID_MESSAGE", "FORBIDDEN", "RATE_LIMITED", "PROCESSING_ERROR"]


class StreamStopSuccess(Spoken, frozen=True):
    """The stream has ended; also where there was none."""

    request_id: str | None
    camera_id: str
    quality: QualityName | None


class QualityChangeSuccess(Spoken, frozen=True):
    """The stream has the new quality, at the old address and at this one."""

    request_id: str | None
    camera_id: str
    new_quality: QualityName
    stream_url: str | None


class StartStreamProcessing(Spoken, frozen=True):
    """To an engine of another make: somebody wants to see this camera's results. `rtsp_url` has its credentials."""

    camera_id: str
    rtsp_url: str
    quality: QualityName
    request_id: str


class StopStreamProcessing(Spoken, frozen=True):
    """To an engine of another make: nobody does any more."""

    camera_id: str
    request_id: str


class ChangeStreamQuality(Spoken, frozen=True):
    """To an engine of another make: another quality is wanted."""

    camera_id: str
    new_quality: QualityName
    request_id: str


class AlertAccepted(Spoken, frozen=True):
    """To an engine of another make: its alert is on disk, or was already (`duplicate`). `raised` is the id of the alert
    that people are told of; none where a rule keeps it quiet."""

    alert_id: str
    raised: str | None
    duplicate: bool


class PersonErased(Spoken, frozen=True):
    """Somebody was erased: forget every name and picture of this person at once."""

    person_id: str


class CameraStatusSpoken(Spoken, frozen=True):
    """A camera's state, why, and since when."""

    camera_id: str
    status: CameraStateName
    reason: str
    timestamp: int


class BulkStatusUpdate(Spoken, frozen=True):
    """The state of every camera, once after identifying."""

    cameras: list[CameraStatusSpoken]


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
