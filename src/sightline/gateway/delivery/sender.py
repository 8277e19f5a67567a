"""The one who writes to a client: control, log, state, observations, in this order, and never waiting.

What is put into the outbox in one turn of the event loop is written in the next, in as few writes as there are kinds:
a write costs more than what is in it. What the hub hands to everybody is written at once where nothing waits before it;
whoever was served so may go on in a rank (`ranks.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from starlette.websockets import WebSocketDisconnect

from sightline.deliveries.framing import Bundle
from sightline.gateway.delivery.log_delivery import LogDelivery
from sightline.gateway.delivery.outbox import Outbox
from sightline.gateway.dialects.client_socket import MessageWriter
from sightline.gateway.gateway import Gateway
from sightline.gateway.hub import Client, Shown

__all__ = ["Sender"]

STALLED_MS = 30_000
"""For so long a client may take nothing of what waits in the transport."""
MAX_BUNDLE_CHARACTERS = 64 * 1024
"""From here on no further camera is added to a write: it may be worth more after the next time the client is ready."""
MAX_REASON_BYTES = 120
"""A close frame has 125 bytes, two of which are the code."""


class Sender:
    """Writes to `writer`. `on_too_slow` is called when the outbox has overflowed or the client takes nothing;
    `on_failure` when the log cannot be read."""

    __slots__ = (
        "_closer", "_closing", "_hub", "_on_too_slow", "_scheduled", "_sees_all", "_shown", "_taken_ms", "_unsent",
        "_writer", "client", "log", "outbox", "put",
    )  # fmt: skip

    def __init__(
        self, gateway: Gateway, client: Client, writer: MessageWriter, *, on_too_slow: Callable[[], None],
        on_failure: Callable[[], None],
    ) -> None:  # fmt: skip
        self.client = client
        self._hub = gateway.hub
        self._shown = 0
        self.outbox = Outbox(self.soon)
        self.log = LogDelivery(gateway, self.outbox, on_page=self.pump, on_failure=on_failure)
        self._writer = writer
        self.put = writer.put or _nowhere
        self._on_too_slow = on_too_slow
        self._scheduled = self._sees_all = False
        self._closing: tuple[int, str] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._unsent = 0
        self._taken_ms = 0
        writer.on_full, writer.on_ready = self.step_out, self._drained

    @property
    def tags(self) -> frozenset[str]:
        """What the client carries."""
        return self.log.tags

    def soon(self) -> None:
        """There may be something to write."""
        rank = self.log.rank
        if rank is not None and (rank.manner.sees_all or rank.is_behind or self.outbox.has_control):
            self.step_out()
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.pump)

    def see_all(self, everything: bool) -> None:
        """Whether the client wants every observation of every camera, as it comes."""
        if everything is not self._sees_all:
            self._sees_all = everything
            self.step_out()
            self.soon()

    def wake(self) -> None:
        """There is more in the log: writes it where nothing goes before it."""
        if self._scheduled or not self._writer.ready:
            return
        bundle = self.log.next()
        if bundle is not None:
            self._writer.write(bundle)
            if self.log.is_behind:
                self.soon()
        self._line_up()

    def is_news(self, shown: Shown) -> bool:
        """Whether the client was shown neither these observations nor newer ones, alone or in a rank; it is now."""
        if shown.number <= self._shown:
            return False
        self._shown = shown.number
        return True

    def show(self, bundle: Bundle) -> bool:
        """Writes observations at once, if nothing goes before them and there is room; whether it did."""
        if self._scheduled or not self._writer.ready or self.log.is_behind or not self.outbox.is_empty:
            return False
        self._writer.write(bundle)
        self._line_up()
        return True

    def step_out(self) -> None:
        """Is served by itself from now on."""
        if self.log.rank is not None:
            self._shown = self.log.rank.shown
            self.log.step_out(self)

    def pump(self) -> None:
        """Writes what may go now."""
        self._scheduled = False
        if self.outbox.overflowed and self._closing is None:
            self._on_too_slow()
        if self._closing is not None:
            self._close(*self._closing)
            return
        while self._writer.ready and (bundle := self._next()) is not None:
            self._writer.write(bundle)

    def tick(self, now_ms: int) -> None:
        """Time has passed. What waits in the transport counts: a client that takes nothing of it is too slow."""
        unsent = self._writer.unsent_bytes()
        if self._writer.ready or unsent < self._unsent or not self._taken_ms:
            self._taken_ms = now_ms
        self._unsent = unsent
        if now_ms - self._taken_ms >= STALLED_MS:
            self._on_too_slow()

    def close(self, code: int, reason: str) -> None:
        """Closes after what is in the outbox as control."""
        if self._closing is None:
            self._closing = (code, reason)
            self.step_out()
            self.soon()

    def stop(self) -> None:
        """The connection has ended."""
        self.step_out()
        self.log.end()
        self._closing = self._closing or (1006, "")
        self._writer.on_full = self._writer.on_ready = _nothing

    def _line_up(self) -> None:
        if self._writer.put is None or not self._writer.ready or self._scheduled or self._closing is not None:
            return
        if self.outbox.is_empty and self._hub.has_all(self._shown):
            self.log.line_up(self, deflates=self._writer.deflates, sees_all=self._sees_all)

    def _drained(self) -> None:
        self._taken_ms = 0
        self.soon()

    def _next(self) -> Bundle | None:
        if self.outbox.has_control:
            return Bundle(self.outbox.take_control())
        bundle = self.log.next()
        if bundle is not None or self.log.is_reading:
            return bundle
        if self.outbox.has_control:  # that the replay is over, for one
            return Bundle(self.outbox.take_control())
        messages = self.outbox.take_state()
        size = 0
        while size < MAX_BUNDLE_CHARACTERS and (taken := self.outbox.take_camera()):
            size += sum(len(message.payload) for message in taken)
            messages += taken
        return Bundle(messages) if messages else None

    def _close(self, code: int, reason: str) -> None:
        if self._closer is not None:
            return
        self.log.end()
        control = self.outbox.take_control()
        if control:
            self._writer.write(Bundle(control))
        self._closer = asyncio.create_task(self._finish(code, reason))

    async def _finish(self, code: int, reason: str) -> None:
        reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect):  # it has ended meanwhile
            await self._writer.close(code, reason)


def _nothing() -> None:
    """Stands for a sender that has ended."""


def _nowhere(frames: bytes) -> None:
    """Stands for a writer that takes no frames: such a client is in no rank."""
