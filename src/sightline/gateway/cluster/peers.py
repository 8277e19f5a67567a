"""What a gateway lets the others know of itself, once a second: a value that is written to its row and read by all."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = [
    "PeerCamera", "PeerClient", "PeerEngine", "PeerFix", "Presence", "decode_presence", "encode_presence",
    "highest",
]


class PeerClient(msgspec.Struct, frozen=True, array_like=True):
    """A connected client."""

    user_id: str
    user_name: str
    client_type: str
    dialect: str
    connected_at_ms: int
    last_heard_ms: int


class PeerEngine(msgspec.Struct, frozen=True, array_like=True):
    """A connected engine."""

    id: str
    capacity: int
    warnings: list[str]


class PeerCamera(msgspec.Struct, frozen=True, array_like=True):
    """What an engine says of a camera it reads."""

    state: str
    reason: str
    since_ms: int
    width: int
    height: int
    fps: float
    analysed_fps: float


class PeerFix(msgspec.Struct, frozen=True, array_like=True):
    """Where a user's device was."""

    latitude: float
    longitude: float
    at_ms: int
    accuracy_m: float | None


class Presence(msgspec.Struct, frozen=True):
    """Everything others need to know. `wants` are cameras whose observations somebody here looks at (`*`: of all),
    `pictures` the wished rates by camera, and `played` what is played by camera and quality."""

    name: str = ""
    clients: list[PeerClient] = []
    engines: list[PeerEngine] = []
    cameras: dict[str, PeerCamera] = {}
    fixes: dict[str, PeerFix] = {}
    received: dict[str, int] = {}
    in_the_field: list[str] = []
    wants: list[str] = []
    pictures: dict[str, float] = {}
    played: list[tuple[str, str]] = []
    frames: int = 0
    messages: int = 0

    def looks_at(self, camera_id: str) -> bool:
        """Whether somebody there wants what this camera shows."""
        return "*" in self.wants or camera_id in self.wants

    def wants_pictures(self, camera_id: str) -> bool:
        """Whether somebody there wants pictures of this camera, in whatever quality."""
        return (
            "*" in self.pictures or camera_id in self.pictures or any(played[0] == camera_id for played in self.played)
        )


_decoder = msgspec.msgpack.Decoder(Presence)
_encoder = msgspec.msgpack.Encoder()


def encode_presence(presence: Presence) -> bytes:
    """As it is kept."""
    return _encoder.encode(presence)


def decode_presence(data: bytes) -> Presence:
    """Raises `msgspec.DecodeError` for one of another version of this program."""
    return _decoder.decode(data)


def highest(wishes: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The highest rate by camera."""
    found: dict[str, float] = {}
    for camera_id, fps in wishes:
        found[camera_id] = max(fps, found.get(camera_id, 0.0))
    return found
