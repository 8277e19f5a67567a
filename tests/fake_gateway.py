"""A small real gateway for tests of the engine: it speaks `engine_link` over real sockets, and remembers all."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from starlette.requests import ClientDisconnect

from sightline.clock import SystemClock
from sightline.events.engine_link import (
    Assign,
    EngineMessage,
    GatewayMessage,
    Hello,
    Welcome,
    decode_engine_message,
    encode,
)
from sightline.events.fact import Accepted, Kept
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.lease import Beat, Lease

TOKEN = "engine-token"
Message = TypeVar("Message")


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class FakeGateway:
    """Start, let an engine connect, look at what it said. `accept` decides which facts are accepted."""

    port: int = field(default_factory=free_port)
    assign: list[Assign] = field(default_factory=list)
    gallery: list[GalleryPage] = field(default_factory=list)
    accept: Callable[[Kept], bool] = lambda fact: True
    wants_clip: Callable[[Kept], bool | None] = lambda fact: None
    blob_status: int = 201
    clip_status: int = 204
    lease_ms: int | None = None
    ahead_ms: int = 0
    version: str = "1.2.3"
    messages: list[EngineMessage] = field(default_factory=list)
    pictures: list[tuple[dict[str, object], bytes]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    clips: dict[str, bytes] = field(default_factory=dict)
    clips_put: int = 0
    footage: dict[str, bytes] = field(default_factory=dict)
    links: int = 0
    refused: int = 0
    journal: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._link: WebSocket | None = None
        self._changed = asyncio.Event()
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> FakeGateway:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = FastAPI()
        app.add_api_websocket_route("/ws/engine", self._engine)
        app.add_api_websocket_route("/ws/engine/frames", self._frames)
        app.add_api_route("/api/engine/blobs/{blob_id}", self._blob, methods=["PUT"])
        app.add_api_route("/api/engine/footage/{request_id}", self._piece, methods=["PUT"])
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="error", ws="websockets-sansio", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Goes away, dropping every connection."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        await self._task
        self._server = None

    async def send(self, message: GatewayMessage) -> None:
        assert self._link is not None
        await self._link.send_bytes(encode(message))

    async def send_raw(self, data: bytes | str) -> None:
        """Sends what no gateway should."""
        assert self._link is not None
        if isinstance(data, bytes):
            await self._link.send_bytes(data)
        else:
            await self._link.send_text(data)

    async def drop_link(self) -> None:
        """Closes the engine's link, and goes on listening."""
        assert self._link is not None
        await self._link.close()

    def all(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.messages if isinstance(message, kind)]

    async def until(self, condition: Callable[[], object], timeout_s: float = 60.0) -> None:
        """Waits until the condition holds; looked at after everything that comes."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _engine(self, websocket: WebSocket) -> None:
        if websocket.headers.get("authorization") != f"Bearer {TOKEN}":
            self.refused += 1
            self._changed.set()
            await websocket.close(4500)
            return
        await websocket.accept()
        try:
            while True:
                message = decode_engine_message(await websocket.receive_bytes())
                self.messages.append(message)
                self.journal.append(type(message).__name__)
                await self._answer(websocket, message)
                self._changed.set()
        except (WebSocketDisconnect, RuntimeError):
            pass

    async def _answer(self, websocket: WebSocket, message: EngineMessage) -> None:
        if isinstance(message, Hello):
            self._link = websocket
            self.links += 1
            welcome = Welcome(server_time=self._now_ms(), gallery_version=0, version=self.version)
            await websocket.send_bytes(encode(welcome))
            for assign in self.assign:
                await websocket.send_bytes(encode(assign))
        elif isinstance(message, Beat) and self.lease_ms is not None:
            lease = Lease(beat=message.number, length_ms=self.lease_ms, server_time=self._now_ms())
            await websocket.send_bytes(encode(lease))
        elif isinstance(message, GallerySince):
            for page in self.gallery:
                if page.version > message.version:
                    await websocket.send_bytes(encode(page))
        elif isinstance(message, Kept) and self.accept(message):
            await websocket.send_bytes(encode(Accepted(key=message.key, clip=self.wants_clip(message))))

    def _now_ms(self) -> int:
        return SystemClock().now_ms() + self.ahead_ms

    async def _frames(self, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                data = await websocket.receive_bytes()
                length = int.from_bytes(data[:4], "big")
                self.pictures.append((json.loads(data[4 : 4 + length]), data[4 + length :]))
                self.journal.append("picture")
                self._changed.set()
        except (WebSocketDisconnect, RuntimeError):
            pass

    async def _blob(self, blob_id: str, request: Request) -> Response:
        try:
            data = await request.body()
        except ClientDisconnect:  # an engine that was killed
            return Response(status_code=400)
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        if request.headers["content-type"] != "image/jpeg":
            return self._clip(blob_id, request, data)
        self.journal.append("blob")
        if self.blob_status < 300:
            self.blobs[blob_id] = data
        return Response(status_code=self.blob_status)

    def _clip(self, blob_id: str, request: Request, data: bytes) -> Response:
        assert request.headers["content-type"] == "video/mp4"
        assert len(data) == int(request.headers["content-length"])
        self.clips_put += 1
        if self.clip_status < 300:
            self.clips[blob_id] = data
        self._changed.set()
        return Response(status_code=self.clip_status)

    async def _piece(self, request_id: str, request: Request) -> Response:
        data = await request.body()
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert len(data) == int(request.headers["content-length"])
        self.footage[request_id] = data
        self._changed.set()
        return Response(status_code=204)
