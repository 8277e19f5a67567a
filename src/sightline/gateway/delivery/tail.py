"""The newest entries of the log, each encoded once for one dialect, however many clients read them."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sightline.deliveries.entry import Entry, EntryKind
from sightline.deliveries.framing import Frame
from sightline.deliveries.window import CREDIT_BYTES
from sightline.events.alert import Alert
from sightline.gateway.ports import Log

__all__ = ["Encoded", "Page", "Tail"]

CAPACITY_ENTRIES = 1024
CAPACITY_BYTES = 16 * 1024 * 1024
PAGE_ENTRIES = 100
MAX_EXPECTED = 1024
MAX_BLOCKS = 32
MAX_BLOCK_BYTES = 512 * 1024


@dataclass(slots=True)
class Encoded:
    """An entry as text, `size` bytes of it in UTF-8, with what decides who gets it."""

    offset: int
    audience: frozenset[str]
    text: str
    size: int
    alert_id: str
    camera_id: str
    _frame: Frame | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def frame(self) -> Frame:
        """The text in its frame, made once."""
        if self._frame is None:
            self._frame = Frame(self.text)
        return self._frame


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in (after, to]; nothing else is in that range."""

    to: int
    entries: Sequence[Encoded]

    def share(self, tags: frozenset[str], max_entries: int, max_bytes: int) -> Page:
        """What of this page is addressed to `tags` and may be sent now; `to` is how far that goes.

        A single entry larger than the whole credit goes alone, as soon as nothing else is outstanding.
        """
        mine: list[Encoded] = []
        size = 0
        for entry in self.entries:
            if not entry.audience & tags:
                continue
            over = len(mine) >= max_entries or size + entry.size > max_bytes
            if over and (mine or max_bytes < CREDIT_BYTES):
                return Page(entry.offset - 1, mine)
            mine.append(entry)
            size += entry.size
        return Page(self.to, mine)


Encode = Callable[[Sequence[Entry], Mapping[str, Alert]], Awaitable[list[Encoded]]]
"""Entries as text; of their alerts, those that need not be read are given by id."""


class Tail:
    """Holds the encoded entries in (floor, top], the newest that anybody has read; a reader ahead of it carries it
    forward. What was committed just now is handed in (`expect`) and encoded without being read. Readers further behind
    read the log in blocks that begin at the same places for all: those who were away together, or are slow together,
    share them.

    Bounded in entries and bytes: the oldest leave first, and of the blocks the one that was not asked for the longest.
    """

    def __init__(self, log: Log, encode: Encode) -> None:
        self._log = log
        self._encode = encode
        self._entries: list[Encoded] = []
        self._bytes = 0
        self._expected: dict[int, Alert] = {}
        self._floor = self._top = -1
        self._generation = 0
        self._extending = asyncio.Lock()
        self._blocks: OrderedDict[int, Page] = OrderedDict()
        """By the offset that they begin after, a multiple of `PAGE_ENTRIES`."""
        self._reading_block = asyncio.Lock()
        self.encoded = 0
        self.changes = 0
        """Grows whenever what `held` answers may be another."""

    def forget(self) -> None:
        """A name changed or was erased: nothing encoded before may be sent again."""
        self._generation += 1
        self.changes += 1
        self._entries.clear()
        self._expected.clear()
        self._blocks.clear()
        self._bytes = 0
        self._floor = self._top

    def expect(self, alerts: Iterable[Alert]) -> None:
        """These were raised now: what the log says at their offsets is known."""
        for alert in alerts:
            self._expected[alert.offset] = alert
        while len(self._expected) > MAX_EXPECTED:
            del self._expected[next(iter(self._expected))]

    def held(self, after: int) -> Page | None:
        """What `page` would return, where that needs no reading."""
        return self._held(after) if self._holds(after) else None

    async def page(self, after: int, top: int) -> Page:
        """Up to `PAGE_ENTRIES` entries beyond `after`; `top` is the log's highest committed offset."""
        if self._holds(after):
            return self._held(after)
        if after < self._top:
            return await self._behind(after, top)
        async with self._extending:
            if self._holds(after):
                return self._held(after)
            page = await self._read(after, top)
            if after >= self._top:
                self._keep(after, page)
            return page

    def _holds(self, after: int) -> bool:
        return self._floor <= after < self._top

    def _held(self, after: int) -> Page:
        start = bisect_right(self._entries, after, key=lambda entry: entry.offset)
        found = self._entries[start : start + PAGE_ENTRIES]
        complete = start + PAGE_ENTRIES >= len(self._entries)
        return Page(self._top if complete else found[-1].offset, found)

    async def _behind(self, after: int, top: int) -> Page:
        start = after - after % PAGE_ENTRIES
        async with self._reading_block:
            block = self._blocks.get(start) or await self._read(start, top)
            if len(block.entries) == PAGE_ENTRIES and sum(entry.size for entry in block.entries) <= MAX_BLOCK_BYTES:
                self._blocks[start] = block
                self._blocks.move_to_end(start)
            if len(self._blocks) > MAX_BLOCKS:
                self._blocks.popitem(last=False)
        return Page(block.to, [entry for entry in block.entries if entry.offset > after])

    async def _read(self, after: int, top: int) -> Page:
        generation = self._generation
        known = self._take_expected(after, top)
        entries = [_first_entry(alert) for alert in known.values()] or await self._log.page(after, PAGE_ENTRIES)
        encoded = await self._encode(entries, known)
        while generation != self._generation:  # a name changed or was erased while it was being encoded
            generation = self._generation
            encoded = await self._encode(entries, {})
        self.encoded += len(encoded)
        last = entries[-1].offset if entries else after
        return Page(last if len(entries) == PAGE_ENTRIES else max(top, last), encoded)

    def _take_expected(self, after: int, top: int) -> dict[str, Alert]:
        """The alerts of the page beyond `after`, by id, if all of it is known; older ones are let go."""
        last = min(top, after + PAGE_ENTRIES)
        found = [self._expected.get(offset) for offset in range(after + 1, last + 1)]
        while self._expected and (oldest := next(iter(self._expected))) <= last:
            del self._expected[oldest]
        known = {alert.id: alert for alert in found if alert is not None}
        return known if len(known) == len(found) else {}

    def _keep(self, after: int, page: Page) -> None:
        if after > self._top:
            self._entries.clear()
            self._bytes = 0
            self._floor = after
        self._top = page.to
        self.changes += 1
        self._entries.extend(page.entries)
        self._bytes += sum(entry.size for entry in page.entries)
        surplus = 0
        while len(self._entries) - surplus > CAPACITY_ENTRIES or self._bytes > CAPACITY_BYTES:
            self._bytes -= self._entries[surplus].size
            self._floor = self._entries[surplus].offset
            surplus += 1
        del self._entries[:surplus]


def _first_entry(alert: Alert) -> Entry:
    """What the log says of an alert that was raised now."""
    kind = EntryKind.ALERT_TRIGGERED
    return Entry(alert.offset, alert.created_at_ms, kind, alert.id, frozenset(alert.audience), {})
