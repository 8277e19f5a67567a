"""Sightings as clients see them: ids joined with names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sightline.exceptions import Conflict
from sightline.gateway.directory import Directory
from sightline.gateway.gateway import Gateway
from sightline.gateway.past.past import Hit
from sightline.gateway.web.past_resources import CameraRef, CameraStayOut, HitOut, SightingOut, Timeline, VisitOut
from sightline.gateway.web.people_resources import PersonRef
from sightline.identities.sighting import Sighting
from sightline.identities.timeline import stays_of, visits_of

__all__ = ["cursor_of", "hits_out", "parse_cursor", "sightings_out", "timeline"]

VISIT_GAP_MS = 5 * 60 * 1000


async def sightings_out(directory: Directory, sightings: Iterable[Sighting]) -> list[SightingOut]:
    """Sightings with the names of cameras and people."""
    return [await _out(directory, sighting) for sighting in sightings]


async def hits_out(directory: Directory, hits: Iterable[Hit]) -> list[HitOut]:
    """What a search found."""
    return [HitOut(similarity=hit.similarity, sighting=await _out(directory, hit.sighting)) for hit in hits]


async def timeline(
    gateway: Gateway, *, person_id: str | None = None, stranger_id: str | None = None, from_ms: int | None,
    to_ms: int | None, before: str | None, limit: int,
) -> Timeline:  # fmt: skip
    """Where a person or a stranger was."""
    directory = gateway.directory
    found = await gateway.store.sightings.list(
        person_id=person_id, stranger_id=stranger_id, from_ms=from_ms, to_ms=to_ms, before=parse_cursor(before),
        limit=limit + 1,
    )  # fmt: skip
    page = found[:limit]
    return Timeline(
        path=[
            VisitOut.of(visit, await _camera(directory, visit.camera_id))
            for visit in visits_of(page, gap_ms=VISIT_GAP_MS)
        ],
        cameras=[CameraStayOut.of(stay, await _camera(directory, stay.camera_id)) for stay in stays_of(page)],
        sightings=await sightings_out(directory, page),
        next=cursor_of(page) if len(found) > limit else None,
    )


def cursor_of(page: Sequence[Sighting]) -> str:
    """Where the page after this one begins."""
    return f"{page[-1].last_seen_ms}.{page[-1].id}"


def parse_cursor(text: str | None) -> tuple[int, str] | None:
    """What `cursor_of` made. Raises `Conflict` for anything else."""
    if text is None:
        return None
    at, _, sighting_id = text.partition(".")
    if not at.isascii() or not at.isdecimal() or len(at) > 16 or not sighting_id:
        raise Conflict("`before` is the `next` of an earlier answer")
    return int(at), sighting_id


async def _out(directory: Directory, sighting: Sighting) -> SightingOut:
    person = await directory.people.find(sighting.person_id)
    return SightingOut.of(
        sighting,
        await _camera(directory, sighting.camera_id),
        PersonRef(id=person.id, name=person.name) if person is not None else None,
    )


async def _camera(directory: Directory, camera_id: str) -> CameraRef:
    camera = await directory.cameras.find(camera_id)
    return CameraRef(id=camera_id, name=camera.name if camera is not None else "")
