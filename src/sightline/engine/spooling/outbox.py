"""Facts and sightings on their way to a gateway: kept in the spool, sent in order, forgotten once accepted.

A fact goes to the spool's thread and to the link at the same moment: the disk's wait does not delay the alert, and
what is on disk is only removed by the acceptance, which the same thread handles after the write. Pictures are kept in
memory only until they are on disk and no link is waiting for them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from sightline.engine.spooling.spool import Spool, Spooled
from sightline.events.fact import Kept

__all__ = ["FactOutbox"]

MAX_UNACCEPTED = 32
"""Facts that are sent and not yet accepted; more wait."""
MAX_UNSTORED = 64
"""Facts waiting for the disk with their pictures; beyond it they come without (a disk that slow is in trouble)."""
SETTLE_INTERVAL_S = 2.5
PATIENCE_S = 5.0
"""A gateway that listens but does not accept gets the same facts again after so long: it may have been unable to."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Item:
    key: str
    number: int | None = None
    held: Spooled | None = None
    sent_at_s: float = 0.0


class FactOutbox:
    """The queue between analysis and link. Used from the event loop; the spool lives in a thread of its own."""

    def __init__(self, open_spool: Callable[[], Spool]) -> None:
        self._open_spool = open_spool
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._spool: Spool | None = None
        self._unsent: deque[_Item] = deque()
        self._unaccepted: OrderedDict[str, _Item] = OrderedDict()
        self._changed = asyncio.Event()
        self._unstored: set[asyncio.Future[int]] = set()
        self._linked = False
        self._dropped: Counter[str] = Counter()

    async def open(self) -> None:
        """Opens the spool and queues what an earlier process left in it. Raises `Unavailable`, `OSError`."""
        loop = asyncio.get_running_loop()
        self._spool = await loop.run_in_executor(self._thread, self._open_spool)
        for number in await loop.run_in_executor(self._thread, self._spool.waiting):
            self._unsent.append(_Item(key="", number=number))

    @property
    def instance(self) -> str:
        """What tells this engine's spool from all others."""
        return self._opened.instance

    @property
    def facts(self) -> int:
        """Facts that no gateway has accepted yet."""
        return len(self._unsent) + len(self._unaccepted)

    @property
    def spooled_bytes(self) -> int:
        """Bytes in the spool."""
        return self._opened.size_bytes

    @property
    def dropped(self) -> Counter[str]:
        """What was lost for want of room, by kind."""
        return self._opened.dropped + self._dropped

    def warnings(self) -> list[str]:
        """The spool's warnings."""
        return self._opened.warnings()

    def add(self, fact: Kept, pictures: dict[str, bytes]) -> None:
        """Takes a fact over. Never waits."""
        if len(self._unstored) >= MAX_UNSTORED and pictures:
            self._dropped["pictures"] += len(pictures)
            pictures = {}
        item = _Item(key=fact.key, held=Spooled(fact, pictures))
        self._unsent.append(item)
        storing = asyncio.get_running_loop().run_in_executor(self._thread, self._opened.add, fact, pictures)
        self._unstored.add(storing)
        storing.add_done_callback(lambda done: self._stored(item, done))
        self._changed.set()

    async def next(self) -> Spooled:
        """The next fact to send, in order; it counts as sent. Waits while there is none or too many are unaccepted."""
        while True:
            while not self._unsent or len(self._unaccepted) >= MAX_UNACCEPTED:
                self._changed.clear()
                await self._changed.wait()
            item = self._unsent[0]
            spooled = item.held or await self._load(item)
            if self._unsent and self._unsent[0] is item:
                self._unsent.popleft()
            if spooled is None:
                continue  # lost for want of room, and counted by the spool
            item.key = spooled.fact.key
            item.sent_at_s = asyncio.get_running_loop().time()
            self._unaccepted[item.key] = item
            return spooled

    def accepted(self, key: str) -> None:
        """The gateway has the fact with this key on its disk. Unknown keys are ignored."""
        if self._unaccepted.pop(key, None) is None:
            return
        asyncio.get_running_loop().run_in_executor(self._thread, self._opened.forget, key)
        self._changed.set()

    def link_opened(self) -> None:
        """A gateway listens: everything not accepted is to be sent (again), the oldest first."""
        self.link_lost()
        self._linked = True

    def link_lost(self) -> None:
        """Nobody listens: what is on disk needs no memory."""
        self._linked = False
        self._unsent.extendleft(reversed(self._unaccepted.values()))
        self._unaccepted.clear()
        for item in self._unsent:
            if item.number is not None:
                item.held = None
        self._changed.set()

    async def tend(self) -> None:
        """From time to time: brings to the disk what it refused before, sends again what nobody accepted."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SETTLE_INTERVAL_S)
            await loop.run_in_executor(self._thread, self._opened.settle)
            oldest = next(iter(self._unaccepted.values()), None)
            if self._linked and oldest is not None and loop.time() - oldest.sent_at_s > PATIENCE_S:
                _log.warning("the gateway accepts no facts: they are sent again", facts=len(self._unaccepted))
                self.link_opened()

    async def close(self) -> None:
        """Waits until every fact is on disk."""
        if self._unstored:
            await asyncio.wait(self._unstored)
        if self._spool is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._spool.close)
        self._thread.shutdown(wait=True)

    @property
    def _opened(self) -> Spool:
        if self._spool is None:
            raise RuntimeError("the outbox is not open yet")
        return self._spool

    def _stored(self, item: _Item, done: asyncio.Future[int]) -> None:
        self._unstored.discard(done)
        item.number = done.result()
        if not self._linked or len(self._unsent) > MAX_UNACCEPTED:
            item.held = None

    async def _load(self, item: _Item) -> Spooled | None:
        number = item.number
        if number is None:
            raise RuntimeError(f"fact {item.key} is neither held nor stored")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._opened.load, number)
