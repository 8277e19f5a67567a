"""The native protocol's messages as a client reads them (`/ws/v1`).

A client has to live with servers newer and older than itself: types it does not know are passed over, unknown fields
ignored. What it cannot read at all raises `WireError`, and the session goes on.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sightline.client.events import (
    Alert,
    AlertAccepted,
    AlertUpdated,
    CameraChanged,
    CaughtUp,
    DetectionResult,
    DutyStatus,
    EngineChanged,
    FaceResult,
    PersonErased,
    Picture,
    Problem,
    QualityChanged,
    Recorded,
    StreamFailed,
    StreamStarted,
    StreamStopped,
    SystemStatus,
)
from sightline.client.reports import StreamTask
from sightline.exceptions import WireError

__all__ = [
    "BulkStatus",
    "ConnectionEstablished",
    "Heartbeat",
    "HeartbeatAck",
    "IdentificationSuccess",
    "OpenAlerts",
    "Position",
    "Refreshed",
    "ServerMessage",
    "StateMessage",
    "decode_picture",
    "decode_server_message",
]

LENGTH_BYTES = 4
LONGEST_HEADER_BYTES = 65_536

Time = int | float | str | None


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    pass


class ConnectionEstablished(_Data, frozen=True):
    """`connection_established`: the server accepted the socket."""

    heartbeat_interval: float | None = None
    server_time: Time = None


class IdentificationSuccess(_Data, frozen=True):
    """`identification_success`: who we are is known; `mode` is `live`, `resumed` or `gap`."""

    epoch: str
    offset: int
    mode: str


class Heartbeat(_Data, frozen=True):
    """`heartbeat`: the server asks for a sign of life."""

    server_time: Time = None


class HeartbeatAck(_Data, frozen=True):
    """`heartbeat_ack`: the server's sign of life."""


class OpenAlerts(_Data, frozen=True):
    """`alert_snapshot`; with `more`, one of several."""

    alerts: tuple[Alert, ...]
    offset: int
    more: bool = False


class Position(_Data, frozen=True):
    """`position`: everything addressed to us in (`start`, `to`] has been sent."""

    start: int = msgspec.field(name="from")
    to: int


class BulkStatus(_Data, frozen=True):
    """`bulk_status_update`: all cameras."""

    cameras: tuple[CameraChanged, ...]


class Refreshed(_Data, frozen=True):
    """`refreshed`: the newer token is good until `expires_at`."""

    expires_at: int


StateMessage = (
    Alert
    | AlertUpdated
    | OpenAlerts
    | Position
    | CaughtUp
    | Recorded
    | CameraChanged
    | BulkStatus
    | EngineChanged
    | FaceResult
    | DetectionResult
    | DutyStatus
    | StreamStarted
    | StreamFailed
    | StreamStopped
    | QualityChanged
    | PersonErased
    | SystemStatus
    | AlertAccepted
    | StreamTask
)
"""What a server says to a client that it knows, about the world and not about the connection."""

ServerData = (
    ConnectionEstablished | IdentificationSuccess | Heartbeat | HeartbeatAck | Refreshed | Problem | StateMessage
)


class ServerMessage(msgspec.Struct, frozen=True):
    """A message from the server: its `id` (that of the question), data and type."""

    id: str | None
    data: ServerData
    type: str = ""


class _Envelope(msgspec.Struct):
    type: str
    id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _PictureHeader(_Data, frozen=True):
    camera_id: str
    frame_id: int
    timestamp: int = 0
    width: int = 0
    height: int = 0


_TYPES: Mapping[str, type[ServerData]] = {
    "connection_established": ConnectionEstablished,
    "identification_success": IdentificationSuccess,
    "heartbeat": Heartbeat,
    "heartbeat_ack": HeartbeatAck,
    "alert_triggered": Alert,
    "alert_updated": AlertUpdated,
    "alert_snapshot": OpenAlerts,
    "position": Position,
    "caught_up": CaughtUp,
    "recorded": Recorded,
    "refreshed": Refreshed,
    "bulk_status_update": BulkStatus,
    "stream_status_update": CameraChanged,
    "camera_online": CameraChanged,
    "camera_offline": CameraChanged,
    "ai_engine_status": EngineChanged,
    "face_detection_result": FaceResult,
    "ai_detection_result": DetectionResult,
    "duty_status": DutyStatus,
    "stream_start_success": StreamStarted,
    "stream_start_error": StreamFailed,
    "stream_stop_success": StreamStopped,
    "quality_change_success": QualityChanged,
    "person_erased": PersonErased,
    "system_status_update": SystemStatus,
    "alert_accepted": AlertAccepted,
    "start_stream_processing": StreamTask,
    "change_stream_quality": StreamTask,
    "stop_stream_processing": StreamTask,
    "error": Problem,
}
_STATUSES: Mapping[str, str] = {"camera_online": "online", "camera_offline": "offline"}
"""What these types say by their name alone."""

_envelopes = msgspec.json.Decoder(_Envelope)
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in _TYPES.items()}
_picture_headers = msgspec.json.Decoder(_PictureHeader)


def decode_server_message(text: str) -> ServerMessage | None:
    """A server's message; `None` for a type that this client does not know. Raises `WireError`."""
    kind = "message"
    try:
        envelope = _envelopes.decode(text)
        kind = envelope.type
        decoder = _decoders.get(kind)
        if decoder is None:
            return None
        data = decoder.decode(envelope.data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise WireError(f"the server's `{kind}` cannot be read: {problem}") from None
    if isinstance(data, CameraChanged) and not data.status:
        data = msgspec.structs.replace(data, status=_STATUSES.get(kind, ""))
    return ServerMessage(envelope.id, data, kind)


def decode_picture(message: bytes) -> Picture:
    """A binary message: 4-byte big-endian length of a JSON header, the header, the JPEG. Raises `WireError`."""
    end = LENGTH_BYTES + int.from_bytes(message[:LENGTH_BYTES], "big")
    if not LENGTH_BYTES < end <= min(len(message), LENGTH_BYTES + LONGEST_HEADER_BYTES):
        raise WireError("the server's picture has no header")
    try:
        header = _picture_headers.decode(message[LENGTH_BYTES:end])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise WireError(f"the header of the server's picture cannot be read: {problem}") from None
    return Picture(header.camera_id, header.frame_id, header.timestamp, header.width, header.height, message[end:])
