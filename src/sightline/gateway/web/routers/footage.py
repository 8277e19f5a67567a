"""What cameras showed, where they are recorded all the time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from sightline.accounts import Right
from sightline.gateway.engines.engine_view import recorders_away
from sightline.gateway.web.access import Caller, GatewayOf, caller_with, gateway_of, machine_name
from sightline.gateway.web.resources import Denial

__all__ = ["FootageDeletion", "FootageOut", "PieceOut", "router"]

router = APIRouter(tags=["cameras"])
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_CAMERAS))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_CAMERAS))]
Millis = Annotated[int, Query(ge=0, le=253_402_300_799_999)]

DAY_MS = 86_400_000
VIDEO_TYPES = ("video/mp4", "video/webm")
MAX_PIECE_BYTES = 10**10


class PieceOut(BaseModel):
    """A piece of a recording; at `url` it plays."""

    starts_at: int
    duration_ms: int
    size_bytes: int
    media_type: str
    url: str


class FootageOut(BaseModel):
    """Pieces that overlap the time that was asked for, the oldest first."""

    camera_id: str
    recording: bool = Field(description="Whether the camera is to be recorded.")
    stopped: str = Field(description="Why nothing is recorded just now, in plain words; else empty.")
    silent_engines: list[str] = Field(description="Engines that did not answer: there may be more.")
    truncated: bool = Field(description="There are more pieces than are shown.")
    pieces: list[PieceOut]


class FootageDeletion(BaseModel):
    """How many pieces went, and how many an engine could not delete."""

    camera_id: str
    deleted: int
    left: int
    unreached_engines: list[str] = Field(description="Engines that may have more and could not be asked.")


@router.get("/api/cameras/{camera_id}/footage", responses={403: {"model": Denial}, 404: {"model": Denial}})
async def footage(
    gateway: GatewayOf,
    caller: Seer,
    camera_id: str,
    since: Annotated[Millis | None, Query(alias="from")] = None,
    until: Annotated[Millis | None, Query(alias="to")] = None,
) -> FootageOut:
    """What there is of a camera from `from` to `to` (ms since the epoch); without times, of the last day."""
    await gateway.store.cameras.get(camera_id)
    end_ms = gateway.clock.now_ms() if until is None else until
    found = await gateway.footage.list(camera_id, end_ms - DAY_MS if since is None else since, end_ms)
    view = await gateway.store.camera_views.get(camera_id) or gateway.default_view
    return FootageOut(
        camera_id=camera_id,
        recording=view.scene.record,
        stopped=found.stopped,
        silent_engines=found.silent,
        truncated=found.truncated,
        pieces=[
            PieceOut(
                starts_at=piece.starts_at,
                duration_ms=piece.duration_ms,
                size_bytes=piece.size_bytes,
                media_type=f"video/{piece.format}",
                url=f"/api/cameras/{camera_id}/footage/{piece.starts_at}?engine={engine_id}",
            )
            for engine_id, piece in found.pieces
        ],
    )


@router.delete("/api/cameras/{camera_id}/footage", responses={403: {"model": Denial}})
async def delete_footage(
    gateway: GatewayOf,
    caller: Manager,
    camera_id: str,
    since: Annotated[Millis, Query(alias="from")],
    until: Annotated[Millis, Query(alias="to")],
) -> FootageDeletion:
    """Deletes every piece with a moment from `from` to `to` (ms since the epoch); also of a camera that was removed."""
    if since >= until:
        raise HTTPException(422, "`from` must be before `to`")
    found = await gateway.footage.within({camera_id: [(since, until)]}, delete=True)
    await gateway.store.audit.record(
        actor=caller.user.name,
        action="footage_deleted",
        subject=camera_id,
        detail=f"{found.deleted} pieces from {since} to {until}",
        now_ms=gateway.clock.now_ms(),
    )
    return FootageDeletion(
        camera_id=camera_id,
        deleted=found.deleted,
        left=sum(span.pieces for _, span in found.spans),
        unreached_engines=[*found.silent, *await recorders_away(gateway)],
    )


@router.get(
    "/api/cameras/{camera_id}/footage/{starts_at}",
    response_class=StreamingResponse,
    responses={403: {"model": Denial}, 404: {"model": Denial}, 503: {"model": Denial}},
)
async def footage_piece(
    gateway: GatewayOf,
    caller: Seer,
    camera_id: str,
    starts_at: int,
    engine: Annotated[str, Query(min_length=1, max_length=64)],
) -> StreamingResponse:
    """A piece, from the engine where it lies. Whoever looks is recorded."""
    await gateway.store.cameras.get(camera_id)
    stream = await gateway.footage.fetch(engine, camera_id, starts_at)
    await gateway.store.audit.record(
        actor=caller.user.name,
        action="footage_viewed",
        subject=camera_id,
        detail=str(starts_at),
        now_ms=gateway.clock.now_ms(),
    )
    headers = {"Cache-Control": "private, no-store", "Content-Length": str(stream.size_bytes)}
    return StreamingResponse(stream.read(), media_type=stream.media_type, headers=headers)


@router.put("/api/engine/footage/{request_id}", status_code=204, include_in_schema=False)
async def put_footage(request: Request, request_id: str) -> None:
    """A piece that somebody asked for."""
    gateway = gateway_of(request)
    if await machine_name(request, gateway) is None:
        raise HTTPException(401, "an engine needs its machine token")
    media_type, size = request.headers.get("content-type", ""), request.headers.get("content-length", "")
    if media_type not in VIDEO_TYPES or not size.isdecimal() or len(size) > len(str(MAX_PIECE_BYTES)):
        raise HTTPException(415, "a recording is a video of a stated length")
    try:
        await gateway.footage.receive(request_id, media_type, int(size), request.stream())
    except ClientDisconnect:
        raise HTTPException(400, "the engine went away") from None
