"""Recordings that show somebody: what sightings and events say of when cameras saw them leads to it.

It must be asked for before the person is erased: afterwards nobody knows when they were seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sightline.events.footage import FootageSpan
from sightline.events.spans import Span, merged
from sightline.gateway.engines.engine_view import recorders_away
from sightline.gateway.gateway import Gateway

__all__ = ["FootageOfPerson", "footage_of_person"]

MARGIN_MS = 10_000
"""Somebody is in the picture before their face can be seen, and after they have turned away."""


@dataclass(frozen=True, slots=True)
class FootageOfPerson:
    """`spans` are what is there, each with its camera, after `deleted` pieces were deleted. `unreached` names engines
    that could not be asked: of what they have only `seen` is known, when each camera saw the person."""

    spans: list[tuple[str, FootageSpan]]
    deleted: int
    unreached: list[str]
    seen: list[tuple[str, Span]]


async def footage_of_person(gateway: Gateway, person_id: str, *, delete: bool = False) -> FootageOfPerson:
    """What recordings show this person; with `delete`, what is left when the engines here have deleted it.

    Raises `NotFound`.
    """
    appearances = await gateway.store.people.appearances(person_id)
    by_camera: defaultdict[str, list[Span]] = defaultdict(list)
    for appearance in appearances:
        by_camera[appearance.camera_id].append((appearance.first_seen_ms, appearance.last_seen_ms))
    times = {camera_id: merged(spans, margin_ms=MARGIN_MS) for camera_id, spans in by_camera.items()}
    found = await gateway.footage.within(times, delete=delete)
    unreached = [*found.silent, *await recorders_away(gateway)] if times else []
    seen = [(camera_id, span) for camera_id, spans in sorted(times.items()) for span in spans] if unreached else []
    return FootageOfPerson(found.spans, found.deleted, unreached, seen)
