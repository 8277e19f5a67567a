"""What one client gets of the log: pages as its credit allows, and which of them its device has confirmed."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from sightline.deliveries.entry import Cursor
from sightline.deliveries.window import Window
from sightline.events.wire import encode_message
from sightline.gateway.gateway import Gateway
from sightline.gateway.outbox import Outbox

__all__ = ["LogDelivery"]

FANOUT_NOTED_EVERY_S = 1.0


class LogDelivery:
    """Nothing is sent before `begin`; `send` writes what it is given to the client, in one go."""

    def __init__(self, gateway: Gateway, outbox: Outbox, send: Callable[[list[str | bytes]], Awaitable[None]]) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._send = send
        self._unconfirmed: deque[tuple[int, int]] = deque()
        """Pages that were sent: up to which offset, and which offset comes before its first entry."""
        self._window: Window | None = None
        self._tags: frozenset[str] = frozenset()
        self._cursor = self._outstanding = 0
        self._epoch = ""
        self._replay_to: int | None = None
        self._fanout_noted_s = 0.0

    def begin(self, window: Window, tags: frozenset[str], start: Cursor, replay_to: int) -> None:
        """From `start` on (exclusive); what is there up to `replay_to` is a replay."""
        self._window, self._tags = window, tags
        self._cursor, self._epoch, self._replay_to = start.offset, start.epoch, replay_to

    def undelivered_after(self) -> int | None:
        """The offset beyond which something waits for the device to confirm it; `None` where nothing does."""
        if self._unconfirmed:
            return self._unconfirmed[0][1]
        return self._cursor if self._window is not None and self._cursor < self._gateway.hub.top else None

    async def send_page(self) -> bool:
        """Sends what comes next of the log; false when nothing waits, or may go, now."""
        window = self._window
        if window is None or self._cursor >= self._gateway.hub.top or not window.free_entries():
            return False
        page = await self._gateway.native_tail.page(self._cursor, self._gateway.hub.top)
        share = page.share(self._tags, window.free_entries(), window.free_bytes())
        mine: list[str | bytes] = [entry.text for entry in share.entries]
        to = share.to
        if not mine and to <= self._cursor:
            return False
        self._cursor = to
        if mine:
            self._gateway.metrics.sent.inc(len(mine))
            position = self._position(window, to)
            self._outstanding += len(mine)
            self._unconfirmed.append((to, share.entries[0].offset - 1))
            size = sum(entry.size for entry in share.entries)
            window.page_sent(to, len(mine), size)  # before sending: the client may confirm before we go on
            await self._send([*mine, position])
            self._note_fanout(to)
        self.tell_caught_up()
        return True

    def confirmed(self, offset: int) -> Cursor:
        """The device has everything up to `offset`: the place to remember."""
        assert self._window is not None
        self._gateway.metrics.received.inc(self._outstanding - self._window.outstanding)
        self._outstanding = self._window.outstanding
        while self._unconfirmed and self._unconfirmed[0][0] <= offset:
            self._unconfirmed.popleft()
        return Cursor(self._epoch, offset)

    def tell_position_if_moved(self) -> None:
        """Says how far the client is, where that is news."""
        window = self._window
        if window is not None and self._cursor > window.sent:
            self._outbox.put_control(self._position(window, self._cursor))
            window.page_sent(self._cursor, 0, 0)

    def tell_caught_up(self) -> None:
        """Says that the replay is over, once it is."""
        if self._replay_to is not None and self._cursor >= self._replay_to:
            self.tell_position_if_moved()
            self._outbox.put_control(encode_message("caught_up", {"offset": self._replay_to}))
            self._replay_to = None

    def _note_fanout(self, to: int) -> None:
        """How long ago what was written just now was committed, once a second: noting costs as much as writing."""
        now_s = self._gateway.clock.monotonic_s()
        if now_s - self._fanout_noted_s < FANOUT_NOTED_EVERY_S:
            return
        since_commit_s = self._gateway.hub.since_commit_s(to)
        if since_commit_s is not None:
            self._fanout_noted_s = now_s
            self._gateway.metrics.fanout_seconds.observe(since_commit_s)

    @staticmethod
    def _position(window: Window, to: int) -> str:
        return encode_message("position", {"from": window.sent, "to": to})
