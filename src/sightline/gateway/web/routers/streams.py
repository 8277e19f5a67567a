"""Live pictures for ordinary players: MJPEG over HTTP (`multipart/x-mixed-replace`)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sightline.accounts import Right, require
from sightline.deliveries.rendition import Quality
from sightline.gateway.web.access import GatewayOf, caller_of_bearer
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial
from sightline.gateway.video.viewers import Viewer

__all__ = ["MjpegResponse", "router"]

router = APIRouter(prefix="/api/cameras", tags=["cameras"])

BOUNDARY = "frame"


class MjpegResponse(Response):
    """One picture after the other, each in the place of the one before, until the stream ends or the player leaves.

    What follows a picture is the next one's boundary: browsers show a picture when they have read that.
    """

    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    def __init__(self, gateway: Gateway, viewer: Viewer) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._gateway = gateway
        self._viewer = viewer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        playing = asyncio.create_task(self._play(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((playing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._gateway.streams.close(self._viewer)
            self._gateway.metrics.dropped.labels(reason="replaced").inc(self._viewer.replaced)
            for task in (playing, leaving):
                task.cancel()
            results = await asyncio.gather(playing, leaving, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result

    async def _play(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        opening = f"--{BOUNDARY}\r\n".encode()
        while (jpeg := await self._viewer.next()) is not None:
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            body = b"".join((opening, head, jpeg, f"\r\n--{BOUNDARY}\r\n".encode()))
            opening = b""
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get("/{camera_id}/stream.mjpeg", response_class=Response, responses={403: {"model": Denial}})
async def stream(
    gateway: GatewayOf,
    request: Request,
    camera_id: str,
    quality: Annotated[Quality, Query()] = Quality.SD,
    token: Annotated[str | None, Query()] = None,
) -> MjpegResponse:
    """Plays until stopped. With the `token` of a `stream_url`, or a bearer token of somebody who may see cameras."""
    if token is not None:
        return MjpegResponse(gateway, gateway.streams.open(camera_id, token))
    caller = await caller_of_bearer(request, gateway)
    require(caller.user, Right.SEE_CAMERAS)
    await gateway.store.cameras.get(camera_id)
    until_ms = caller.claims.expires_ms if caller.claims is not None else None
    return MjpegResponse(gateway, gateway.streams.viewers.add(camera_id, quality, caller.user.id, until_ms=until_ms))
