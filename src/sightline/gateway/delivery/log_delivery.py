"""What one client gets of the log: pages as its credit allows, and which of them its device has confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog

from sightline.deliveries.entry import Cursor
from sightline.deliveries.framing import Bundle
from sightline.deliveries.window import Window
from sightline.events.wire import encode_message
from sightline.exceptions import SightlineError, Unavailable
from sightline.gateway.delivery.outbox import Outbox
from sightline.gateway.delivery.ranks import Manner, Member, Rank
from sightline.gateway.delivery.shared_pages import Lot, SharedPage, position
from sightline.gateway.gateway import Gateway

__all__ = ["LogDelivery"]

log = structlog.get_logger(__name__)


class LogDelivery:
    """Nothing is sent before `begin`. What the tail holds is there at once; what has to be read is fetched, and
    `on_page` called then, or `on_failure` when it cannot be read."""

    __slots__ = (
        "_counted", "_cursor", "_epoch", "_exhausted", "_failed", "_fetched", "_fetching", "_gateway", "_hub", "_kind",
        "_metrics", "_outbox", "_pages", "_ready", "_replay_to", "_window", "rank", "tags",
    )  # fmt: skip

    def __init__(
        self, gateway: Gateway, outbox: Outbox, *, on_page: Callable[[], None], on_failure: Callable[[], None]
    ) -> None:
        self._gateway = gateway
        self._hub = gateway.hub
        self._metrics = gateway.metrics
        self._pages = gateway.native_pages
        self._outbox = outbox
        self._ready = on_page
        self._failed = on_failure
        self._window: Window | None = None
        self.tags = self._kind = frozenset[str]()
        self._cursor = self._counted = 0
        self.rank: Rank | None = None
        self._exhausted = False
        """Whether what comes next has to wait until something is confirmed."""
        self._epoch = ""
        self._replay_to: int | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._fetched: tuple[int, SharedPage] | None = None

    def begin(
        self, window: Window, tags: frozenset[str], start: Cursor, replay_to: int,
        first: AsyncIterator[str] | None = None,
    ) -> None:  # fmt: skip
        """From `start` on (exclusive); what is there up to `replay_to` is a replay. `first` are messages that go before
        everything else of the log; each is made when the one before it was written."""
        self._window, self.tags, self._kind = window, tags, self._pages.kind_of(tags)
        self._cursor, self._epoch, self._replay_to = start.offset, start.epoch, replay_to
        if first is not None:
            self._fetching = asyncio.create_task(self._tell(first))
        else:
            self.tell_caught_up()

    def line_up(self, member: Member, *, deflates: bool, sees_all: bool) -> None:
        """Has the log sent together with others, if the client has everything, and is to have more as it comes."""
        window = self._window
        if window is None or self.rank is not None or self._replay_to is not None or self._fetching is not None:
            return
        if self._cursor == self._hub.prepared:
            manner = Manner(self._kind, deflates, sees_all)
            self.rank = self._gateway.native_ranks.line_up(member, manner, self._cursor, window)

    def step_out(self, member: Member) -> None:
        """Has it sent by itself again."""
        rank, self.rank = self.rank, None
        assert rank is not None
        self._cursor = rank.cursor
        rank.leave(member)

    def end(self) -> None:
        """Nothing is sent any more."""
        if self._fetching is not None:
            self._fetching.cancel()
        self._window = self._fetched = None

    @property
    def is_behind(self) -> bool:
        """Whether there is more to be sent now; what is not prepared yet comes with the hub's next round, and to a
        client in a rank all of it comes with that."""
        return self._window is not None and self.rank is None and self._cursor < self._hub.prepared

    @property
    def is_reading(self) -> bool:
        """Whether the next page is on its way."""
        return self._fetching is not None

    def undelivered_after(self) -> int | None:
        """The offset beyond which something waits for the device to confirm it; `None` where nothing does."""
        if self._window is not None and self._window.unconfirmed_after is not None:
            return self._window.unconfirmed_after
        return self.cursor if self._window is not None and self.cursor < self._hub.top else None

    @property
    def cursor(self) -> int:
        """Up to where the client was sent everything, or passed over."""
        return self._cursor if self.rank is None else self.rank.cursor

    def next(self) -> Bundle | None:
        """What goes next, counted as sent: the caller writes it now. `None` when nothing waits, or may go, now, and
        while the client is in a rank."""
        window = self._window
        if self._fetching is not None or self.rank is not None or self._exhausted:
            return None
        while window is not None and self._cursor < self._hub.prepared:
            page = self._pages.page(self._cursor) or self._take_fetched()
            if page is None:
                self._fetch(window)
                return None
            lot: Lot | None
            if window.admits(page.count, page.size):
                lot, to = page.lot(self.tags if page.personal else self._kind, window.sent), page.to
            else:
                lot, to = page.part(self.tags, window.sent, window.free_entries(), window.free_bytes())
            if lot is None and to <= self._cursor:
                self._exhausted = True
                return None
            self._cursor = to
            if lot is not None:
                self._metrics.written += lot.page.entries
                window.add(lot.page)
            if self._replay_to is not None:
                self.tell_caught_up()
            if lot is not None:
                return lot.bundle
        return None

    def confirmed(self, offset: int) -> Cursor:
        """The device has everything up to `offset`: the place to remember."""
        assert self._window is not None
        self._exhausted = False
        self._metrics.received.inc(self._window.confirmed_entries - self._counted)
        self._counted = self._window.confirmed_entries
        return Cursor(self._epoch, offset)

    def tell_position_if_moved(self) -> None:
        """Says how far the client is, where that is news."""
        window = self._window
        if window is not None and self.cursor > window.sent:
            self._outbox.put_control(position(window.sent, self.cursor))
            window.page_sent(self.cursor, 0, 0)

    def tell_caught_up(self) -> None:
        """Says that the replay is over, once it is."""
        if self._replay_to is not None and self._cursor >= self._replay_to:
            self.tell_position_if_moved()
            self._outbox.put_control(encode_message("caught_up", {"offset": self._replay_to}))
            self._replay_to = None

    def _take_fetched(self) -> SharedPage | None:
        """The page that was read, if it is the next: meanwhile the tail may have had some of it."""
        fetched, self._fetched = self._fetched, None
        return fetched[1] if fetched is not None and fetched[0] == self._cursor else None

    def _fetch(self, window: Window) -> None:
        if self._fetching is None and window.free_entries():
            self._fetching = asyncio.create_task(self._read())

    async def _tell(self, messages: AsyncIterator[str]) -> None:
        try:
            async for message in messages:
                await self._outbox.room(1)
                self._outbox.put_control(message)
        except SightlineError as problem:  # the store is full, overloaded or broken
            log.warning("snapshot_not_read", problem=str(problem))
            self._failed()
            return
        finally:
            self._fetching = None
        self.tell_caught_up()
        self._ready()

    async def _read(self) -> None:
        after = self._cursor
        try:
            page = await self._pages.read(after, self._hub.prepared)
            if (await self._gateway.store.log.bounds()).floor > after:
                raise Unavailable("retention has forgotten what comes next")  # the next session is told so, by `gap`
            self._fetched = after, page
        except SightlineError as problem:  # the store is full, overloaded or broken
            log.warning("log_not_read", problem=str(problem))
            self._failed()
            return
        finally:
            self._fetching = None
        self._ready()
        self._fetched = None  # what could not go now is read again: a name in it may be erased meanwhile
