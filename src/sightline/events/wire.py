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
    "Ack",
    "ClientData",
    "ClientMessage",
    "Heartbeat",
    "HeartbeatAck",
    "Identify",
    "Location",
    "Received",
    "Refresh",
    "Resume",
    "SubscribeCamera",
    "UnsubscribeCamera",
    "decode_client_message",
    "encode_flat",
    "encode_message",
    "encode_picture",
    "error",
]

ID_LIMIT = 200

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LIMIT)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Offset = Annotated[int, msgspec.Meta(ge=0)]


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Location(_Data):
    """A fix in WGS 84 degrees; `accuracy_m` is the radius of 68 % confidence in metres."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Resume(_Data):
    """Where the client stands in the log."""

    epoch: Id
    offset: Offset


class Identify(_Data):
    """`client_identify`: who this is. `device` is stable over reconnections."""

    client_type: str
    auth_token: Token | None = None
    device: Id | None = None
    location: Location | None = None
    capabilities: list[str] | dict[str, Any] = []
    resume: Resume | None = None


class Heartbeat(_Data):
    """`heartbeat`, from either side."""

    client_time: int | float | str | None = None
    server_time: int | float | str | None = None


class HeartbeatAck(_Data):
    """`heartbeat_ack`, the answer."""

    client_time: int | float | str | None = None
    server_time: int | float | str | None = None


class SubscribeCamera(_Data):
    """`subscribe_camera`: observations of a camera (`*`: of all), with pictures when `frames`."""

    camera_id: Id
    max_fps: Annotated[float, msgspec.Meta(gt=0, le=60)] | None = None
    frames: bool = False


class UnsubscribeCamera(_Data):
    """`unsubscribe_camera`."""

    camera_id: Id


class Received(_Data):
    """`received`: everything up to `offset` is on the device."""

    offset: Offset


class Ack(_Data):
    """`ack`: a person has taken the alert."""

    alert_id: Id
    verdict: Literal["confirmed", "rejected"] | None = None


class Refresh(_Data):
    """`refresh`: a newer token before the old one expires."""

    auth_token: Token


ClientData = Identify | Heartbeat | HeartbeatAck | SubscribeCamera | UnsubscribeCamera | Received | Ack | Refresh


class ClientMessage(msgspec.Struct, frozen=True):
    """A checked message: its `id` (echoed in the answer) and data."""

    type: str
    id: str | None
    data: ClientData


class _Envelope(msgspec.Struct):
    type: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)]
    id: Annotated[str, msgspec.Meta(max_length=ID_LIMIT)] | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


_TYPES: Mapping[str, type[ClientData]] = {
    "client_identify": Identify,
    "heartbeat": Heartbeat,
    "heartbeat_ack": HeartbeatAck,
    "subscribe_camera": SubscribeCamera,
    "unsubscribe_camera": UnsubscribeCamera,
    "received": Received,
    "ack": Ack,
    "refresh": Refresh,
}
_envelopes = msgspec.json.Decoder(_Envelope)
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in _TYPES.items()}
_encoder = msgspec.json.Encoder()
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


def decode_client_message(text: str | bytes) -> ClientMessage:
    """A client's message, checked. Raises `WireError`: fatal for malformed JSON, else naming the field."""
    try:
        envelope = _envelopes.decode(text)
    except msgspec.ValidationError as problem:
        raise _describe(problem, "") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WireError("the message is not JSON", fatal=True) from None
    decoder = _decoders.get(envelope.type)
    if decoder is None:
        known = ", ".join(sorted(_TYPES))
        raise WireError(f"unknown message type {envelope.type!r}; known: {known}", path="type", request_id=envelope.id)
    try:
        return ClientMessage(envelope.type, envelope.id, decoder.decode(envelope.data))
    except msgspec.ValidationError as problem:
        raise _describe(problem, "data", envelope.id) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WireError("the message is not JSON", path="data", fatal=True) from None


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


def encode_picture(header: Mapping[str, Any], jpeg: bytes) -> bytes:
    """A video frame as a binary message: 4-byte big-endian length of the JSON header, the header, the JPEG."""
    head = _encoder.encode(header)
    return len(head).to_bytes(4, "big") + head + jpeg
