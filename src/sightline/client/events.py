"""What an application is told, as values.

Names and units are the protocol's: times are milliseconds since the epoch, boxes `[x1, y1, x2, y2]` in pixels of a
frame whose `width` and `height` travel with them. Fields that a newer server adds are ignored, fields that an older
one leaves out have defaults.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import msgspec

from sightline.client.closing import StopReason
from sightline.deliveries.entry import Cursor

__all__ = [
    "Alert",
    "AlertAccepted",
    "AlertCamera",
    "AlertList",
    "AlertPerson",
    "AlertSnapshot",
    "AlertTriggered",
    "AlertUpdated",
    "CameraChanged",
    "CaughtUp",
    "Connection",
    "ConnectionChanged",
    "ConnectionState",
    "Crowd",
    "DetectedObject",
    "DetectionResult",
    "DutyStatus",
    "EngineChanged",
    "Event",
    "Face",
    "FaceResult",
    "Gap",
    "PersonErased",
    "Picture",
    "Problem",
    "QualityChanged",
    "Recorded",
    "Statistics",
    "StreamFailed",
    "StreamStarted",
    "StreamStopped",
    "StreamWanted",
    "SystemStatus",
]


class _Words(msgspec.Struct, frozen=True, kw_only=True):
    """The server's words."""


class AlertCamera(_Words, frozen=True):
    """The camera of an alert; degrees are WGS 84."""

    id: str = ""
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None


class AlertPerson(_Words, frozen=True):
    """Whom an alert is about."""

    id: str
    first_name: str = ""
    last_name: str = ""
    age: int | None = None
    description: str = ""


class AlertList(_Words, frozen=True):
    """The watch list that matched."""

    id: str
    name: str = ""


class Alert(_Words, frozen=True):
    """An alert. `offset` is its place in the log, `why` the trace of the decision, `timestamp` the capture time.

    Pictures are fetched from the server with the same bearer token. `by` took it, at `at`.
    """

    alert_id: str
    offset: int = 0
    type: str = ""
    severity: str = ""
    camera: AlertCamera = AlertCamera()
    person: AlertPerson | None = None
    similarity: float | None = None
    watch_list: AlertList | None = None
    snapshot_url: str | None = None
    probe_url: str | None = None
    reference_url: str | None = None
    why: dict[str, Any] | str | None = None
    timestamp: int = 0
    created_at: int = 0
    state: str = "open"
    verdict: str | None = None
    escalation_level: int = 0
    by: str | None = None
    at: int | None = None


class AlertUpdated(_Words, frozen=True):
    """An alert has a new state: `open`, `acknowledged`, `closed` or `expired`."""

    alert_id: str
    state: str
    offset: int = 0
    verdict: str | None = None
    escalation_level: int = 0
    by: str | None = None
    at: int | None = None


class CaughtUp(_Words, frozen=True):
    """The replay is over; what follows is new."""

    offset: int


class Recorded(_Words, frozen=True):
    """The answer to an acknowledgement; `first` is false when somebody had taken the alert before: then `by` did.

    `declined` is true in the answer to a decline.
    """

    alert_id: str
    state: str
    by: str | None = None
    at: int | None = None
    verdict: str | None = None
    first: bool | None = True
    declined: bool | None = False


class CameraChanged(_Words, frozen=True):
    """A camera's state: `connecting`, `online`, `stalled`, `offline` or `disabled`. Only the newest is kept."""

    camera_id: str
    status: str = ""
    reason: str = ""
    timestamp: int | None = None


class EngineChanged(_Words, frozen=True):
    """An engine is `connected` or `disconnected`. Only the newest is kept."""

    engine_id: str
    status: str
    reason: str | None = None


class Face(_Words, frozen=True):
    """A face of a frame; `identity` is `pending`, `known` or `unknown`. `live` is how much it looks bona fide, 0 to 1;
    `body` the track of the person whose face it is.
    """

    bbox: tuple[float, float, float, float]
    confidence: float = 0.0
    track_id: str = ""
    identity: str = "pending"
    is_known: bool = False
    person_id: str | None = None
    name: str | None = None
    similarity: float | None = None
    quality: float | None = None
    landmarks: tuple[tuple[float, float], ...] | None = None
    reasons: tuple[str, ...] = ()
    live: float | None = None
    body: str | None = None


class FaceResult(_Words, frozen=True):
    """The faces of one frame. Disposable: the newest of a camera replaces one that was not taken yet."""

    camera_id: str
    frame_id: int
    timestamp: int = 0
    width: int = 0
    height: int = 0
    faces: tuple[Face, ...] = ()
    source: str = ""


class DetectedObject(_Words, frozen=True):
    """A person or thing of a frame: `person`, `vehicle`, `package`, `phone`, or whatever else the model knows."""

    label: str
    bbox: tuple[float, float, float, float]
    confidence: float = 0.0
    track_id: str | None = None


class Crowd(_Words, frozen=True):
    """How many people a frame shows; `crowd_level` is `empty`, `low`, `medium`, `high` or `very_high`,
    `density_score` the share of the picture that they cover, 0 to 1, where it is known. `zones` counts them by zone.
    """

    face_count: int = 0
    body_count: int = 0
    crowd_level: str = "empty"
    density_score: float | None = None
    zones: dict[str, int] = {}


class DetectionResult(_Words, frozen=True):
    """The persons and things of one frame, and the crowd. Disposable, like `FaceResult`; `source` names the engine."""

    camera_id: str
    frame_id: int
    timestamp: int = 0
    width: int = 0
    height: int = 0
    detections: tuple[DetectedObject, ...] = ()
    crowd_analysis: Crowd | None = None
    source: str = ""


class DutyStatus(_Words, frozen=True):
    """The answer to `set_duty`: whether the user is on duty, said at `at`."""

    on: bool
    at: int
    reason: str = ""


class StreamStarted(_Words, frozen=True):
    """A stream is ready, also again after a reconnection: then `stream_url` is another. `None`: nobody sends pictures
    of this camera now."""

    camera_id: str
    quality: str
    stream_url: str | None = None
    status: str = ""
    request_id: str | None = None


class StreamFailed(_Words, frozen=True):
    """There is no such stream; `error` says why in plain words."""

    camera_id: str
    error: str
    code: str = ""
    request_id: str | None = None


class StreamStopped(_Words, frozen=True):
    """A stream has ended."""

    camera_id: str
    quality: str | None = None
    request_id: str | None = None


class QualityChanged(_Words, frozen=True):
    """A stream has another quality, at its old address and at this one."""

    camera_id: str
    new_quality: str
    stream_url: str | None = None
    request_id: str | None = None


class PersonErased(_Words, frozen=True):
    """Somebody was erased: whatever shows them has to forget them now."""

    person_id: str


class SystemStatus(_Words, frozen=True):
    """What is wrong with the system as a whole. Only the newest is kept."""

    gateways: int = 0
    engines: int = 0
    warnings: tuple[str, ...] = ()


class AlertAccepted(_Words, frozen=True):
    """An engine's alert is on the server's disk, or was already (`duplicate`). `raised` is the id of the alert that
    people are told of; none where a rule keeps it quiet."""

    alert_id: str
    raised: str | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class StreamWanted:
    """To a program that is an engine: look at this source; with `quality` `None`, no longer."""

    camera_id: str
    rtsp_url: str | None
    quality: str | None


class Problem(_Words, frozen=True):
    """The server's `error`, or a message of its that cannot be read. Only the newest is kept."""

    code: str
    message: str
    details: Any = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A camera's picture; the boxes of the `FaceResult` of the same `frame_id` belong over it. Newest wins."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class AlertTriggered:
    """A new alert, once for each `alert_id`. `replay` is true for what happened before this connection."""

    alert: Alert
    replay: bool


@dataclass(frozen=True, slots=True)
class AlertSnapshot:
    """All open alerts, instead of history: on a new device and after `Gap`."""

    alerts: tuple[Alert, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries after `before` are missing for good (the log is kept for a limited time, or was restored)."""

    before: Cursor | None


class ConnectionState(enum.StrEnum):
    """`connected` means: the socket is open, the server does not know yet who we are."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    AUTHENTICATED = "authenticated"


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything a user interface needs to tell the truth about the connection.

    `reason` says in plain words why it is not authenticated. `retry_at_ms` is when the next attempt is due,
    `lost_at_ms` when the connection was lost, `stopped` why no further attempt will be made.
    """

    state: ConnectionState = ConnectionState.DISCONNECTED
    reason: str = ""
    retry_at_ms: int | None = None
    lost_at_ms: int | None = None
    stopped: StopReason | None = None


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection has a new state. Only the newest is kept."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Statistics:
    """The connection in numbers; `queue_size` counts acknowledgements and alerts that the server has not yet."""

    connection_state: ConnectionState
    messages_sent: int
    messages_received: int
    queue_size: int


Event = (
    AlertTriggered
    | AlertUpdated
    | AlertSnapshot
    | Gap
    | CaughtUp
    | CameraChanged
    | EngineChanged
    | FaceResult
    | DetectionResult
    | Picture
    | DutyStatus
    | StreamStarted
    | StreamFailed
    | StreamStopped
    | QualityChanged
    | StreamWanted
    | PersonErased
    | SystemStatus
    | Problem
    | ConnectionChanged
)
