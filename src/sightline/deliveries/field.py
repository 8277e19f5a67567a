"""The dialect of field clients (`/ws/field`): what they say, and who of them is nearest.

The first message registers, `{"latitude", "longitude", "state"}`; every later one is echoed as it is. Alerts go out as
`{"event": "all_clients" | "nearest_client", "context": {…}}`. Each message is encoded once, not twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec

from sightline.cameras import Camera, redact
from sightline.deliveries.geodesy import distance_m
from sightline.events.wire import encode_flat
from sightline.exceptions import WireError
from sightline.identities.subject import Person

__all__ = [
    "Located",
    "Registration",
    "as_nearest",
    "context_of",
    "decode_registration",
    "encode_alert",
    "encode_echo",
    "encode_error",
    "nearest",
]

_ALL = '{"event":"all_clients",'
_NEAREST = '{"event":"nearest_client",'
UNKNOWN_FIRST_NAME = "Unknown"


class Registration(msgspec.Struct, frozen=True):
    """Where a field client stands, in WGS 84 degrees, and what it is: a page (`web`) or a phone (`apk`)."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    state: Literal["web", "apk"]
    auth_token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None


class Located(Protocol):
    """Somebody with a position, in WGS 84 degrees."""

    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...


Somebody = TypeVar("Somebody", bound=Located)
_registrations = msgspec.json.Decoder(Registration)
_any = msgspec.json.Decoder(msgspec.Raw)
_NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)


def decode_registration(text: str | bytes) -> Registration:
    """The first message. Raises `WireError` that names the field; always fatal."""
    try:
        return _registrations.decode(text)
    except msgspec.ValidationError as problem:
        raise WireError(_said(problem), path=_path(problem), fatal=True) from None
    except _NOT_JSON:
        raise WireError("the message is not JSON", fatal=True) from None


def encode_echo(text: str | bytes) -> str:
    """`{"echo": …}` with the message as it came. Raises `WireError` (fatal) when it is not JSON."""
    try:
        return '{"echo":' + bytes(_any.decode(text)).decode() + "}"
    except _NOT_JSON:
        raise WireError("the message is not JSON", fatal=True) from None


def encode_error(problem: WireError) -> str:
    """What is told before the connection is closed."""
    context = {"code": problem.code, "message": str(problem), "details": {"path": problem.path}}
    return encode_flat({"event": "error", "context": context})


def context_of(subject_id: str, person: Person | None, camera: Camera | None) -> dict[str, Any]:
    """Who was seen where. Somebody who is not enrolled has no last name, age or description; `id` is then the
    stranger's. `url` is the camera's source without its credentials."""
    return {
        "id": person.id if person else subject_id,
        "first_name": person.first_name if person else UNKNOWN_FIRST_NAME,
        "last_name": person.last_name if person else "",
        "age": person.age if person else None,
        "description": person.description if person else "",
        "url": redact(camera.source).replace("***@", "") if camera else None,
        "camera": {
            "id": camera.id,
            "name": camera.name,
            "latitude": camera.latitude,
            "longitude": camera.longitude,
        }
        if camera
        else None,
    }


def encode_alert(context: dict[str, Any]) -> str:
    """An alert for every page; `as_nearest` makes the phone's of it."""
    return encode_flat({"event": "all_clients", "context": context})


def as_nearest(text: str) -> str:
    """The same alert for the phone that is nearest, without encoding it again."""
    assert text.startswith(_ALL)
    return _NEAREST + text.removeprefix(_ALL)


def nearest(latitude: float, longitude: float, candidates: Iterable[Somebody]) -> Somebody | None:
    """Whoever is nearest to the point along the Earth's surface; of two at the same distance the first."""
    return min(candidates, key=lambda one: distance_m(latitude, longitude, one.latitude, one.longitude), default=None)


def _path(problem: msgspec.ValidationError) -> str:
    text = str(problem)
    if "missing required field" in text:
        return text.split("`")[1]
    _, found, where = text.partition(" - at `$.")
    return where.rstrip("`") if found else "$"


def _said(problem: msgspec.ValidationError) -> str:
    return str(problem).partition(" - at `")[0]
