"""Who is nearest: the order in which people on duty are told of what a camera saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from sightline.deliveries.geodesy import distance_m

__all__ = ["Fix", "Position", "Responder", "Situation", "fresh", "nearest_first"]


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a device was at `at_ms` (the gateway's clock); `accuracy_m` is the radius of 68 % confidence."""

    position: Position
    at_ms: int
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody on duty who can be reached. `connected`: by the socket of a mobile app, otherwise only by push.

    `position` is their fresh fix, else their duty post; `tags` those that they read the log with; `received_offset`
    is how much of the log is on their device.
    """

    user_id: str
    position: Position | None = None
    connected: bool = True
    tags: frozenset[str] = frozenset()
    received_offset: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What the gateway knows when an escalation goes on: who can be told, and which tags mean everybody."""

    responders: tuple[Responder, ...] = ()
    everybody: tuple[str, ...] = field(default=())


def fresh(fix: Fix | None, now_ms: int, fresh_ms: int) -> Position | None:
    """The position of a fix that is not older than `fresh_ms`."""
    return fix.position if fix is not None and now_ms - fix.at_ms <= fresh_ms else None


def nearest_first(camera: Position, responders: Iterable[Responder]) -> list[tuple[Responder, float | None]]:
    """Responders with their distance in metres from the camera, the nearest first.

    Those who are equally far are in the order of their ids, so that the same people in the same places are always
    told in the same order; those of whom no place is known come last, with `None`.
    """
    measured = [(responder, _distance_m(camera, responder.position)) for responder in responders]
    return sorted(measured, key=lambda pair: (inf if pair[1] is None else pair[1], pair[0].user_id))


def _distance_m(camera: Position, position: Position | None) -> float | None:
    if position is None:
        return None
    return distance_m(camera.latitude, camera.longitude, position.latitude, position.longitude)
