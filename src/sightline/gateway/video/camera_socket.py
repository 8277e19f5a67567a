"""`/ws/camera/{camera_id}`: a device that cannot send by WebRTC pushes its camera's pictures; they go to the engine.

Bound: one picture of a device waits. Policy when full: the newest replaces it, and the device is told of the older.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

import structlog
from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from sightline.accounts import Right, User, require
from sightline.cameras import Camera
from sightline.deliveries.camera_push import PushedJpeg, decode_pushed, encode_word
from sightline.deliveries.rates import Bucket
from sightline.deliveries.session import CloseCode
from sightline.events.peer import EndSession, PushedPicture
from sightline.exceptions import Conflict, Forbidden, NotFound, SightlineError, Unavailable, WireError
from sightline.gateway.dialects.admission import ConnectionLimit, address_of
from sightline.gateway.dialects.callers import claims_of_ticket
from sightline.gateway.gateway import Gateway
from sightline.gateway.video.webrtc import engine_of, publishable, publisher_of

__all__ = ["serve_camera"]

SILENCE_S = 60.0
MAX_PICTURES_A_SECOND = 30
MAX_REFUSED_IN_A_ROW = 20
CHECK_INTERVAL_S = 30.0

log = structlog.get_logger(__name__)


async def serve_camera(gateway: Gateway, socket: WebSocket, camera_id: str) -> None:
    """One connection. Who may not publish to this camera is refused before the upgrade."""
    try:
        still_may = await _allowed(gateway, socket, camera_id)
        camera = await gateway.store.cameras.get(camera_id)
        publishable(camera)
    except HTTPException as problem:
        await socket.send_denial_response(JSONResponse({"detail": problem.detail}, problem.status_code))
        return
    except Forbidden as problem:
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, 403))
        return
    except (NotFound, Conflict) as problem:
        status = 404 if isinstance(problem, NotFound) else 409
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, status))
        return
    try:
        if gateway.is_full():
            raise ConnectionLimit("the server", gateway.settings.max_connections)
        with gateway.admission.place(address_of(socket)):
            await socket.accept()
            await _PushingDevice(gateway, socket, camera, still_may).run()
    except ConnectionLimit as problem:
        await socket.accept()
        await socket.close(CloseCode.OVERLOADED, str(problem)[:120])


async def _allowed(gateway: Gateway, socket: WebSocket, camera_id: str) -> Callable[[], Awaitable[bool]]:
    """Asks again whether whoever this is may still publish here. Raises `Forbidden`, `HTTPException` when they may
    not now."""
    claims = await claims_of_ticket(gateway, socket)
    if claims is None:
        await publisher_of(socket, gateway, camera_id)
    else:
        require(await gateway.tokens.user_of_claims(claims, gateway.store.users), Right.MANAGE_CAMERAS)

    async def still_may() -> bool:
        try:
            if claims is None:
                await publisher_of(socket, gateway, camera_id)
                return True
            user: User = await gateway.store.users.get(claims.user_id)
        except (Forbidden, HTTPException, NotFound):
            return False
        return not user.disabled and user.token_version == claims.token_version and user.may(Right.MANAGE_CAMERAS)

    return still_may


class _PushingDevice:
    """One device's connection, from accept to close."""

    def __init__(
        self, gateway: Gateway, socket: WebSocket, camera: Camera, still_may: Callable[[], Awaitable[bool]]
    ) -> None:
        self._gateway = gateway
        self._socket = socket
        self._camera = camera
        self._still_may = still_may
        self._session_id = secrets.token_hex(16)
        self._rate = Bucket(MAX_PICTURES_A_SECOND)
        self._waiting: PushedJpeg | None = None
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._closing: tuple[int, str] | None = None

    async def run(self) -> None:
        """Until either side closes."""
        await self._say("publishing", camera_id=self._camera.id, server_time=self._gateway.clock.now_ms())
        steps = (self._receive(), self._forward(), self._check(), self._over.wait())
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(step) for step in steps]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            engine = self._gateway.engines.reader_of(self._camera.id)
            if engine is not None:
                engine.on_session_ended.pop(self._session_id, None)
        if self._closing is not None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
                await self._socket.close(*self._closing)

    async def _receive(self) -> None:
        refused = 0
        while refused < MAX_REFUSED_IN_A_ROW:
            try:
                async with asyncio.timeout(SILENCE_S):
                    message = await self._socket.receive()
            except TimeoutError:
                self._closing = (CloseCode.NO_HEARTBEAT, "no picture came")
                return
            if message["type"] == "websocket.disconnect":
                if message.get("code") == 1000:
                    await self._stopped()
                return
            try:
                picture = decode_pushed(
                    message.get("bytes") or b"", max_bytes=self._gateway.settings.max_frame_mib * 2**20
                )
            except WireError as problem:
                refused += 1
                await self._say("error", code=problem.code, message=str(problem), details={"path": problem.path})
                continue
            refused = 0
            await self._take(picture)
        self._closing = (CloseCode.PROTOCOL_VIOLATION, "too many messages that are no pictures")

    async def _take(self, picture: PushedJpeg) -> None:
        if self._rate.wait_s(self._gateway.clock.monotonic_s()):
            await self._dropped(picture)
            return
        older, self._waiting = self._waiting, picture
        self._changed.set()
        if older is not None:
            await self._dropped(older)

    async def _forward(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            picture, self._waiting = self._waiting, None
            if picture is None:
                continue
            try:
                engine = await engine_of(self._gateway, self._camera)
                engine.on_session_ended[self._session_id] = self._ended
                await engine.send(
                    PushedPicture(
                        session_id=self._session_id,
                        camera_id=self._camera.id,
                        timestamp=picture.timestamp,
                        jpeg=picture.jpeg,
                    )
                )
            except (Unavailable, WebSocketDisconnect, RuntimeError, OSError):
                await self._dropped(picture)
                continue
            await self._say("frame_accepted", timestamp=picture.timestamp)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            try:
                camera = await self._gateway.store.cameras.get(self._camera.id)
                publishable(camera)
            except (NotFound, Conflict) as problem:
                self._closing = (CloseCode.REVOKED, str(problem)[:120])
                return
            except SightlineError as problem:  # the store is overloaded or broken: that is not the device's fault
                log.warning("device_not_checked", camera=self._camera.id, problem=str(problem))
                continue
            if not await self._still_may():
                self._closing = (CloseCode.REVOKED, "this device may not publish here any more")
                return

    def _ended(self, reason: str) -> None:
        """The engine has taken another device's pictures instead, or reads the camera no more."""
        self._closing = (CloseCode.SUPERSEDED, reason[:120])
        self._over.set()

    async def _stopped(self) -> None:
        engine = self._gateway.engines.reader_of(self._camera.id)
        if engine is not None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
                await engine.send(EndSession(session_id=self._session_id, camera_id=self._camera.id))

    async def _dropped(self, picture: PushedJpeg) -> None:
        self._gateway.metrics.dropped.labels(reason="replaced").inc()
        await self._say("frame_dropped", timestamp=picture.timestamp)

    async def _say(self, type: str, **data: object) -> None:
        await self._socket.send_text(encode_word(type, **data))
