"""Video over HTTP signalling: WHIP (RFC 9725) brings a camera's pictures, WHEP shows them.

A session's answer holds all its candidates, so that there is nothing to `PATCH`: trickling and restarts are answered
405, as section 4.3.1 wants, and a client whose network changed opens a new session, which takes the older one's place.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from sightline.deliveries.rendition import Quality
from sightline.events.peer import PeerDirection
from sightline.exceptions import PeerRefused, Unavailable
from sightline.gateway.web.access import GatewayOf
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial
from sightline.gateway.video.webrtc import VideoSession, end_session, ice_links, open_session, publisher_of, viewer_of
from sightline.ice import parse_ice_servers

__all__ = ["router"]

router = APIRouter(tags=["video"])

SDP = "application/sdp"
MAX_OFFER_BYTES = 64 * 1024
RETRY_AFTER_S = 2
STATUS = {"INVALID_OFFER": 400, "SYSTEM_FULL": 503, "NOT_READ_HERE": 503, "NOT_SUPPORTED": 501}

_OFFERED = {
    "requestBody": {"required": True, "content": {SDP: {"schema": {"type": "string"}}}},
}
_SDP_RESPONSES: dict[int | str, dict[str, object]] = {
    201: {"content": {SDP: {"schema": {"type": "string"}}}, "description": "The answer; `Location` is the session."},
    **{code: {"model": Denial} for code in (400, 403, 404, 409, 413, 415, 503)},
}


@router.post(
    "/whip/{camera_id}", status_code=201, response_class=Response, responses=_SDP_RESPONSES, openapi_extra=_OFFERED
)
async def publish(gateway: GatewayOf, request: Request, camera_id: str) -> Response:
    """Begins to publish to a camera whose source is `whip:`, with its own token or that of somebody who manages
    cameras. The newest publisher takes an older one's place, once its pictures come."""
    publisher = await publisher_of(request, gateway, camera_id)
    session = await _opened(gateway, camera_id, "publish", await _offer_of(request))
    gateway.streams.sessions.began(session.id, camera_id, publisher.holder)
    await gateway.store.audit.record(
        actor=publisher.name, action="video_published", subject=camera_id, now_ms=gateway.clock.now_ms()
    )
    return _created(gateway, f"/whip/{camera_id}/{session.id}", session)


@router.delete("/whip/{camera_id}/{session_id}", responses={403: {"model": Denial}, 404: {"model": Denial}})
async def unpublish(gateway: GatewayOf, request: Request, camera_id: str, session_id: str) -> Response:
    """Ends a session."""
    await publisher_of(request, gateway, camera_id)
    gateway.streams.sessions.ended(session_id)
    await _ended(gateway, camera_id, session_id)
    return Response()


@router.post(
    "/whep/{camera_id}", status_code=201, response_class=Response, responses=_SDP_RESPONSES, openapi_extra=_OFFERED
)
async def play(
    gateway: GatewayOf, request: Request, camera_id: str, quality: Annotated[Quality, Query()] = Quality.SD
) -> Response:
    """Begins to show a camera's live pictures to somebody who may see cameras."""
    caller = await viewer_of(request, gateway)
    session = await _opened(gateway, camera_id, "play", await _offer_of(request), quality)
    until_ms = caller.claims.expires_ms if caller.claims is not None else None
    gateway.streams.sessions.began(session.id, camera_id, caller.user.id, until_ms)
    return _created(gateway, f"/whep/{camera_id}/{session.id}", session)


@router.delete("/whep/{camera_id}/{session_id}", responses={403: {"model": Denial}, 404: {"model": Denial}})
async def unplay(gateway: GatewayOf, request: Request, camera_id: str, session_id: str) -> Response:
    """Ends a session."""
    await viewer_of(request, gateway)
    gateway.streams.sessions.ended(session_id)
    await _ended(gateway, camera_id, session_id)
    return Response()


@router.options("/whip/{camera_id}", include_in_schema=False)
@router.options("/whep/{camera_id}", include_in_schema=False)
async def offers_taken() -> Response:
    """What an endpoint takes."""
    return Response(status_code=204, headers={"Allow": "OPTIONS, POST", "Accept-Post": SDP})


@router.options("/whip/{camera_id}/{session_id}", include_in_schema=False)
@router.options("/whep/{camera_id}/{session_id}", include_in_schema=False)
async def session_methods() -> Response:
    """What a session takes."""
    return Response(status_code=204, headers={"Allow": "DELETE, OPTIONS"})


@router.api_route("/whip/{camera_id}", methods=["GET", "HEAD", "PUT", "PATCH", "DELETE"], include_in_schema=False)
@router.api_route("/whep/{camera_id}", methods=["GET", "HEAD", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def not_an_offer() -> Response:
    """Nothing else is done with an endpoint."""
    raise HTTPException(405, "send an offer with POST", {"Allow": "OPTIONS, POST"})


@router.api_route(
    "/whip/{camera_id}/{session_id}", methods=["GET", "HEAD", "POST", "PUT", "PATCH"], include_in_schema=False
)
@router.api_route(
    "/whep/{camera_id}/{session_id}", methods=["GET", "HEAD", "POST", "PUT", "PATCH"], include_in_schema=False
)
async def not_an_end() -> Response:
    """Nor with a session."""
    raise HTTPException(405, "a session can only be ended: offer a new one to change it", {"Allow": "DELETE, OPTIONS"})


async def _offer_of(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise HTTPException(415, f"an offer is of the type {SDP}", {"Accept-Post": SDP})
    offer = bytearray()
    async for chunk in request.stream():
        offer += chunk
        if len(offer) > MAX_OFFER_BYTES:
            raise HTTPException(413, f"an offer has at most {MAX_OFFER_BYTES // 1024} KiB")
    try:
        text = offer.decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "the offer is not text") from None
    if not text.strip():
        raise HTTPException(400, "there is no offer in the request")
    return text


async def _opened(
    gateway: Gateway, camera_id: str, direction: PeerDirection, offer: str, quality: Quality = Quality.SD
) -> VideoSession:
    try:
        return await open_session(gateway, camera_id, direction, offer, quality=quality)
    except PeerRefused as refusal:
        status = STATUS.get(refusal.code, 500)
        raise HTTPException(status, str(refusal), _retry_after(status)) from None
    except Unavailable as problem:
        raise HTTPException(503, str(problem), _retry_after(503)) from None


async def _ended(gateway: Gateway, camera_id: str, session_id: str) -> None:
    try:
        await end_session(gateway, camera_id, session_id)
    except Unavailable as problem:
        raise HTTPException(503, str(problem), _retry_after(503)) from None


def _retry_after(status: int) -> dict[str, str] | None:
    return {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None


def _created(gateway: Gateway, location: str, session: VideoSession) -> Response:
    response = Response(session.answer, 201, {"Location": location, "Cache-Control": "no-store"}, SDP)
    for link in ice_links(parse_ice_servers(gateway.settings.ice_servers)):
        response.headers.append("Link", link)
    return response
