"""The native protocol's messages (`/ws/v1`): what a client may say, checked, and how the gateway's words are encoded.

Every message is `{"type": str, "id"?: str, "data": {...}}`. Malformed JSON is fatal (`WireError.fatal`); an unknown
type, a missing field or a wrong value is not: the error names the field's path and the connection stays open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from sightline.exceptions import WireError

__all__ = [
    "CLIENT_MESSAGES",
    "ENGINE_REPORTS",
    "Ack",
    "AiDetectionReport",
    "AlertReport",
    "AlertReportCamera",
    "ClientData",
    "ClientMessage",
    "Decline",
    "Duty",
    "EngineReport",
    "FaceDetectionReport",
    "Heartbeat",
    "HeartbeatAck",
    "Identify",
    "Location",
    "LocationUpdate",
    "Received",
    "Refresh",
    "ReportedCrowd",
    "ReportedDetection",
    "ReportedFace",
    "Resume",
    "StreamQualityChange",
    "StreamRequest",
    "StreamStartRequest",
    "StreamStopRequest",
    "SubscribeCamera",
    "UnsubscribeCamera",
    "decode_client_message",
    "encode_flat",
    "encode_message",
    "error",
    "received_offset",
]

ID_LIMIT = 200

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LIMIT)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Offset = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Box = tuple[float, float, float, float]
Quality = Literal["thumbnail", "sd", "hd"]
MOST_DETECTIONS = 1000


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Location(_Data, frozen=True):
    """A fix in WGS 84 degrees; `accuracy_m` is the radius of 68 % confidence in metres."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Resume(_Data, frozen=True):
    """Where the client stands in the log."""

    epoch: Id
    offset: Offset


class Identify(_Data, frozen=True):
    """`client_identify`: who this is. `device` is stable over reconnections."""

    client_type: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)]
    auth_token: Token | None = None
    device: Id | None = None
    location: Location | None = None
    capabilities: list[str] | dict[str, Any] = []
    resume: Resume | None = None


class Heartbeat(_Data, frozen=True):
    """`heartbeat`, from either side."""

    client_time: int | float | str | None = None
    server_time: int | float | str | None = None


class HeartbeatAck(_Data, frozen=True):
    """`heartbeat_ack`, the answer."""

    client_time: int | float | str | None = None
    server_time: int | float | str | None = None


class SubscribeCamera(_Data, frozen=True):
    """`subscribe_camera`: observations of a camera (`*`: of all), with pictures when `frames`."""

    camera_id: Id
    max_fps: Annotated[float, msgspec.Meta(gt=0, le=60)] | None = None
    frames: bool = False


class UnsubscribeCamera(_Data, frozen=True):
    """`unsubscribe_camera`."""

    camera_id: Id


class Received(_Data, frozen=True):
    """`received`: everything up to `offset` is on the device."""

    offset: Offset


class Ack(_Data, frozen=True):
    """`ack`: a person has taken the alert."""

    alert_id: Id
    verdict: Literal["confirmed", "rejected"] | None = None


class Refresh(_Data, frozen=True):
    """`refresh`: a newer token before the old one expires."""

    auth_token: Token


class LocationUpdate(Location, frozen=True):
    """`location_update`: where this device is now."""


class Duty(_Data, frozen=True):
    """`duty`: whether the user is on duty from now on. A client that says again what it said before a connection was
    lost gives the `at` of the answer it had: then it changes nothing that was said, or scheduled, since."""

    on: bool
    at: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Decline(_Data, frozen=True):
    """`decline`: a person cannot take the alert."""

    alert_id: Id
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class StreamStartRequest(_Data, frozen=True):
    """`stream_start_request`: the address of a camera's pictures for a player. With `rtsp_url` the camera is made, or
    given this source, which takes the right to manage cameras."""

    camera_id: Id
    rtsp_url: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    quality: Quality = "sd"
    request_id: Id | None = None


class StreamStopRequest(_Data, frozen=True):
    """`stream_stop_request`: ends this client's stream of a camera, or only if it has that `quality`."""

    camera_id: Id
    quality: Quality | None = None
    request_id: Id | None = None


class StreamQualityChange(_Data, frozen=True):
    """`stream_quality_change`: another quality for this client's stream of a camera; whoever plays it goes on."""

    camera_id: Id
    new_quality: Quality
    request_id: Id | None = None


class ReportedDetection(_Data, frozen=True):
    """Something an engine of another make found: `bbox` in pixels of a frame of the message's width and height."""

    label: Id
    confidence: Share
    bbox: Box
    track_id: Id | None = None


class ReportedCrowd(_Data, frozen=True):
    """What an engine of another make says of the crowd in a frame. Without `crowd_level`, the counts give it."""

    face_count: Count = 0
    body_count: Count = 0
    crowd_level: Literal["empty", "low", "medium", "high", "very_high"] | None = None
    density_score: Share | None = None
    zones: dict[Id, Count] = {}


class AiDetectionReport(_Data, frozen=True):
    """`ai_detection_result`, from an engine: what one frame shows. Without `timestamp`: now."""

    camera_id: Id
    detections: Annotated[list[ReportedDetection], msgspec.Meta(max_length=MOST_DETECTIONS)]
    frame_id: Count | None = None
    timestamp: Count | None = None
    width: Count = 0
    height: Count = 0
    crowd_analysis: ReportedCrowd | None = None


class ReportedFace(_Data, frozen=True):
    """A face that an engine of another make found, and whom it takes it for."""

    bbox: Box
    confidence: Share
    landmarks: Annotated[list[tuple[float, float]], msgspec.Meta(max_length=MOST_DETECTIONS)] = []
    track_id: Id | None = None
    is_known: bool = False
    person_id: Id | None = None
    name: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)] | None = None
    similarity: Share | None = None
    live: bool | None = None


class FaceDetectionReport(_Data, frozen=True):
    """`face_detection_result`, from an engine: the faces of one frame. Without `timestamp`: now."""

    camera_id: Id
    faces: Annotated[list[ReportedFace], msgspec.Meta(max_length=MOST_DETECTIONS)]
    frame_id: Count | None = None
    timestamp: Count | None = None
    width: Count = 0
    height: Count = 0


class AlertReportCamera(_Data, frozen=True):
    """The camera of an alert as an engine may also write it."""

    id: Id


class AlertReport(_Data, frozen=True):
    """`alert_triggered`, from an engine: something people are to be told, once for each `alert_id` of that engine.

    `type` is one of ours, or any word of the engine's own; `person` is whatever it says of somebody, `person_id` one of
    our people; `snapshot` a JPEG in base64.
    """

    alert_id: Id
    type: Id
    camera_id: Id | None = None
    camera: AlertReportCamera | None = None
    severity: Literal["info", "warning", "error", "critical"] = "warning"
    message: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    person_id: Id | None = None
    person: dict[str, Any] | None = None
    similarity: Share | None = None
    timestamp: Count | None = None
    snapshot: str | None = None


StreamRequest = StreamStartRequest | StreamStopRequest | StreamQualityChange
EngineReport = AiDetectionReport | FaceDetectionReport | AlertReport
ClientData = (
    Identify | Heartbeat | HeartbeatAck | SubscribeCamera | UnsubscribeCamera | Received | Ack | Refresh
    | LocationUpdate | Duty | Decline | StreamRequest | EngineReport
)  # fmt: skip


class ClientMessage(msgspec.Struct, frozen=True):
    """A checked message: its `id` (echoed in the answer) and data."""

    type: str
    id: str | None
    data: ClientData


class _Named(msgspec.Struct):
    """Of a message that is wrong: its id, if that at least is right."""

    id: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)] | None = None


class _NamedRequest(msgspec.Struct):
    """Of data that are wrong: the id of the request, as some clients put it there."""

    request_id: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)] | None = None


class _Envelope(msgspec.Struct):
    type: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)]
    id: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)] | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


CLIENT_MESSAGES: Mapping[str, type[ClientData]] = {
    "client_identify": Identify,
    "heartbeat": Heartbeat,
    "heartbeat_ack": HeartbeatAck,
    "subscribe_camera": SubscribeCamera,
    "unsubscribe_camera": UnsubscribeCamera,
    "received": Received,
    "ack": Ack,
    "refresh": Refresh,
    "location_update": LocationUpdate,
    "duty": Duty,
    "decline": Decline,
    "stream_start_request": StreamStartRequest,
    "stream_stop_request": StreamStopRequest,
    "stream_quality_change": StreamQualityChange,
    "ai_detection_result": AiDetectionReport,
    "face_detection_result": FaceDetectionReport,
    "alert_triggered": AlertReport,
}
ENGINE_REPORTS = (AiDetectionReport, FaceDetectionReport, AlertReport)
"""What only a client of the type `ai_engine` may say."""

_envelopes = msgspec.json.Decoder(_Envelope)
_names = msgspec.json.Decoder(_Named)
_requests = msgspec.json.Decoder(_NamedRequest)
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in CLIENT_MESSAGES.items()}
_encoder = msgspec.json.Encoder()
_NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
_RECEIVED = re.compile(rb'\{"type": ?"received", ?"data": ?\{"offset": ?(0|[1-9][0-9]{0,15})\}\}')
_AT = re.compile(r" - at `\$\.?(.*)`$")


def _describe(problem: msgspec.ValidationError, prefix: str, request_id: str | None = None) -> WireError:
    text = str(problem)
    found = _AT.search(text)
    inner = found.group(1) if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        inner = f"{inner}.{missing.group(1)}" if inner else missing.group(1)
    path = ".".join(part for part in (prefix, inner) if part) or "$"
    return WireError(_AT.sub("", text), path=path, request_id=request_id)


def _id_of(text: str | bytes) -> str | None:
    """The id of a message whose other parts are wrong. Raises like `msgspec.json.decode` when it is no JSON at all."""
    try:
        return _names.decode(text).id
    except msgspec.ValidationError:
        return None


def _request_id_of(data: msgspec.Raw) -> str | None:
    try:
        return _requests.decode(data).request_id
    except msgspec.ValidationError:
        return None


def _checked_envelope(text: str | bytes) -> _Envelope:
    try:
        return _envelopes.decode(text)
    except msgspec.ValidationError as problem:
        raise _describe(problem, "", _id_of(text)) from None


def decode_client_message(text: str | bytes) -> ClientMessage:
    """A client's message, checked. Raises `WireError`: fatal for malformed JSON, else naming the field."""
    try:
        envelope = _checked_envelope(text)
    except _NOT_JSON:
        raise WireError("the message is not JSON", fatal=True) from None
    decoder = _decoders.get(envelope.type)
    if decoder is None:
        known = ", ".join(sorted(CLIENT_MESSAGES))
        raise WireError(f"unknown message type {envelope.type!r}; known: {known}", path="type", request_id=envelope.id)
    try:
        return ClientMessage(envelope.type, envelope.id, decoder.decode(envelope.data))
    except msgspec.ValidationError as problem:
        raise _describe(problem, "data", envelope.id or _request_id_of(envelope.data)) from None
    except _NOT_JSON:
        raise WireError("the message is not JSON", path="data", fatal=True) from None


def received_offset(payload: bytes) -> int | None:
    """The offset of a `received` that is written as our clients write it; `None`: `decode_client_message` knows."""
    found = _RECEIVED.fullmatch(payload)
    return int(found[1]) if found is not None else None


def encode_message(type: str, data: Mapping[str, Any], *, id: str | None = None) -> str:
    """One message as JSON text; done once, however many clients it goes to."""
    envelope: dict[str, Any] = {"type": type, "data": data} if id is None else {"type": type, "id": id, "data": data}
    return _encoder.encode(envelope).decode()


def encode_flat(message: Mapping[str, Any]) -> str:
    """One message of a dialect without the `data` envelope, as JSON text."""
    return _encoder.encode(message).decode()


def error(code: str, message: str, *, path: str | None = None, request_id: str | None = None) -> dict[str, Any]:
    """The data of an `error` message."""
    data: dict[str, Any] = {"code": code, "message": message}
    if path is not None:
        data["details"] = {"path": path}
    if request_id is not None:
        data["request_id"] = request_id
    return data
