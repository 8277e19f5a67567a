"""One connection to `/ws/verify`, from opening to its end: pictures one at a time, answers as they come."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from sightline.client.closing import meaning_of, retry_after_ms, stop_reason_of
from sightline.client.link import socket_address
from sightline.decisions.workstation import Action, Reason
from sightline.deliveries.session import CloseCode

__all__ = ["Answer", "Ended", "Line", "PATH", "open_line"]

PATH = "/ws/verify"
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 10.0
"""How long the answer to a picture is waited for before the next one is sent."""
SILENCE_S = 30.0
"""How long a server may say nothing at all while it is asked."""
MAX_ANSWER_BYTES = 65_536

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
"""Given to the WebSocket library, which at DEBUG writes down every frame and header: the token too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. `latency_ms`: since the picture was sent; `None` for what it said by itself."""

    action: Action
    reason: Reason
    actual: str
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Why there is no connection (any more), in words. `code`: the close code; `status`: that of the HTTP answer which
    refused it; neither when nobody answered. `retry_ms`: when the server wants to be asked again."""

    words: str
    code: int | None = None
    status: int | None = None
    retry_ms: int | None = None

    @property
    def answered(self) -> bool:
        """Whether a server was there and refused."""
        return self.status is not None or (self.code is not None and self.code not in (1000, 1001, 1006))

    @property
    def is_final(self) -> bool:
        """Whether there is no sense in coming back. A user who is not known here may be, once somebody enrols them."""
        if self.status in (401, 403):
            return True
        return self.code is not None and self.code != CloseCode.BAD_TOKEN and stop_reason_of(self.code) is not None


class _Said(msgspec.Struct, frozen=True):
    """An answer as a client reads it: what it does not know is passed over."""

    action: str
    reason: str = ""
    actual_username: str = ""
    send_time: str | int | float | None = None


_decoder = msgspec.json.Decoder(_Said)


class Line:
    """An open connection. `listen` runs for as long as it is; `ask` sends a picture and waits for its answer, which
    `listen` gives to `tell`."""

    def __init__(self, connection: ClientConnection, tell: Callable[[Answer], Awaitable[None]]) -> None:
        self._connection = connection
        self._tell = tell
        self._sent = 0
        self._sent_s = self._heard_s = time.monotonic()
        self._answered = asyncio.Event()

    async def ask(self, user: str, picture: bytes) -> None:
        """Returns when the picture was answered, or will hardly be any more. Raises `ConnectionClosed`."""
        self._sent += 1
        self._answered.clear()
        self._sent_s = time.monotonic()
        frame = {"user_name": user, "image": base64.b64encode(picture).decode(), "send_time": self._sent}
        await self._connection.send(msgspec.json.encode(frame).decode())
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._answered.wait()
        except TimeoutError:
            if time.monotonic() - self._heard_s > SILENCE_S:
                self._connection.transport.abort()

    async def listen(self) -> None:
        """Returns when the connection is closed."""
        try:
            async for message in self._connection:
                self._heard_s = time.monotonic()
                said = _read(message)
                if said is None:
                    continue
                mine = said.send_time == self._sent
                latency_ms = round((self._heard_s - self._sent_s) * 1000) if mine else None
                try:
                    action, reason = Action(said.action), Reason(said.reason)
                except ValueError:
                    _log.warning("an answer of a newer server: %s %s", said.action, said.reason)
                else:
                    await self._tell(Answer(action, reason, said.actual_username, latency_ms))
                if mine:
                    self._answered.set()
        except ConnectionClosed:
            pass  # the code, read by `talk`, says it better
        finally:
            self._answered.set()


async def open_line(
    url: str, token: str, tls: ssl.SSLContext | None, use: Callable[[ClientConnection], Awaitable[None]]
) -> Ended:
    """Opens a connection, lets `use` have it, and says how it ended. Raises `ConfigurationError` for a strange url."""
    try:
        connection = await connect(
            socket_address(url, PATH),
            additional_headers={"Authorization": f"Bearer {token}"},
            ssl=tls,
            proxy=None,
            compression=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=MAX_ANSWER_BYTES,
            logger=_log,
        )
    except InvalidStatus as refusal:
        response = refusal.response
        words = _detail(response.body) or f"the server refused: {response.status_code} {response.reason_phrase}"
        retry_ms = retry_after_ms(f"retry_after_s={response.headers.get('Retry-After', '')}")
        return Ended(words, status=response.status_code, retry_ms=retry_ms)
    except (InvalidHandshake, WebSocketException, OSError, TimeoutError, EOFError) as failure:
        return Ended(f"the server cannot be reached: {failure}")
    try:
        await use(connection)
    except ConnectionClosed:
        pass
    finally:
        await connection.close()
    code, reason = connection.close_code or 1006, connection.close_reason or ""
    words = f"{meaning_of(code)}: {reason}" if reason else meaning_of(code)
    return Ended(words, code=code, retry_ms=retry_after_ms(reason))


def _read(message: str | bytes) -> _Said | None:
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError) as problem:
        _log.warning("the server's answer cannot be read: %s", problem)
        return None


def _detail(body: bytes | bytearray | None) -> str:
    try:
        said = msgspec.json.decode(body or b"")
    except msgspec.DecodeError:
        return ""
    detail = said.get("detail") if isinstance(said, dict) else None
    return detail if isinstance(detail, str) else ""
