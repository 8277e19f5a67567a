"""Recordings that show somebody: what sightings and events say of when cameras saw them leads to it.

It must be asked for before they are erased: afterwards nobody knows when they were seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sightline.events.footage import FootageSpan
from sightline.events.spans import Span, merged
from sightline.gateway.engines.engine_view import recorders_away
from sightline.gateway.gateway import Gateway
from sightline.identities.sighting import Appearance

__all__ = ["FootageOfSomebody", "footage_of"]

MARGIN_MS = 10_000
"""Somebody is in the picture before their face can be seen, and after they have turned away."""


@dataclass(frozen=True, slots=True)
class FootageOfSomebody:
    """`spans` are what is there, each with its camera, after `deleted` pieces were deleted. `unreached` names engines
    that could not be asked: of what they have only `seen` is known, when each camera saw them. `cameras` are names."""

    spans: list[tuple[str, FootageSpan]]
    deleted: int
    unreached: list[str]
    seen: list[tuple[str, Span]]
    cameras: Mapping[str, str]


async def footage_of(gateway: Gateway, appearances: Iterable[Appearance], *, delete: bool = False) -> FootageOfSomebody:
    """What recordings show somebody who was seen then; with `delete`, what is left when the engines here have deleted
    it."""
    by_camera: defaultdict[str, list[Span]] = defaultdict(list)
    for appearance in appearances:
        by_camera[appearance.camera_id].append((appearance.first_seen_ms, appearance.last_seen_ms))
    times = {camera_id: merged(spans, margin_ms=MARGIN_MS) for camera_id, spans in by_camera.items()}
    found = await gateway.footage.within(times, delete=delete)
    unreached = [*found.silent, *await recorders_away(gateway)] if times else []
    seen = [(camera_id, span) for camera_id, spans in sorted(times.items()) for span in spans] if unreached else []
    cameras = {camera.id: camera.name for camera in await gateway.store.cameras.list()}
    return FootageOfSomebody(found.spans, found.deleted, unreached, seen, cameras)
