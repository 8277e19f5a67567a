"""A `MessageWriter` for every ASGI server, and for Socket.IO: one `send` after another, in a task while there are any.

It is the fallback for servers that offer no writer of their own; slower, and no different to a client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from starlette.websockets import WebSocketDisconnect

from sightline.deliveries.framing import Bundle, Frame
from sightline.gateway.dialects.client_socket import ClientSocket, until_closed

__all__ = ["AsgiWriter"]

CLOSE_GRACE_S = 10.0

log = structlog.get_logger(__name__)


class AsgiWriter:
    """Ready while nothing is being sent: what waits here is what was written in one go."""

    def __init__(self, socket: ClientSocket) -> None:
        self.ready = True
        self.on_full: Callable[[], None] = _nobody_waits
        self.on_ready: Callable[[], None] = _nobody_waits
        self.on_text: Callable[[bytes], bool] = _never
        self.put = None
        self.deflates = False
        self._socket = socket
        self._waiting: list[Bundle | Frame] = []
        self._sending: asyncio.Task[None] | None = None

    def write(self, bundle: Bundle | Frame) -> None:
        self._waiting.append(bundle)
        self.ready = False
        self.on_full()
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    def unsent_bytes(self) -> int:
        return sum(len(message.payload) for bundle in self._waiting for message in bundle.messages)

    async def close(self, code: int, reason: str) -> None:
        """A client that does not take what was written in `CLOSE_GRACE_S` is not waited for."""
        sending = self._sending
        if sending is not None:
            await asyncio.wait([sending], timeout=CLOSE_GRACE_S)
            sending.cancel()
        async with asyncio.timeout(CLOSE_GRACE_S):
            await self._socket.close(code, reason)

    async def _send(self) -> None:
        try:
            while self._waiting:
                for message in self._waiting[0].messages:
                    with until_closed():
                        if isinstance(message.payload, str):
                            await self._socket.send_text(message.payload)
                        else:
                            await self._socket.send_bytes(message.payload)
                del self._waiting[0]
        except (WebSocketDisconnect, OSError):  # the receiving side hears of it as well, and ends the session
            self._waiting.clear()
            return
        except Exception:  # a fault of ours is logged, and the connection is not kept without its sender
            log.exception("client_not_written_to")
            self._waiting.clear()
            with until_closed():
                await self._socket.close(1011, "a fault of the server; retry_after_s=5")
            return
        self._sending = None
        self.ready = True
        self.on_ready()


def _nobody_waits() -> None:
    """Stands for a sender that has not said what to do."""


def _never(text: bytes) -> bool:
    """Stands for somebody who listens; nothing is offered here."""
    return False
