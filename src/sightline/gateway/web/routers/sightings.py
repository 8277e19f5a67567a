"""Sightings: what finished tracks left, and the search for a face among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile

from sightline.accounts import Right
from sightline.exceptions import Conflict, ImageError
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.gateway import Gateway
from sightline.gateway.past.past import Probe, Window, probes_of
from sightline.gateway.web.past_resources import ProbeFace, SearchOut, SightingOut, SightingPage, Timeline
from sightline.gateway.past.past_views import cursor_of, hits_out, parse_cursor, sightings_out, timeline
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.uploads import read_upload

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["past"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_PEOPLE))]
Time = Annotated[int | None, Query(ge=0)]
MAX_HITS = 200
MAX_TIMELINE = 1000


@router.get("/sightings")
async def list_sightings(
    gateway: GatewayOf, caller: Seer, camera: str | None = None, person: str | None = None, stranger: str | None = None,
    known: bool | None = None, from_ms: Annotated[int | None, Query(alias="from", ge=0)] = None,
    to_ms: Annotated[int | None, Query(alias="to", ge=0)] = None, before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> SightingPage:  # fmt: skip
    """Sightings, newest first: of a camera, a person, a stranger; only those that name a person (`known`) or only the
    others; within a time."""
    found = await gateway.store.sightings.list(
        camera_id=camera, person_id=person, stranger_id=stranger, known=known, from_ms=from_ms, to_ms=to_ms,
        before=parse_cursor(before), limit=limit + 1,
    )  # fmt: skip
    page = found[:limit]
    return SightingPage(
        sightings=await sightings_out(gateway.directory, page), next=cursor_of(page) if len(found) > limit else None
    )


@router.get("/sightings/{sighting_id}")
async def get_sighting(gateway: GatewayOf, caller: Seer, sighting_id: str) -> SightingOut:
    """One sighting."""
    return (await sightings_out(gateway.directory, [await gateway.store.sightings.get(sighting_id)]))[0]


@router.get("/sightings/{sighting_id}/picture", response_class=Response)
async def sighting_picture(gateway: GatewayOf, caller: Seer, sighting_id: str) -> Response:
    """The best sample of the track. That it was looked at is recorded."""
    jpeg = await gateway.store.sightings.picture(sighting_id)
    await _audit(gateway, caller, "sighting_viewed", sighting_id)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.get("/people/{person_id}/sightings")
async def person_timeline(
    gateway: GatewayOf, caller: Seer, person_id: str,
    from_ms: Annotated[int | None, Query(alias="from", ge=0)] = None,
    to_ms: Annotated[int | None, Query(alias="to", ge=0)] = None, before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_TIMELINE)] = 200,
) -> Timeline:  # fmt: skip
    """Where a person was seen: the path from camera to camera, totals by camera, and the sightings."""
    await gateway.store.people.get(person_id)
    return await timeline(gateway, person_id=person_id, from_ms=from_ms, to_ms=to_ms, before=before, limit=limit)


@router.post("/search", responses={400: {"model": Denial}, 503: {"model": Denial}})
async def search_past(
    gateway: GatewayOf, caller: Annotated[Caller, Depends(caller_with(Right.IDENTIFY))],
    image: Annotated[UploadFile | None, File()] = None, person_id: Annotated[str | None, Form()] = None,
    sighting_id: Annotated[str | None, Form()] = None, camera: Annotated[list[str] | None, Form()] = None,
    from_ms: Annotated[int | None, Form(alias="from", ge=0)] = None,
    to_ms: Annotated[int | None, Form(alias="to", ge=0)] = None,
    limit: Annotated[int, Form(ge=1, le=MAX_HITS)] = 50,
    threshold: Annotated[float, Form(ge=0, le=1, allow_inf_nan=False)] = 0.5,
) -> SearchOut:  # fmt: skip
    """Searches every sighting for the face of a picture (the largest in it), for a person's enrolled photographs, or
    for the face of another sighting. Nothing of the picture is kept; that it was searched for is recorded.

    `threshold` is a similarity, 0.5 at the model's own threshold. While the search is still reading the sightings after
    a start, `indexing` says how many of them it knows.
    """
    if [image, person_id, sighting_id].count(None) != 2:
        raise Conflict("search for one thing: an image, a person_id or a sighting_id")
    face: ProbeFace | None = None
    probes: Sequence[Probe]
    if image is not None:
        face, probe = await _face_of(gateway, image)
        probes, subject = [probe], (image.filename or "picture")[:200]
    elif person_id is not None:
        probes, subject = probes_of(await gateway.store.people.templates(person_id)), person_id
    else:
        assert sighting_id is not None
        probes, subject = [await gateway.past.like(sighting_id)], sighting_id
    result = await gateway.past.search(probes, Window(camera, from_ms, to_ms), count=limit, threshold=threshold)
    await _audit(gateway, caller, "past_searched", subject, f"{len(result.hits)} hits")
    return SearchOut.of(result, await hits_out(gateway.directory, result.hits), face)


async def _face_of(gateway: Gateway, image: UploadFile) -> tuple[ProbeFace, Probe]:
    analysis = await gateway.analyst.analyse(await read_upload(image, gateway.settings), identify=False)
    if not analysis.faces:
        raise ImageError("no face was found in this picture", code="NO_FACE")
    face = max(analysis.faces, key=lambda one: (one.bbox[2] - one.bbox[0]) * (one.bbox[3] - one.bbox[1]))
    shown = ProbeFace(bbox=list(face.bbox), quality=face.quality, reasons=face.reasons, faces=len(analysis.faces))
    return shown, Probe(analysis.model_id, [face.vector])


async def _audit(gateway: Gateway, caller: Caller, action: str, subject: str, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=subject, detail=detail, now_ms=gateway.clock.now_ms()
    )
