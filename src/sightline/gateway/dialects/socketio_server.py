"""`/socket.io/`: the native protocol for `socket.io-client`, an adapter over the same sessions.

Event names are the native types, payloads their data; a `request_id` in the payload is the message's `id`, and comes
back in the answer. A picture is the event `frame` with its header and its bytes. `process_frame` is answered as
on `/ws`. Socket.IO knows no close codes, so a session that ends says `session_closed` with `code` and `reason` first.

python-socketio keeps an unbounded queue for each connection; nothing more is put into it while it is long, so a slow
client stays behind in the log here as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
import socketio
import structlog
from engineio.payload import Payload
from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from sightline.events.wire import encode_flat
from sightline.gateway.cluster.siblings import mark_of
from sightline.gateway.dialects.admission import ConnectionLimit, NotNow, address_of
from sightline.gateway.dialects.native import NativeClient, serve_native
from sightline.gateway.gateway import Gateway
from sightline.gateway.pushed.frames_socket import max_frame_message_bytes
from sightline.gateway.pushed.socketio_frames import PROCESS_FRAME, SocketIoFrames

__all__ = ["PATH", "SocketIo", "SocketIoChannel"]

PATH = "/socket.io/"
PING_INTERVAL_S = 25
PING_TIMEOUT_S = 20
MAX_UNREAD = 64
MAX_UNSENT = 32
MAX_PACKETS_A_POST = 256
"""What a client that begins with polling may say before it is upgraded; the library's 16 are fewer than a page has."""

SWEEP_S = 1.0
CATCH_ALL = "*"

log = structlog.get_logger(__name__)

_silent = logging.getLogger("sightline.socketio")
_silent.setLevel(logging.CRITICAL + 1)
"""Their libraries log what clients send, and a traceback for every packet that makes no sense."""


class _Message(msgspec.Struct):
    """A native message as the session encoded it; the data stays text."""

    type: str
    data: msgspec.Raw
    id: str | None = None


_messages = msgspec.json.Decoder(_Message)
_json_encoder = msgspec.json.Encoder()


class _Json:
    """What python-socketio uses for JSON: bounded in depth, and strict."""

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise ValueError("not JSON") from None

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return _json_encoder.encode(value).decode()


class SocketIoChannel:
    """One Socket.IO client as a session sees it. Implements `ClientSocket`."""

    def __init__(self, server: socketio.AsyncServer, sid: str, eio_sid: str, scope: Scope, auth: object) -> None:
        self._server = server
        self._sid = sid
        self.eio_sid = eio_sid
        self.scope = scope
        self.frames: SocketIoFrames | None = None
        self._unread: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_UNREAD)
        self._ended = False
        given = auth if isinstance(auth, dict) else {}
        shown = {name: value for name, value in given.items() if isinstance(value, str)}
        headers = dict(Headers(scope=scope))
        token = shown.get("token") or shown.get("auth_token")
        self.headers: Mapping[str, str] = headers | ({"authorization": f"Bearer {token}"} if token else {})
        query = dict(QueryParams(scope["query_string"]))
        self.query_params: Mapping[str, str] = query | {name: shown[name] for name in ("ticket",) if name in shown}

    async def accept(self) -> None:
        """It was accepted before there was a session."""

    async def receive(self) -> dict[str, Any]:
        return await self._unread.get()

    async def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The client says something; waits while the session is behind with what was said before."""
        if self._ended:
            return
        data = arguments[0] if arguments else {}
        message: dict[str, Any] = {"type": event, "data": data}
        if isinstance(data, dict) and isinstance(data.get("request_id"), str):
            message["id"] = data["request_id"]
        await self._unread.put({"type": "websocket.receive", "text": encode_flat(message)})

    def gone(self) -> None:
        """The client has left: the session ends, and whoever waits in `heard` goes on."""
        self._ended = True
        while not self._unread.empty():
            self._unread.get_nowait()
        self._unread.put_nowait({"type": "websocket.disconnect", "code": 1005})

    async def send_text(self, data: str) -> None:
        message = _messages.decode(data)
        payload = bytes(message.data).decode()
        if message.id is not None:
            payload = _with_request_id(message.data, message.id)
        await self._room()
        await self._server.eio.send(self.eio_sid, f'2["{message.type}",{payload}]')

    async def send_bytes(self, data: bytes) -> None:
        size = int.from_bytes(data[:4], "big")
        await self._room()
        await self._server.emit("frame", (msgspec.json.decode(data[4 : 4 + size]), data[4 + size :]), to=self._sid)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        await self._server.emit("session_closed", {"code": code, "reason": reason or ""}, to=self._sid)
        await self._server.disconnect(self._sid)

    async def _room(self) -> None:
        """Waits until the client has taken most of what was sent. Raises `WebSocketDisconnect` when it is gone."""
        socket = self._server.eio.sockets.get(self.eio_sid)
        if socket is None or socket.closed or self._ended:
            raise WebSocketDisconnect(1006)
        if socket.queue.qsize() >= MAX_UNSENT:
            await socket.queue.join()


class SocketIo:
    """The endpoint: an ASGI application, and a job that throws out whoever does not connect in time."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        limit_bytes = max(gateway.settings.max_message_kib * 1024, max_frame_message_bytes(gateway.settings))
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            async_handlers=False,  # in the order in which they were sent
            cors_allowed_origins=[],  # `OriginGuard` and `CrossOrigin` stand before this
            max_http_buffer_size=limit_bytes,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            http_compression=False,
            cookie=None,
            json=_Json,
            logger=_silent,
            engineio_logger=_silent,
        )
        Payload.max_decode_packets = MAX_PACKETS_A_POST
        if gateway.siblings is not None:  # a client that polls comes to any of them, and is handed over to its own
            mark, new_id = mark_of(gateway.siblings.number), self._server.eio.generate_id
            self._server.eio.generate_id = lambda: mark + new_id()
        self._app: ASGIApp = socketio.ASGIApp(self._server, socketio_path=PATH)
        self._channels: dict[str, SocketIoChannel] = {}
        self._sessions: set[asyncio.Task[None]] = set()
        self._first_seen_s: dict[str, float] = {}
        self._server.on("connect", self._connected)
        self._server.on("disconnect", self._disconnected)
        self._server.on(CATCH_ALL, self._said)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = QueryParams(scope["query_string"])
        if "j" in query:  # answers as scripts, for pages that may not ask otherwise
            await _refuse(scope, receive, send, 400, "this server does not speak JSONP")
            return
        if "sid" not in query and not self._has_room(scope):
            await _refuse(scope, receive, send, 503, "too many connections; retry_after_s=10")
            return
        try:
            await self._app(scope, receive, send)
        except Exception as problem:  # noqa: BLE001  # the library lets whatever a strange packet raises through
            log.debug("socketio_packet_refused", problem=type(problem).__name__)
            if scope["type"] == "websocket":
                with contextlib.suppress(RuntimeError, OSError):
                    await send({"type": "websocket.close", "code": 4501})

    def _has_room(self, scope: Scope) -> bool:
        """Whether another connection may be begun, whoever it turns out to be: those that never say are counted too."""
        address = address_of(HTTPConnection(scope))
        begun = [environ["asgi.scope"] for environ in self._server.environ.values()]
        same = sum(address_of(HTTPConnection(other)) == address for other in begun)
        return len(begun) < self._gateway.settings.max_connections and self._gateway.admission.has_room(address, same)

    async def run(self) -> None:
        """Ends connections that open no session in time, until cancelled; then all."""
        try:
            while True:
                await asyncio.sleep(SWEEP_S)
                await self._sweep(self._gateway.clock.monotonic_s())
        finally:
            for session in self._sessions:
                session.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)
            await self._server.shutdown()

    async def _sweep(self, now_s: float) -> None:
        connections = set(self._server.eio.sockets)
        for gone in self._first_seen_s.keys() - connections:
            del self._first_seen_s[gone]
        for eio_sid in connections - {channel.eio_sid for channel in self._channels.values()}:
            first_s = self._first_seen_s.setdefault(eio_sid, now_s)
            if now_s - first_s >= self._gateway.settings.identify_timeout_s:
                socket = self._server.eio.sockets[eio_sid]
                await self._server.eio.disconnect(eio_sid)
                socket.queue.put_nowait(None)  # or a client that takes no notice keeps the connection open

    async def _connected(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        eio_sid = self._server.manager.eio_sid_from_sid(sid, "/")
        if sid in self._channels or environ is not self._server.environ.get(eio_sid):
            return  # the library lets a client's own event of this name through to here
        scope: Scope = environ["asgi.scope"]
        places = contextlib.ExitStack()
        try:
            self._gateway.admission.arrive(self._gateway.clock.monotonic_s())
            if self._gateway.is_full():
                raise ConnectionLimit("the server", self._gateway.settings.max_connections)
            places.enter_context(self._gateway.admission.place(address_of(HTTPConnection(scope))))
        except NotNow as problem:
            refusal = {"code": "CONNECTION_LIMIT", "retry_after_s": problem.retry_after_s}
            raise socketio.exceptions.ConnectionRefusedError(str(problem), refusal) from None
        channel = self._channels[sid] = SocketIoChannel(self._server, sid, eio_sid, scope, auth)
        session = asyncio.create_task(self._serve(channel, places))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, channel: SocketIoChannel, places: contextlib.ExitStack) -> None:
        client = NativeClient(self._gateway, channel)
        channel.frames = SocketIoFrames(self._gateway, client)
        try:
            with places:
                await serve_native(self._gateway, channel, client)
        finally:
            channel.frames.left()

    async def _disconnected(self, sid: str, reason: str) -> None:
        channel = self._channels.pop(sid, None)
        if channel is not None:
            channel.gone()

    async def _said(self, event: str, sid: str, *arguments: Any) -> None:
        channel = self._channels.get(sid)
        if channel is None:
            return
        if event == PROCESS_FRAME and channel.frames is not None:
            await channel.frames.hear(arguments[0] if arguments else None)
        else:
            await channel.heard(event, arguments)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, detail: str) -> None:
    refusal = JSONResponse({"detail": detail}, status)
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(refusal)
    else:
        await refusal(scope, receive, send)


def _with_request_id(data: msgspec.Raw, id: str) -> str:
    """The data of an answer, which names the request where it does not already."""
    fields = msgspec.json.decode(data)
    fields.setdefault("request_id", id)
    return _json_encoder.encode(fields).decode()
