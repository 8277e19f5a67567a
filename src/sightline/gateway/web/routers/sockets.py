"""WebSocket endpoints, and the pictures that engines put before their facts."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, WebSocket
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from sightline.deliveries.framing import FRAMES_EXTENSION
from sightline.events.wire import encode_message, error
from sightline.exceptions import NotFound
from sightline.gateway.web.access import gateway_of, machine_name
from sightline.gateway.dialects.admission import ConnectionLimit, NotNow, address_of
from sightline.gateway.dialects.alerts_socket import serve_alerts
from sightline.gateway.video.camera_socket import serve_camera
from sightline.gateway.video.clips import CLIP_TYPES, bounded
from sightline.gateway.dialects.field_socket import serve_field
from sightline.gateway.pushed.frames_socket import serve_frames
from sightline.gateway.gateway import Gateway
from sightline.gateway.video.live_socket import serve_live
from sightline.gateway.dialects.native import NativeClient, serve_native
from sightline.gateway.workstations.verify_socket import serve_verify

__all__ = ["router"]

router = APIRouter()
MAX_BLOB_BYTES = 16 * 1024 * 1024
MAX_DIGITS = 12


@router.websocket("/ws/v1")
async def native(socket: WebSocket) -> None:
    """The native protocol."""
    gateway = gateway_of(socket)
    try:
        gateway.admission.arrive(gateway.clock.monotonic_s())
        if gateway.is_full():
            raise ConnectionLimit("the server", gateway.settings.max_connections)
        with gateway.admission.place(address_of(socket)):
            await serve_native(
                gateway, socket, NativeClient(gateway, socket, socket.scope.get("extensions", {}).get(FRAMES_EXTENSION))
            )
    except NotNow as problem:
        await socket.accept()
        await socket.send_text(encode_message("error", error("CONNECTION_LIMIT", str(problem))))
        await socket.close(4004, str(problem))


@router.websocket("/ws")
async def frames(socket: WebSocket) -> None:
    """Clients that push frames."""
    await serve_frames(gateway_of(socket), socket)


@router.websocket("/ws/field")
async def field(socket: WebSocket) -> None:
    """Field clients."""
    await serve_field(gateway_of(socket), socket)


@router.websocket("/ws/verify")
async def verify(socket: WebSocket) -> None:
    """Workstations."""
    await serve_verify(gateway_of(socket), socket)


@router.websocket("/ws/alerts/{user_id}")
async def alerts(socket: WebSocket, user_id: str) -> None:
    """One user's alerts."""
    await serve_alerts(gateway_of(socket), socket, user_id)


@router.websocket("/ws/live/{camera_id}")
async def live(socket: WebSocket, camera_id: str) -> None:
    """One camera's video."""
    await serve_live(gateway_of(socket), socket, camera_id)


@router.websocket("/ws/camera/{camera_id}")
async def camera(socket: WebSocket, camera_id: str) -> None:
    """A device that pushes its camera's pictures."""
    await serve_camera(gateway_of(socket), socket, camera_id)


@router.websocket("/ws/engine")
async def engine(socket: WebSocket) -> None:
    """Messages of an engine."""
    gateway = gateway_of(socket)
    name = await machine_name(socket, gateway)
    if name is None:
        await socket.send_denial_response(JSONResponse({"detail": "an engine needs its machine token"}, 401))
        return
    await gateway.engines.serve(socket, name)


@router.websocket("/ws/engine/frames")
async def engine_frames(socket: WebSocket) -> None:
    """Live pictures of an engine."""
    gateway = gateway_of(socket)
    name = await machine_name(socket, gateway)
    if name is None:
        await socket.send_denial_response(JSONResponse({"detail": "an engine needs its machine token"}, 401))
        return
    await gateway.engines.pictures.serve(socket, name)


@router.put("/api/engine/blobs/{blob_id}", status_code=204, include_in_schema=False)
async def put_blob(request: Request, blob_id: str) -> None:
    """A picture of a fact that is about to come, or the clip of one that came."""
    gateway = gateway_of(request)
    if await machine_name(request, gateway) is None:
        raise HTTPException(401, "an engine needs its machine token")
    media_type = request.headers.get("content-type", "")
    if media_type in CLIP_TYPES:
        await _put_clip(gateway, request, blob_id, media_type)
        return
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BLOB_BYTES:
            raise HTTPException(413, f"a picture has at most {MAX_BLOB_BYTES} bytes")
    if not data.startswith(b"\xff\xd8"):
        raise HTTPException(415, "pictures are JPEG")
    await gateway.store.pictures.put_incoming(blob_id, bytes(data))


async def _put_clip(gateway: Gateway, request: Request, blob_id: str, media_type: str) -> None:
    duration = request.query_params.get("duration_ms", "")
    chunks = bounded(request.stream(), gateway.settings.clip_upload_mb * 2**20)
    try:
        await gateway.store.clips.keep(
            blob_id,
            media_type,
            chunks,
            duration_ms=int(duration) if duration.isdecimal() and len(duration) < MAX_DIGITS else None,
            now_ms=gateway.clock.now_ms(),
        )
    except NotFound:
        async for _ in request.stream():  # read to its end, or the engine might miss the answer
            pass
        raise
    except ClientDisconnect:
        raise HTTPException(400, "the engine went away") from None
