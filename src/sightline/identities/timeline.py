"""Where somebody was, in order: sightings as visits to cameras."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sightline.identities.sighting import Sighting

__all__ = ["CameraStay", "Visit", "stays_of", "visits_of"]


@dataclass(frozen=True, slots=True)
class Visit:
    """Sightings at one camera that follow one another, none elsewhere between them."""

    camera_id: str
    from_ms: int
    to_ms: int
    sightings: tuple[Sighting, ...]

    @property
    def best(self) -> Sighting:
        """The one with the best sample."""
        return max(self.sightings, key=lambda sighting: sighting.quality)


@dataclass(frozen=True, slots=True)
class CameraStay:
    """Everything at one camera: how often, for how long in all, from when to when."""

    camera_id: str
    sightings: int
    seen_ms: int
    first_seen_ms: int
    last_seen_ms: int


def visits_of(sightings: Iterable[Sighting], *, gap_ms: int) -> list[Visit]:
    """The path, oldest first: sightings at the same camera are one visit where nothing was seen elsewhere between them
    and no more than `gap_ms` lies between the end of one and the beginning of the next."""
    visits: list[Visit] = []
    for sighting in sorted(sightings, key=lambda one: (one.first_seen_ms, one.last_seen_ms, one.id)):
        last = visits[-1] if visits else None
        if last is None or last.camera_id != sighting.camera_id or sighting.first_seen_ms - last.to_ms > gap_ms:
            visits.append(Visit(sighting.camera_id, sighting.first_seen_ms, sighting.last_seen_ms, (sighting,)))
        else:
            to_ms = max(last.to_ms, sighting.last_seen_ms)
            visits[-1] = Visit(last.camera_id, last.from_ms, to_ms, (*last.sightings, sighting))
    return visits


def stays_of(sightings: Sequence[Sighting]) -> list[CameraStay]:
    """By camera, the most often visited first. Times of sightings that overlap count each."""
    by_camera: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        by_camera.setdefault(sighting.camera_id, []).append(sighting)
    stays = [
        CameraStay(
            camera_id,
            len(some),
            sum(one.last_seen_ms - one.first_seen_ms for one in some),
            min(one.first_seen_ms for one in some),
            max(one.last_seen_ms for one in some),
        )
        for camera_id, some in by_camera.items()
    ]
    return sorted(stays, key=lambda stay: (-stay.sightings, stay.camera_id))
