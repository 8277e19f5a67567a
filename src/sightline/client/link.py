"""One WebSocket from opening to closing: the only place of the client that touches the network."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from sightline.client.closing import retry_after_ms
from sightline.exceptions import ConfigurationError

__all__ = ["Closed", "Failed", "Heard", "Link", "LinkEvent", "Opened", "socket_address"]

PATH = "/ws/v1"
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
MAX_MESSAGE_BYTES = 16 * 2**20
"""Of one message; the largest is the snapshot of all open alerts."""
MAX_WAITING = 4_096
"""Messages that wait for the socket; beyond it the peer does not read, and the link is broken off."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
"""Given to the WebSocket library, which at DEBUG writes down every frame: the access token too."""


def socket_address(url: str, path: str = PATH) -> str:
    """The WebSocket address of a server, at `path`. Raises `ConfigurationError`.

    >>> socket_address("http://127.0.0.1:8000")
    'ws://127.0.0.1:8000/ws/v1'
    """
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ConfigurationError(f"the server's url has to look like http://host:8000 or wss://host{path}", key="url")
    whole = parts.path if parts.path.endswith(path) else parts.path.rstrip("/") + path
    return urlunsplit((scheme, parts.netloc, whole, parts.query, ""))


@dataclass(frozen=True, slots=True)
class Opened:
    """The socket is open."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be opened; `answered` when a server is there and refused, perhaps for `retry_ms` milliseconds."""

    reason: str
    answered: bool
    retry_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A message."""

    message: str | bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer closed it, or it broke off (1006)."""

    code: int
    reason: str


LinkEvent = Opened | Failed | Heard | Closed


class Link:
    """`start` it once; `leave` it at any time. `tell` is called with what happens to it and must not block."""

    def __init__(self, address: str, tls: ssl.SSLContext | None, tell: Callable[[Link, LinkEvent], None]) -> None:
        self._address = address
        self._tls = tls
        self._tell = tell
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._left: tuple[int, str] | None = None
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Opens the socket. The task ends when the socket is closed."""
        self._task = asyncio.create_task(self._run())
        return self._task

    def send(self, type: str, data: Mapping[str, Any], id: str | None) -> None:
        """Sends a message as soon as the socket takes it, in order."""
        envelope = {"type": type, "data": data} if id is None else {"type": type, "id": id, "data": data}
        try:
            self._waiting.put_nowait(msgspec.json.encode(envelope).decode())
        except asyncio.QueueFull:
            if self._connection is not None:
                self._connection.transport.abort()

    def leave(self, code: int, reason: str) -> None:
        """Closes the socket politely, with what was said last sent before, but does not wait for long."""
        if self._left is None and self._task is not None:
            self._left = (code, reason)
            self._task.cancel()

    async def _run(self) -> None:
        try:
            self._connection = connection = await self._connect()
        except InvalidStatus as refusal:
            response = refusal.response
            reason = f"the server refused the connection: {response.status_code} {response.reason_phrase}"
            retry_ms = retry_after_ms(f"retry_after_s={response.headers.get('Retry-After', '')}")
            self._tell(self, Failed(reason, answered=True, retry_ms=retry_ms))
        except InvalidHandshake as refusal:
            if isinstance(refusal.__cause__, EOFError):  # a line that broke, as to a proxy whose server is down
                self._tell(self, Failed("the server cannot be reached: it hung up at once", answered=False))
            else:
                self._tell(self, Failed(f"this is no Sightline server: {refusal}", answered=True))
        except (OSError, TimeoutError, EOFError, WebSocketException) as failure:
            self._tell(self, Failed(f"the server cannot be reached: {failure}", answered=False))
        else:
            try:
                await self._talk(connection)
            finally:
                await self._close(connection)

    async def _connect(self) -> ClientConnection:
        return await connect(
            self._address,
            ssl=self._tls,
            proxy=None,
            compression=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,  # the protocol has heartbeats of its own, which also measure the server's programs
            max_size=MAX_MESSAGE_BYTES,
            logger=_log,
        )

    async def _talk(self, connection: ClientConnection) -> None:
        sender = asyncio.create_task(self._send(connection))
        try:
            self._tell(self, Opened())
            async for message in connection:
                self._tell(self, Heard(message))
        except ConnectionClosed:
            pass  # the code, read below, says it better
        finally:
            sender.cancel()
        self._tell(self, Closed(connection.close_code or 1006, connection.close_reason or ""))

    async def _send(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the receiving side reports it
            while True:
                await connection.send(await self._waiting.get())

    async def _close(self, connection: ClientConnection) -> None:
        code, reason = self._left or (1000, "")
        try:
            async with asyncio.timeout(2 * CLOSE_TIMEOUT_S):
                with contextlib.suppress(ConnectionClosed):
                    while not self._waiting.empty():  # what was said last is said before the good-bye
                        await connection.send(self._waiting.get_nowait())
                await connection.close(code, reason)
        except TimeoutError:
            connection.transport.abort()
