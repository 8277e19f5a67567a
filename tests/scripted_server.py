"""A WebSocket server that says what a test's script says, and misbehaves on demand."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

__all__ = ["Peer", "Refusal", "scripted_server"]

Refusal = tuple[int, dict[str, str]]
"""A status and headers in place of the upgrade."""


class Peer:
    """One connection, seen from the server."""

    def __init__(self, socket: ServerConnection, number: int) -> None:
        self.socket = socket
        self.number = number

    async def say(self, type: str, id: str | None = None, **data: Any) -> None:
        message = {"type": type, "data": data} | ({} if id is None else {"id": id})
        await self.socket.send(json.dumps(message))

    async def position(self, start: int, to: int) -> None:
        await self.socket.send(json.dumps({"type": "position", "data": {"from": start, "to": to}}))

    async def hear(self, type: str) -> dict[str, Any]:
        """The next message of this type; others are passed over."""
        while True:
            message: dict[str, Any] = json.loads(await self.socket.recv())
            if message["type"] == type:
                return message

    async def greet(self, mode: str = "live", offset: int = 0) -> dict[str, Any]:
        """Identifies the client; what it said of itself."""
        identify = await self.hear("client_identify")
        await self.say("identification_success", epoch="e", offset=offset, mode=mode)
        return dict(identify["data"])

    async def stay(self) -> None:
        """Until the client leaves."""
        await self.socket.wait_closed()


Script = Callable[[Peer], Awaitable[None]]


@contextlib.asynccontextmanager
async def scripted_server(script: Script, *refusals: Refusal) -> AsyncIterator[str]:
    """The url of a server that first refuses so many upgrades, then plays the script to every connection."""
    waiting = list(refusals)
    served = 0

    async def play(socket: ServerConnection) -> None:
        nonlocal served
        served += 1
        with contextlib.suppress(ConnectionClosed):
            await script(Peer(socket, served))

    def refuse(socket: ServerConnection, request: Request) -> Response | None:
        if not waiting:
            return None
        status, headers = waiting.pop(0)
        return Response(status, "No", Headers({**headers, "Content-Length": "0"}))

    async with serve(play, "127.0.0.1", 0, process_request=refuse, close_timeout=1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"
