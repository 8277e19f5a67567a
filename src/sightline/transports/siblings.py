"""The way from one gateway to another behind the same address: each has a door on the loopback interface.

Requests and conversations are handed over as they come: bodies in pieces, in both directions at once, and neither side
waits for more than the other takes. Whoever goes away is noticed on the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import httpcore
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from sightline.deliveries.session import CloseCode
from sightline.exceptions import Unavailable
from sightline.handed import FIRST, HEADER, Handed, sealed

__all__ = ["SiblingLinks"]

HEAD_S = 60.0
"""For the first word of an answer: a camera may be looked for, or an engine be starting."""
OPEN_S = 15.0
CLOSE_S = 2.0
KEEP_S = 2.0
"""For an idle connection to another gateway; that closes it after five."""
METRICS_S = 3.0
GONE = "that gateway is starting again: try in a moment"
AWAY = "the server is starting again; retry_after_s=1"

_NOT_PASSED_ON = frozenset(
    {
        b"connection", b"date", b"expect", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
        b"upgrade", HEADER.encode(),
    }
)  # fmt: skip
_OF_THE_HANDSHAKE = b"sec-websocket-"
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)
_SAYABLE = frozenset({1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013})


class SiblingLinks:
    """See `sightline.gateway.cluster.siblings.Siblings`: `doors` are the ports of all gateways, the first one's first;
    `token` opens each with the rights of the installation's owner."""

    def __init__(self, number: int, doors: Sequence[int], token: str) -> None:
        self.number = number
        self.count = len(doors)
        self._doors = tuple(doors)
        self._token = token
        self._pool = httpcore.AsyncConnectionPool(max_connections=None, keepalive_expiry=KEEP_S)

    async def close(self) -> None:
        """Closes what is open."""
        await self._pool.aclose()

    async def hand_over(self, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Siblings`."""
        if scope["type"] == "websocket":
            await self._converse(number, scope, receive, send)
        else:
            await self._answer(number, scope, receive, send)

    async def ask(self, request: bytes, timeout_s: float) -> bytes:
        """See `Siblings`."""
        headers = [("authorization", f"Bearer {self._token}"), ("content-type", "application/msgpack")]
        target = f"/api/siblings/ask?timeout_s={timeout_s:g}"
        try:
            async with asyncio.timeout(timeout_s + OPEN_S):
                answer = await self._pool.request("POST", self._url(FIRST, target.encode()), headers=headers,
                                                  content=request)  # fmt: skip
        except (*_BROKEN, TimeoutError):
            raise Unavailable(GONE) from None
        if answer.status != 200:
            raise Unavailable("no engine answered; try again in a moment")
        return answer.content

    async def metrics(self) -> dict[int, bytes | None]:
        """See `Siblings`."""
        others = [number for number in range(1, self.count + 1) if number != self.number]
        return dict(zip(others, await asyncio.gather(*map(self._metrics_of, others)), strict=True))

    async def _metrics_of(self, number: int) -> bytes | None:
        handed = Handed(("127.0.0.1", 0), "http", "127.0.0.1")
        try:
            async with asyncio.timeout(METRICS_S):
                answer = await self._pool.request(
                    "GET", self._url(number, b"/metrics"), headers=[(HEADER, sealed(handed, self._token))]
                )
        except (*_BROKEN, TimeoutError):
            return None
        return answer.content if answer.status == 200 else None

    def _url(self, number: int, target: bytes) -> httpcore.URL:
        return httpcore.URL(scheme=b"http", host=b"127.0.0.1", port=self._doors[number - 1], target=target)

    def _seal(self, scope: Scope) -> str:
        client, server = scope.get("client"), scope.get("server") or ("127.0.0.1", 0)
        host = Headers(scope=scope).get("host") or f"{server[0]}:{server[1]}"
        return sealed(Handed((client[0], client[1]) if client else None, scope["scheme"], host), self._token)

    # ── requests ──

    async def _answer(self, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive)
        await _first_of(self._exchange(number, scope, body, send), body.until_left())

    async def _exchange(self, number: int, scope: Scope, body: _Body, send: Send) -> None:
        headers = [header for header in scope["headers"] if header[0] not in _NOT_PASSED_ON]
        headers.append((HEADER.encode(), self._seal(scope).encode()))
        names = {name for name, _ in scope["headers"]}
        has_body = bool({b"content-length", b"transfer-encoding"} & names)
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(None) as head:
                    body.on_whole = lambda: head.reschedule(asyncio.get_running_loop().time() + HEAD_S)
                    if not has_body:
                        await body.skip()
                    response = await stack.enter_async_context(
                        self._pool.stream(
                            scope["method"], self._url(number, _target(scope)), headers=headers,
                            content=body.chunks() if has_body else None,
                        )
                    )  # fmt: skip
            except ClientDisconnect:
                return
            except (*_BROKEN, TimeoutError):
                raise Unavailable(GONE) from None
            kept = [(name.lower(), value) for name, value in response.headers if name.lower() not in _NOT_PASSED_ON]
            await send({"type": "http.response.start", "status": response.status, "headers": kept})
            try:
                async for chunk in response.aiter_stream():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except _BROKEN:
                return  # an answer without its end is cut off
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    # ── conversations ──

    async def _converse(self, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # that somebody wants to connect
        try:
            connection = await self._connected(number, scope)
        except InvalidStatus as refused:
            await _deny(refused, send)
            return
        except (InvalidHandshake, OSError, TimeoutError):
            raise Unavailable(GONE) from None
        try:
            await send({"type": "websocket.accept", "subprotocol": connection.subprotocol, "headers": []})
            said: list[int] = []
            await _first_of(_to_client(connection, send), _from_client(connection, receive, said))
            if said:
                await connection.close(said[0] if said[0] in _SAYABLE or said[0] >= 3000 else 1001)
            else:
                await send(_closing(connection))
        except (OSError, RuntimeError):
            pass  # the client is gone already
        finally:
            connection.transport.abort()

    async def _connected(self, number: int, scope: Scope) -> ClientConnection:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _NOT_PASSED_ON and name != b"host" and not name.startswith(_OF_THE_HANDSHAKE)
        ]
        return await connect(
            f"ws://127.0.0.1:{self._doors[number - 1]}{_target(scope).decode('latin-1')}",
            additional_headers=[*headers, (HEADER, self._seal(scope))],
            subprotocols=scope.get("subprotocols") or None,
            compression=None,
            max_size=None,  # the other gateway's own limits hold
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=None,
            proxy=None,
            user_agent_header=None,
        )


class _Body:
    """What a client sends, as it comes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._whole = asyncio.Event()
        self.on_whole: Callable[[], None] = lambda: None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises `ClientDisconnect`."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = message.get("more_body", False)
            if chunk := message.get("body", b""):
                yield chunk
        self._whole.set()
        self.on_whole()

    async def skip(self) -> None:
        """There is none."""
        async for _ in self.chunks():
            pass

    async def until_left(self) -> None:
        """Returns when the client has gone away after it had said everything."""
        await self._whole.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Ends all as soon as one has ended. Raises what one of those that ended raises."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _to_client(connection: ClientConnection, send: Send) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            await send({"type": "websocket.send", "text" if isinstance(message, str) else "bytes": message})


async def _from_client(connection: ClientConnection, receive: Receive, said: list[int]) -> None:
    """`said`: with which code it went away."""
    with contextlib.suppress(ConnectionClosed):
        while (message := await receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            await connection.send(message["bytes"] if text is None else text)
        said.append(message.get("code") or 1005)
        return
    await connection.wait_closed()


def _closing(connection: ClientConnection) -> dict[str, Any]:
    """As the other gateway closed it; `AWAY` when it did not come to that."""
    code = connection.close_code
    if code is None or (code < 3000 and code not in _SAYABLE):
        return {"type": "websocket.close", "code": int(CloseCode.SHUTTING_DOWN), "reason": AWAY}
    return {"type": "websocket.close", "code": code, "reason": connection.close_reason or ""}


async def _deny(refused: InvalidStatus, send: Send) -> None:
    response = refused.response
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.raw_items()
        if name.lower().encode("latin-1") not in _NOT_PASSED_ON
    ]
    await send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": bytes(response.body), "more_body": False})


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path
