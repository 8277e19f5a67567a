"""`/ws/live/{camera_id}`: one camera's video for whoever cannot have it by WebRTC.

A text message says what comes (`stream`: MIME type, size, quality), then binary messages: the opening of a fragmented
MP4, and one picture each. Another `stream` message begins another video; nothing of the one before fits it.
"""

from __future__ import annotations

import json
import secrets

from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from sightline.accounts import Right
from sightline.deliveries.fragments import Opening
from sightline.deliveries.rendition import Quality
from sightline.exceptions import Forbidden, NotFound, Unavailable
from sightline.gateway.dialects.admission import NotNow, address_of, denial
from sightline.gateway.dialects.callers import claims_of_ticket
from sightline.gateway.dialects.client_socket import until_closed
from sightline.gateway.dialects.duplex import run_duplex
from sightline.gateway.gateway import Gateway
from sightline.gateway.video.live_viewers import LiveViewer
from sightline.gateway.web.access import Caller, caller_of_bearer

__all__ = ["serve_live"]

MAX_REASON_BYTES = 120


class _Refused(Exception):
    """The answer before the upgrade."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def serve_live(gateway: Gateway, socket: WebSocket, camera_id: str) -> None:
    """One player, from before the upgrade (401, 403, 404, 422 and 503 are answered there) to its end."""
    try:
        viewer = await _admitted(gateway, socket, camera_id)
    except _Refused as problem:
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, problem.status))
        return
    try:
        with gateway.admission.place(address_of(socket)):
            await socket.accept()
            await run_duplex(_play(socket, viewer), _until_left(socket), client_id=secrets.token_hex(4))
    except NotNow as problem:
        await socket.send_denial_response(denial(problem))
    finally:
        gateway.streams.live.remove(viewer)
        gateway.metrics.dropped.labels(reason="skipped").inc(viewer.queue.skipped)


async def _admitted(gateway: Gateway, socket: WebSocket, camera_id: str) -> LiveViewer:
    caller = await _caller(gateway, socket)
    if not caller.user.may(Right.SEE_CAMERAS):
        raise _Refused(403, "this role may not see cameras")
    quality = socket.query_params.get("quality", Quality.SD.value)
    if quality not in list(Quality):
        raise _Refused(422, f"quality: one of {', '.join(Quality)}")
    if gateway.is_full():
        raise _Refused(503, "the server has as many connections as it may have; try again later")
    try:
        await gateway.store.cameras.get(camera_id)
        until_ms = caller.claims.expires_ms if caller.claims is not None else None
        return gateway.streams.live.add(camera_id, Quality(quality), caller.user.id, until_ms=until_ms)
    except NotFound as problem:
        raise _Refused(404, str(problem)) from None
    except Unavailable as problem:
        raise _Refused(503, str(problem)) from None


async def _caller(gateway: Gateway, socket: WebSocket) -> Caller:
    """By the ticket in the address, which is all that a browser can show, or by a bearer token."""
    try:
        claims = await claims_of_ticket(gateway, socket)
        if claims is None:
            return await caller_of_bearer(socket, gateway)
        return Caller(await gateway.tokens.user_of_claims(claims, gateway.store.users), claims)
    except Forbidden as problem:
        raise _Refused(401, str(problem)) from None
    except HTTPException as problem:
        raise _Refused(problem.status_code, str(problem.detail)) from None


async def _play(socket: WebSocket, viewer: LiveViewer) -> None:
    with until_closed():
        while (part := await viewer.next()) is not None:
            if isinstance(part, Opening):
                await socket.send_text(_stream(viewer, part))
            await socket.send_bytes(part.data)
        assert viewer.ended is not None
        await socket.close(viewer.ended.code, viewer.ended.reason[:MAX_REASON_BYTES])


def _stream(viewer: LiveViewer, opening: Opening) -> str:
    data = {
        "camera_id": viewer.camera_id,
        "quality": viewer.quality.value,
        "mime": opening.mime,
        "width": opening.width,
        "height": opening.height,
    }
    return json.dumps({"type": "stream", "data": data}, separators=(",", ":"))


async def _until_left(socket: WebSocket) -> None:
    """Players have nothing to say."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
