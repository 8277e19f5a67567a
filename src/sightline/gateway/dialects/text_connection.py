"""A connection of a dialect that carries text and knows no credit: one writer, one reader, until either side closes.

What is said goes first and in order; then whatever else there is to send, piece by piece, each when the client has
taken the one before; then the close, once there is a reason for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket

from sightline.deliveries.session import CloseCode
from sightline.exceptions import SightlineError
from sightline.gateway.delivery.outbox import AwaitedOutbox
from sightline.gateway.dialects.admission import ConnectionLimit
from sightline.gateway.dialects.client_socket import until_closed
from sightline.gateway.dialects.duplex import run_duplex
from sightline.gateway.gateway import Gateway

__all__ = ["Hear", "Refuse", "TextConnection"]

SEND_TIMEOUT_S = 30.0
"""For so long a client may take nothing."""
MAX_REASON_BYTES = 120
"""A close frame has 125 bytes, two of which are the code."""

Hear = Callable[[str | None], Awaitable[None]]
"""Is given every message that comes before the close, `None` for a binary one. May raise what `Refuse` is given."""
Refuse = Callable[[SightlineError | ConnectionLimit], Awaitable[None]]
"""Says, in the words of the dialect, why a message comes to nothing."""


class TextConnection:
    """`more` sends one piece of what waits elsewhere and says whether there was one: it is asked again then."""

    def __init__(
        self, gateway: Gateway, socket: WebSocket, client_id: str, *, more: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        self.heard_ms = gateway.clock.now_ms()
        """When the client was heard last."""
        self._gateway = gateway
        self._socket = socket
        self._client_id = client_id
        self._more = more
        self._outbox = AwaitedOutbox()
        self.wake = self._outbox.wake  # there may be more to send
        self._closing: tuple[int, str] | None = None

    @property
    def is_closing(self) -> bool:
        """Whether there is a reason to close already."""
        return self._closing is not None

    def say(self, text: str) -> None:
        """Before everything else that waits."""
        self._outbox.put_control(text)

    def end(self, code: int, reason: str) -> None:
        """Closes once what was said is sent; the first reason stays."""
        if self._closing is None:
            self._closing = (code, reason)
        self._outbox.wake()

    async def send(self, text: str) -> None:
        """At once: for `more`. Raises `TimeoutError` when the client takes nothing, `WebSocketDisconnect`."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            with until_closed():
                await self._socket.send_text(text)

    async def run(self, hear: Hear, refuse: Refuse) -> None:
        """Receives and sends until either side closes. What `hear` raises is `refuse`d."""
        await run_duplex(self._send_loop(), self._receive_loop(hear, refuse), client_id=self._client_id)

    async def _receive_loop(self, hear: Hear, refuse: Refuse) -> None:
        while True:
            await self._outbox.room()
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if self._closing is not None:
                continue
            self.heard_ms = self._gateway.clock.now_ms()
            self._gateway.metrics.messages.inc()
            try:
                await hear(message.get("text"))
            except (SightlineError, ConnectionLimit) as problem:
                await refuse(problem)

    async def _send_loop(self) -> None:
        while True:
            await self._outbox.wait()
            while not self._outbox.overflowed and await self._send_next():
                pass
            if self._outbox.overflowed:
                self.end(CloseCode.TOO_SLOW, "too slow; retry_after_s=1")
            if self._closing is not None:
                code, reason = self._closing
                with until_closed():
                    await self._socket.close(code, reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))
                return

    async def _send_next(self) -> bool:
        said = self._outbox.take_texts()
        for text in said:
            await self.send(text)
        if said:
            return True
        return self._closing is None and self._more is not None and await self._more()
