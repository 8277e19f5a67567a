"""The dialect of clients that push frames (`/ws`, and `process_frame` over Socket.IO): what they say, what they hear.

Every message is `{"event": str, "data": {…}}`. Boxes are `[x1, y1, x2, y2]` in pixels of the picture that was sent;
`processing_time` is in seconds, other times in milliseconds since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec
import pybase64

from sightline.decisions.crowd import analyse_crowd
from sightline.events.alert import Severity
from sightline.events.still import Analysis
from sightline.events.wire import encode_flat
from sightline.exceptions import ImageError, WireError

__all__ = [
    "ALERT_KINDS",
    "FRAME_CLIENT_MESSAGES",
    "FRAME_MESSAGES",
    "PERSON",
    "Authenticate",
    "AuthenticateMessage",
    "AuthenticatedData",
    "ConnectedData",
    "CrowdAnalysis",
    "DroppedData",
    "FoundBox",
    "FrameAlert",
    "FrameAuthenticated",
    "FrameConnected",
    "FrameDropped",
    "FrameError",
    "FrameErrorData",
    "FrameResult",
    "FrameResultData",
    "FrameSettings",
    "ProcessFrame",
    "PushedMessage",
    "decode_frame_message",
    "decode_process_frame",
    "encode_event",
    "frame_error",
    "frame_result",
    "image_of",
    "parse_levels",
]

PERSON = "person"
ALERT_KINDS = ("crowd_warning", "processing_error", "connection_limit")
KEY_LIMIT = 4096
AlertKind = Literal["crowd_warning", "processing_error", "connection_limit"]
LevelName = Literal["info", "warning", "error", "critical"]
Timestamp = int | float | str | None


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


class _Spoken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


# ── what a client says ──────────────────────────────────────────────────────────────────────────────────────────────


class FrameSettings(_Struct, frozen=True):
    """What holds for this frame; the server's settings hold for what is left out."""

    confidence_threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    crowd_threshold: Annotated[float, msgspec.Meta(ge=0)] | None = None


class ProcessFrame(_Struct, frozen=True):
    """`process_frame`: a picture (JPEG, PNG or WebP) as base64, with or without `data:` before it. `timestamp` comes
    back as `frame_timestamp`."""

    frame: str
    timestamp: Timestamp = None
    settings: FrameSettings = FrameSettings()


class Authenticate(_Struct, frozen=True):
    """`authenticate`: who this is, where address and headers do not say it; and again before a token expires."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_LIMIT)] | None = None
    ticket: Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_LIMIT)] | None = None


class PushedMessage(_Struct, frozen=True):
    """A picture to analyse; see `ProcessFrame`."""

    event: Literal["process_frame"]
    data: ProcessFrame


class AuthenticateMessage(_Struct, frozen=True):
    """Who this is; see `Authenticate`."""

    event: Literal["authenticate"]
    data: Authenticate


FRAME_CLIENT_MESSAGES: Mapping[str, Any] = {"process_frame": PushedMessage, "authenticate": AuthenticateMessage}
"""Each message that a client may send on `/ws`, whole, by `event`."""


# ── what it hears ───────────────────────────────────────────────────────────────────────────────────────────────────


class FoundBox(_Spoken, frozen=True):
    """A face or a body."""

    bbox: tuple[float, float, float, float]
    confidence: float


class CrowdAnalysis(_Spoken, frozen=True):
    """How many people the frame shows, and how densely: the share of the picture that they cover."""

    face_count: int
    body_count: int
    crowd_level: Literal["empty", "low", "medium", "high", "very_high"]
    density_score: float


class FrameAlert(_Spoken, frozen=True):
    """A remark on one frame or connection: for whoever pushed it, without debounce."""

    type: AlertKind
    message: str
    level: LevelName


class FrameResultData(_Spoken, frozen=True):
    """What one frame shows. `missing` names what could not be looked for, and why."""

    faces: list[FoundBox]
    bodies: list[FoundBox]
    crowd_analysis: CrowdAnalysis
    alerts: list[FrameAlert]
    processing_time: float
    timestamp: int
    frame_timestamp: Timestamp
    width: int
    height: int
    missing: dict[str, str] = {}


class FrameErrorData(_Spoken, frozen=True):
    """What was wrong. The connection stays open unless it is refused."""

    code: str
    message: str
    details: str
    alerts: list[FrameAlert] = []
    frame_timestamp: Timestamp = None


class ConnectedData(_Spoken, frozen=True):
    """Who the client is here. While `authenticated` is false, it must say who it is first."""

    client_id: str
    server_time: int
    authenticated: bool


class DroppedData(_Spoken, frozen=True):
    """The frame with this timestamp was not analysed: a newer one took its place."""

    timestamp: Timestamp


class AuthenticatedData(_Spoken, frozen=True):
    """Until when the token is good."""

    expires_at: int


class FrameConnected(_Spoken, frozen=True):
    """The connection is there."""

    event: Literal["connected"]
    data: ConnectedData


class FrameAuthenticated(_Spoken, frozen=True):
    """The answer to `authenticate`."""

    event: Literal["authenticated"]
    data: AuthenticatedData


class FrameResult(_Spoken, frozen=True):
    """The answer to a frame."""

    event: Literal["detection_result"]
    data: FrameResultData


class FrameDropped(_Spoken, frozen=True):
    """A frame that came faster than it could be served."""

    event: Literal["frame_dropped"]
    data: DroppedData


class FrameError(_Spoken, frozen=True):
    """Something could not be done."""

    event: Literal["error"]
    data: FrameErrorData


FRAME_MESSAGES: Mapping[str, Any] = {
    "connected": FrameConnected,
    "authenticated": FrameAuthenticated,
    "detection_result": FrameResult,
    "frame_dropped": FrameDropped,
    "error": FrameError,
}
"""Each message that a gateway sends on `/ws`, by `event`."""


class _Envelope(msgspec.Struct):
    event: Annotated[str, msgspec.Meta(max_length=200)]
    data: msgspec.Raw = msgspec.Raw(b"{}")


_envelopes = msgspec.json.Decoder(_Envelope)
_frames = msgspec.json.Decoder(ProcessFrame)
_authentications = msgspec.json.Decoder(Authenticate)
_NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
_DATA_PREFIX = re.compile(r"data:[\w.+/-]*(;[\w=.+-]+)*;base64,", re.ASCII | re.IGNORECASE)
_LEAST_BYTES_A_CHARACTER = 0.73
"""Of base64 in lines of 76 characters, each ended by two more (RFC 2045)."""
_WHITESPACE = str.maketrans("", "", " \t\r\n")


def decode_frame_message(text: str | bytes) -> ProcessFrame | Authenticate:
    """A client's message, checked. Raises `WireError` that names the field."""
    try:
        envelope = _envelopes.decode(text)
        if envelope.event == "process_frame":
            return _frames.decode(envelope.data)
        if envelope.event == "authenticate":
            return _authentications.decode(envelope.data)
    except msgspec.ValidationError as problem:
        raise WireError(str(problem)) from None
    except _NOT_JSON:
        raise WireError("the message is not JSON") from None
    raise WireError(f"unknown event {envelope.event!r}; known: authenticate, process_frame", path="event")


def decode_process_frame(data: object) -> ProcessFrame:
    """The data of a `process_frame` that was decoded already. Raises `WireError`."""
    try:
        return msgspec.convert(data, ProcessFrame)
    except msgspec.ValidationError as problem:
        raise WireError(str(problem)) from None


def image_of(frame: str, max_bytes: int) -> bytes:
    """The picture's bytes. Raises `ImageError`: `FRAME_TOO_LARGE` before anything is decoded, `INVALID_IMAGE` for what
    is not base64."""
    prefix = _DATA_PREFIX.match(frame)
    text = frame[prefix.end() :] if prefix else frame
    _check_size(int(len(text) * _LEAST_BYTES_A_CHARACTER) - 2, max_bytes)
    image = _from_base64(text)
    _check_size(len(image), max_bytes)
    if not image:
        raise ImageError("the picture is empty")
    return image


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise ImageError(f"the picture has {size} bytes; at most {max_bytes} are accepted", code="FRAME_TOO_LARGE")


def _from_base64(text: str) -> bytes:
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        pass
    try:  # some encoders break lines
        return pybase64.b64decode(text.translate(_WHITESPACE), validate=True)
    except ValueError:
        raise ImageError("`frame` is not base64") from None


def frame_result(
    analysis: Analysis,
    *,
    crowd_threshold: float,
    crowd_level: Severity,
    frame_timestamp: Timestamp,
    now_ms: int,
) -> dict[str, Any]:
    """The data of `detection_result`; `crowd_level` is that of a crowd warning."""
    bodies = [found for found in analysis.objects if found.label == PERSON]
    crowd = analyse_crowd(
        [face.bbox for face in analysis.faces], [body.bbox for body in bodies], analysis.width, analysis.height
    )
    alerts = []
    if crowd.people > crowd_threshold:
        message = f"Crowd threshold exceeded: {crowd.people} people, more than {crowd_threshold:g}"
        alerts.append({"type": "crowd_warning", "message": message, "level": crowd_level.value})
    result: dict[str, Any] = {
        "faces": [{"bbox": face.bbox, "confidence": face.confidence} for face in analysis.faces],
        "bodies": [{"bbox": body.bbox, "confidence": body.confidence} for body in bodies],
        "crowd_analysis": {
            "face_count": crowd.face_count,
            "body_count": crowd.body_count,
            "crowd_level": crowd.crowd_level.value,
            "density_score": crowd.density_score,
        },
        "alerts": alerts,
        "processing_time": round(analysis.processing_ms / 1000, 6),
        "timestamp": now_ms,
        "frame_timestamp": frame_timestamp,
        "width": analysis.width,
        "height": analysis.height,
    }
    missing = {"bodies" if task == "objects" else task: reason for task, reason in analysis.missing.items()}
    return result | ({"missing": missing} if missing else {})


def frame_error(
    code: str,
    message: str,
    details: str = "",
    *,
    alert: AlertKind | None = None,
    level: Severity | None = None,
    frame_timestamp: Timestamp = None,
) -> dict[str, Any]:
    """The data of `error`; with `alert`, of this kind and level as well."""
    data: dict[str, Any] = {"code": code, "message": message, "details": details}
    if alert is not None and level is not None:
        data["alerts"] = [{"type": alert, "message": message, "level": level.value}]
    if frame_timestamp is not None:
        data["frame_timestamp"] = frame_timestamp
    return data


def encode_event(event: str, data: Mapping[str, Any]) -> str:
    """One message as JSON text."""
    return encode_flat({"event": event, "data": data})


def parse_levels(entries: Iterable[str]) -> Mapping[str, Severity]:
    """The level of every kind of alert, from `kind=level` entries. Raises `ValueError` that names the entry.

    >>> parse_levels(["crowd_warning=critical"])["crowd_warning"].value
    'critical'
    """
    levels = {
        "crowd_warning": Severity.WARNING,
        "processing_error": Severity.ERROR,
        "connection_limit": Severity.WARNING,
    }
    for entry in entries:
        kind, _, level = (part.strip() for part in entry.partition("="))
        if kind not in ALERT_KINDS or level not in set(Severity):
            raise ValueError(
                f"{entry!r} is no level; write it like crowd_warning=warning, with one of {', '.join(ALERT_KINDS)} "
                f"and one of {', '.join(Severity)}"
            )
        levels[kind] = Severity(level)
    return MappingProxyType(levels)
