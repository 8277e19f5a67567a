"""A real gateway inside a test: real store, real HTTP and WebSocket server on a free port, and clients to talk to it.

Only the engine is a script: it speaks `engine_link` over a real connection and says what a test wants said.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import msgspec
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from sightline.accounts import Role, User
from sightline.cameras import Camera
from sightline.decisions.watch_list import WatchList
from sightline.events import engine_link as link
from sightline.events.alert import Severity
from sightline.events.fact import Accepted, Fact, Identified
from sightline.events.footage import FindFootage, FootageSpans
from sightline.events.lease import Beat, Lease
from sightline.events.observation import Observation, TrackedFace
from sightline.events.spoken import decode_spoken
from sightline.events.spoken_elsewhere import ALERTS_MESSAGES
from sightline.gateway.app import create_app
from sightline.gateway.gateway import Gateway
from sightline.identities.subject import NewReference, Person
from sightline.listeners import parse_listeners
from sightline.service.asgi_server import server_config
from sightline.service.gateway import engine_token, open_gateway
from sightline.settings import Settings

PASSWORD = "correct-horse-battery-staple"
LOCAL_TOKEN = "token-of-the-owner"
MODEL = "embedder-1"
JPEG = b"\xff\xd8 a picture \xff\xd9"
START_MS = 1_767_265_205_000
PATIENCE_S = 20.0

Message = TypeVar("Message")


class NativeClient:
    """A client of `/ws/v1` that answers nothing by itself."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self.pictures: list[tuple[dict[str, Any], bytes]] = []

    @staticmethod
    def check(message: str) -> None:
        """Whatever a gateway says is said as the reference says it."""
        decode_spoken(message)

    async def send(self, type: str, /, *, id: str | None = None, **data: Any) -> None:
        message: dict[str, Any] = {"type": type, "data": data}
        await self.socket.send(json.dumps(message if id is None else message | {"id": id}))

    async def hear(self) -> dict[str, Any] | None:
        """The next message; `None` for a picture, which goes into `pictures`."""
        async with asyncio.timeout(PATIENCE_S):
            message = await self.socket.recv()
        if isinstance(message, bytes):
            size = int.from_bytes(message[:4], "big")
            self.pictures.append((json.loads(message[4 : 4 + size]), message[4 + size :]))
            return None
        self.check(message)
        decoded: dict[str, Any] = json.loads(message)
        self.heard.append(decoded)
        return decoded

    async def next(self, type: str) -> dict[str, Any]:
        """The next message of this type; what comes before it is in `heard`."""
        while True:
            message = await self.hear()
            if message is not None and message["type"] == type:
                return message

    async def data(self, type: str) -> dict[str, Any]:
        return dict((await self.next(type))["data"])

    async def heard_or_next(self, type: str) -> dict[str, Any]:
        """The data of the first message of this type, heard already or still to come."""
        return self.all(type)[0] if self.all(type) else await self.data(type)

    async def picture(self) -> tuple[dict[str, Any], bytes]:
        before = len(self.pictures)
        while len(self.pictures) == before:
            await self.hear()
        return self.pictures[-1]

    async def silent(self, for_s: float = 0.3) -> None:
        """Nothing comes for a while; raises when something does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                raise AssertionError(f"not silent: {await self.socket.recv()!r:.300}")

    async def closed(self) -> tuple[int, str]:
        """Reads on until the server closes; its code and reason."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed as end:
            return (end.rcvd.code, end.rcvd.reason) if end.rcvd else (1006, "")

    def all(self, type: str) -> list[dict[str, Any]]:
        return [message["data"] for message in self.heard if message["type"] == type]


class AlertsClient(NativeClient):
    """A client of `/ws/alerts/{user_id}`: messages without an envelope."""

    @staticmethod
    def check(message: str) -> None:
        """Another dialect, in its own words."""
        msgspec.json.decode(message, type=ALERTS_MESSAGES[json.loads(message)["type"]])

    async def say(self, type: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type, **fields}))


@dataclass
class ScriptedEngine:
    """A connected engine that says what it is told to. `recorded` is what it answers when recordings are looked for."""

    socket: ClientConnection
    told: list[link.GatewayMessage] = field(default_factory=list)
    recorded: Callable[[FindFootage], FootageSpans] = lambda asked: FootageSpans(request_id=asked.request_id)

    def __post_init__(self) -> None:
        self._changed = asyncio.Event()
        self._facts = itertools.count(1)
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in self.socket:
                assert isinstance(data, bytes)
                message = link.decode_gateway_message(data)
                self.told.append(message)
                self._changed.set()
                if isinstance(message, FindFootage):
                    await self.send(self.recorded(message))

    async def send(self, *messages: link.EngineMessage) -> None:
        for message in messages:
            await self.socket.send(link.encode(message))

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def all(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.told if isinstance(message, kind)]

    async def tell(self, fact: Fact) -> None:
        """Sends a fact and waits until it is accepted."""
        await self.send(fact)
        await self.until(lambda: any(accepted.key == fact.key for accepted in self.all(Accepted)))

    async def beat(self, number: int, *holds: Camera) -> None:
        """Says a beat and waits for the lease."""
        await self.send(Beat(number=number, holds=[camera.id for camera in holds]))
        await self.until(lambda: any(lease.beat == number for lease in self.all(Lease)))

    def cameras(self) -> set[str]:
        """What it was told to read, in the order in which it was told."""
        reads: set[str] = set()
        for message in self.told:
            if isinstance(message, link.Assign):
                reads.add(message.camera.id)
            elif isinstance(message, link.Revoke):
                reads.discard(message.camera_id)
        return reads

    async def sees(self, person: Person, camera: Camera, times: int = 1) -> list[Fact]:
        """The person passes the camera so often, each time long enough after the last to be alerted again."""
        facts = [identified(person.id, camera.id, number) for number in itertools.islice(self._facts, times)]
        await self.send(*facts)
        wanted = {fact.key for fact in facts}
        await self.until(lambda: wanted <= {accepted.key for accepted in self.all(Accepted)})
        return facts

    async def close(self) -> None:
        await self.socket.close()
        await self._reader


@dataclass
class RunningGateway:
    """A gateway that listens, and short ways to put things into it."""

    gateway: Gateway
    app: FastAPI
    url: str
    engine_token: str
    _engine_tokens: dict[str, str] = field(default_factory=dict)

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    async def user(self, name: str, role: Role = Role.OPERATOR) -> tuple[User, str]:
        """A new user without a password that works, and a token."""
        store = self.gateway.store
        user = await store.users.create(name=name, role=role, password_hash="!", now_ms=self.gateway.clock.now_ms())
        return user, self.gateway.tokens.issue(user)[0]

    async def camera(self, name: str = "Front door", **changed: Any) -> Camera:
        values: dict[str, Any] = {
            "name": name, "source": "rtsp://viewer:pr1vate@10.0.0.9/stream", "latitude": 52.5, "longitude": 13.4,
            "analysis_fps": 5.0, "enabled": True, "alert_unknown": False, "now_ms": START_MS,
        }  # fmt: skip
        camera = await self.gateway.store.cameras.create(**(values | changed))
        self.gateway.changes.camera(camera.id)
        return camera

    async def watch_list(self, name: str = "Wanted") -> WatchList:
        store = self.gateway.store
        found = await store.watch_lists.by_name(name)
        return found or await store.watch_lists.create(
            name=name, severity=Severity.CRITICAL, enabled=True, now_ms=START_MS
        )

    async def wanted(self, first_name: str = "Ada") -> Person:
        """A person on the watch list, with one enrolled photograph."""
        store = self.gateway.store
        watch_list = await self.watch_list()
        person = await store.people.create(
            first_name=first_name, last_name="Lovelace", age=36, description="mathematician", now_ms=START_MS
        )
        await store.watch_lists.add_person(watch_list.id, person.id)
        await store.people.add_reference(person.id, reference(person.id), now_ms=START_MS)
        self.gateway.changes.person(person.id)
        return await store.people.get(person.id)

    def http(self, token: str | None = LOCAL_TOKEN) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE_S, trust_env=False)

    @contextlib.asynccontextmanager
    async def socket(self, path: str, **options: Any) -> AsyncIterator[ClientConnection]:
        options = {"max_size": None, "proxy": None, "compression": None, "ping_interval": None} | options
        async with connect(f"{self.ws_url}{path}", **options) as socket:
            yield socket

    @contextlib.asynccontextmanager
    async def newcomer(self, path: str = "/ws/v1", **options: Any) -> AsyncIterator[NativeClient]:
        """A client of `/ws/v1` that has not said who it is."""
        async with self.socket(path, **options) as socket:
            client = NativeClient(socket)
            await client.next("connection_established")
            yield client

    @contextlib.asynccontextmanager
    async def client(
        self, token: str, *, device: str | None = None, resume: dict[str, Any] | None = None, **options: Any
    ) -> AsyncIterator[NativeClient]:
        """A client of `/ws/v1` that is signed in; the answer is the last that it heard."""
        async with self.newcomer(**options) as client:
            data: dict[str, Any] = {"client_type": "frontend", "auth_token": token}
            data |= {"device": device} if device is not None else {}
            data |= {"resume": resume} if resume is not None else {}
            await client.send("client_identify", id="hello", **data)
            await client.next("identification_success")
            yield client

    @contextlib.asynccontextmanager
    async def alerts_client(self, user: User, token: str, **options: Any) -> AsyncIterator[AlertsClient]:
        async with self.socket(f"/ws/alerts/{user.id}?token={token}", **options) as socket:
            yield AlertsClient(socket)

    @contextlib.asynccontextmanager
    async def engine(self, *, capacity: int = 8, name: str = "local", **hello: Any) -> AsyncIterator[ScriptedEngine]:
        """One that says no beats, so that it has no lease, unless it is given an `instance`."""
        token = self.engine_token if name == "local" else await self.token_of(name)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.socket("/ws/engine", additional_headers=headers) as socket:
            engine = ScriptedEngine(socket)
            models = [link.ModelReport(task="face-detector", name="d", loaded=True)]
            values = {
                "engine_id": "any", "version": "1", "capacity": capacity, "devices": ["cpu"], "models": models,
                "protocol": link.LINK_PROTOCOL,
            }  # fmt: skip
            await engine.send(link.Hello(**(values | hello)))
            await engine.until(lambda: engine.all(link.Welcome))
            yield engine
            await engine.close()

    async def token_of(self, engine_id: str) -> str:
        """The token of an engine that others start, made when it is asked for first."""
        if engine_id not in self._engine_tokens:
            self._engine_tokens[engine_id] = await engine_token(self.gateway, engine_id)
        return self._engine_tokens[engine_id]

    @contextlib.asynccontextmanager
    async def engine_pictures(self) -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Bearer {self.engine_token}"}
        async with self.socket("/ws/engine/frames", additional_headers=headers) as socket:
            yield socket

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits for something that happens inside the gateway and that nobody is told."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110  # there is no event for it
                await asyncio.sleep(0.01)


class _Server(uvicorn.Server):
    """uvicorn without its hold on the signals of the test's process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@dataclass
class GatewayRun:
    """Starts and stops a gateway on one home folder, as often as wanted: the same data, another life."""

    home: Path
    settings: dict[str, Any] = field(default_factory=dict)
    engine: str = "local"

    async def __aenter__(self) -> Self:
        self._stack = contextlib.AsyncExitStack()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def start(self) -> RunningGateway:
        settings = Settings(home=self.home, port=0, timezone="Europe/Berlin", **self.settings)
        gateway = await self._stack.enter_async_context(open_gateway(settings, local_token=LOCAL_TOKEN))
        app = create_app(gateway, background=contextlib.nullcontext)
        config = await server_config(app, settings)
        config.timeout_graceful_shutdown = 1
        server = _Server(config)
        sockets = [_bound(0), *(_bound(listener.port) for listener in parse_listeners(settings.listen))]
        task = asyncio.create_task(server.serve(sockets=sockets))

        async def stop() -> None:
            server.should_exit = True
            await task

        self._stack.push_async_callback(stop)
        while not server.started:
            assert not task.done(), task.exception()
            await asyncio.sleep(0.005)
        port = sockets[0].getsockname()[1]
        return RunningGateway(gateway, app, f"http://127.0.0.1:{port}", await engine_token(gateway, self.engine))

    async def stop(self) -> None:
        await self._stack.aclose()


async def deaf_client(gateway: RunningGateway, token: str) -> socket.socket:
    """A client that signs in, wants everything and then reads nothing: a phone asleep."""
    host, port = gateway.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (host, int(port)))
    handshake = (
        f"GET /ws/v1 HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await loop.sock_sendall(connection, handshake.encode())
    assert b" 101 " in await loop.sock_recv(connection, 200)
    for type, data in (
        ("client_identify", {"client_type": "frontend", "auth_token": token}),
        ("subscribe_camera", {"camera_id": "*", "frames": True}),
    ):
        text = json.dumps({"type": type, "data": data}).encode()
        await loop.sock_sendall(connection, Frame(Opcode.TEXT, text).serialize(mask=True))
    return connection


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def identified(person_id: str, camera_id: str, number: int, **changed: Any) -> Fact:
    """The `number`th time that somebody is seen: ten seconds after the one before."""
    at_ms = START_MS + number * 10_000
    values: dict[str, Any] = {
        "key": f"fact-{number}", "camera_id": camera_id, "timestamp": at_ms, "width": 640, "height": 480,
        "frame_id": number, "blobs": {},
        "what": Identified(
            track_id=f"track-{number}", person_id=person_id, reference_id=f"reference-of-{person_id}", similarity=0.8,
            margin=0.2, first_seen=at_ms - 200, bbox=(1, 2, 3, 4), model_id=MODEL, samples=[],
        ),
    }  # fmt: skip
    return Fact(**(values | changed))


def observation(camera_id: str, frame_id: int, *, person_id: str | None = None) -> Observation:
    """One face in a frame of 640 × 480 pixels."""
    face = TrackedFace(
        bbox=(10, 20, 30, 50), confidence=0.9, landmarks=[(1, 2)] * 5, track_id="track-1", quality=0.7,
        identity="known" if person_id else "pending", person_id=person_id, similarity=0.8 if person_id else None,
    )  # fmt: skip
    return Observation(
        camera_id=camera_id, frame_id=frame_id, timestamp=START_MS + frame_id, width=640, height=480, faces=[face]
    )


def picture(camera_id: str, frame_id: int) -> bytes:
    """A live picture as engines send it."""
    header = {"camera_id": camera_id, "frame_id": frame_id, "timestamp": START_MS, "width": 640, "height": 480}
    head = json.dumps(header).encode()
    return len(head).to_bytes(4, "big") + head + JPEG


def reference(name: str, **changed: Any) -> NewReference:
    values: dict[str, Any] = {
        "model_id": MODEL, "quality": 0.9, "file_name": f"{name}.jpg", "sha256": f"{name:0>64}"[:64],
        "sample": JPEG, "vector": b"template of " + name.encode(),
    }  # fmt: skip
    return NewReference(**(values | changed))
