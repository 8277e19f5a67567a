from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from sightline.deliveries.entry import Entry, EntryKind
from sightline.deliveries.window import CREDIT_BYTES
from sightline.events.alert import Alert, AlertState, AlertType, Severity
from sightline.gateway.delivery import tail as tail_module
from sightline.gateway.delivery.tail import MAX_EXPECTED, PAGE_ENTRIES, Encoded, Page, Tail

EVERYBODY = frozenset({"role:operator"})


class FakeLog:
    """A log of so many entries, that counts how often it is read and can be held up."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.reads = 0
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def page(self, after: int, limit: int) -> Sequence[Entry]:
        self.reads += 1
        await self.flowing.wait()
        return [
            Entry(offset, 0, EntryKind.ALERT_TRIGGERED, f"a{offset}", EVERYBODY, {})
            for offset in range(after + 1, min(self.top, after + limit) + 1)
        ]


class Names:
    """Encodes with the name of the moment, slowly where asked."""

    def __init__(self) -> None:
        self.name = "Ada"
        self.hold = asyncio.Event()
        self.hold.set()
        self.begun = asyncio.Event()
        self.known: list[int] = []

    async def encode(self, entries: Sequence[Entry], known: Mapping[str, Alert]) -> list[Encoded]:
        self.known.append(len(known))
        texts = [f"{entry.offset} {self.name}" for entry in entries]
        self.begun.set()
        await self.hold.wait()
        return [
            Encoded(entry.offset, entry.audience, text, len(text), entry.alert_id, "c")
            for entry, text in zip(entries, texts, strict=True)
        ]


def made(top: int) -> tuple[FakeLog, Names, Tail]:
    log, names = FakeLog(top), Names()
    return log, names, Tail(log, names.encode)  # type: ignore[arg-type]


async def read(tail: Tail, log: FakeLog, after: int, top: int | None = None) -> list[str]:
    """Everything up to the top, as a reader at `after` gets it; checks that pages join."""
    texts = []
    top = log.top if top is None else top
    while after < top:
        page = await tail.page(after, top)
        assert page.to > after
        assert all(after < entry.offset <= page.to for entry in page.entries)
        texts += [entry.text for entry in page.entries]
        after = page.to
    return texts


def expected(after: int, top: int, name: str = "Ada") -> list[str]:
    return [f"{offset} {name}" for offset in range(after + 1, top + 1)]


async def test_many_readers_one_encoding() -> None:
    log, _, tail = made(250)
    log.flowing.clear()
    readers = [asyncio.create_task(read(tail, log, 0)) for _ in range(50)]
    await asyncio.sleep(0)
    log.flowing.set()
    for texts in await asyncio.gather(*readers):
        assert texts == expected(0, 250)
    assert (tail.encoded, log.reads) == (250, 3)


async def test_it_grows_with_the_log() -> None:
    log, _, tail = made(5)
    assert await read(tail, log, 3) == expected(3, 5)
    for top in (6, 7, 120, 121):
        before, log.top = log.top, top
        for _ in range(3):
            assert await read(tail, log, before) == expected(before, top)
    assert tail.encoded == 118


async def test_reader_behind_reads_by_itself_and_moves_nothing() -> None:
    log, _, tail = made(500)
    assert await read(tail, log, 490) == expected(490, 500)
    assert await read(tail, log, 0) == expected(0, 500)
    assert tail.encoded == 10 + 490 + 10, "490 entries, and the page that reaches into what is held"
    held = tail.encoded
    assert await read(tail, log, 490) == expected(490, 500)
    assert tail.encoded == held


async def test_readers_behind_share_blocks_wherever_they_stand() -> None:
    log, names, tail = made(1_000)
    await read(tail, log, 990)
    before = log.reads, tail.encoded
    readers = [asyncio.create_task(read(tail, log, after, 900)) for after in range(100, 200, 7)]
    for after, reader in zip(range(100, 200, 7), readers, strict=True):
        assert await reader == expected(after, 900)
    assert (log.reads, tail.encoded) == (before[0] + 8, before[1] + 800)
    names.name = "Augusta"
    tail.forget()
    assert await read(tail, log, 150, 900) == expected(150, 900, "Augusta")


async def test_blocks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _, tail = made(10_000)
    await read(tail, log, 9_990)
    await read(tail, log, 0, 9_900)
    assert len(tail._blocks) == tail_module.MAX_BLOCKS
    monkeypatch.setattr(tail_module, "MAX_BLOCK_BYTES", 1)
    tail.forget()
    log.top = 10_001
    await read(tail, log, 10_000)
    assert await read(tail, log, 50, 900) == expected(50, 900)
    assert not tail._blocks, "too large to be kept"


async def test_reader_ahead_carries_it_forward() -> None:
    """The first reader was far behind, and left; those at the top still share."""
    log, _, tail = made(500)
    await tail.page(0, 500)
    log.top = 501
    for _ in range(20):
        assert await read(tail, log, 500) == expected(500, 501)
    assert tail.encoded == PAGE_ENTRIES + 1


async def test_it_is_bounded_in_entries_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _, tail = made(5_000)
    assert await read(tail, log, 0) == expected(0, 5_000)
    assert len(tail._entries) == tail_module.CAPACITY_ENTRIES
    assert tail._floor == 5_000 - tail_module.CAPACITY_ENTRIES
    monkeypatch.setattr(tail_module, "CAPACITY_BYTES", 100)
    log.top = 5_010
    assert await read(tail, log, 5_000) == expected(5_000, 5_010)
    assert tail._bytes == sum(entry.size for entry in tail._entries) <= 100
    assert await read(tail, log, 4_990) == expected(4_990, 5_010), "what left is read from the log"


async def test_forgotten_names_are_not_told_again() -> None:
    log, names, tail = made(10)
    assert await read(tail, log, 0) == expected(0, 10)
    names.name = "Augusta"
    tail.forget()
    assert await read(tail, log, 0) == expected(0, 10, "Augusta")
    log.top = 12
    assert await read(tail, log, 10) == expected(10, 12, "Augusta")


async def test_name_that_changes_while_it_is_encoded_is_not_told() -> None:
    for after in (0, 10):  # a reader at the tail, and one behind it
        log, names, tail = made(10)
        if after:
            await read(tail, log, 10, 10)
            await read(tail, log, 9)
        names.hold.clear()
        names.begun.clear()
        log.top = 12
        reader = asyncio.create_task(read(tail, log, after))
        await names.begun.wait()
        names.name = "Augusta"
        tail.forget()
        names.hold.set()
        assert await reader == expected(after, 12, "Augusta")
        assert await read(tail, log, after) == expected(after, 12, "Augusta")


def raised(offset: int) -> Alert:
    return Alert(
        id=f"a{offset}", offset=offset, event_id="e", type=AlertType.UNKNOWN_PERSON, severity=Severity.WARNING,
        camera_id="c", subject_id="s", person_id=None, reference_id=None, watch_list_id=None, similarity=None,
        state=AlertState.OPEN, verdict=None, escalation_level=0, by=None, at_ms=None, captured_at_ms=0,
        created_at_ms=0, audience=tuple(EVERYBODY), has_snapshot=False, has_probe=False,
    )  # fmt: skip


async def test_what_was_committed_now_is_not_read() -> None:
    log, names, tail = made(3)
    await read(tail, log, 0)
    tail.expect([raised(4), raised(5)])
    log.top = 5
    assert await read(tail, log, 3) == expected(3, 5)
    tail.expect([raised(6)])
    log.top = 7  # 7 is of another kind, or another gateway's
    assert await read(tail, log, 5) == expected(5, 7)
    tail.expect([raised(8)])
    log.top = 8
    assert await read(tail, log, 7) == expected(7, 8)
    assert (log.reads, names.known) == (2, [0, 2, 0, 1])


async def test_what_is_known_of_an_alert_is_forgotten_with_its_names() -> None:
    log, names, tail = made(3)
    await read(tail, log, 0)
    tail.expect([raised(4)])
    log.top, names.name = 4, "Augusta"
    tail.forget()
    assert await read(tail, log, 3) == expected(3, 4, "Augusta")
    tail.expect([raised(5)])
    log.top = 5
    names.hold.clear()
    names.begun.clear()
    reader = asyncio.create_task(read(tail, log, 4))
    await names.begun.wait()
    tail.forget()
    names.hold.set()
    assert await reader == expected(4, 5, "Augusta")
    assert names.known == [0, 0, 1, 0], "read again, by whoever encodes"


async def test_what_nobody_reads_is_not_kept_for_ever() -> None:
    log, names, tail = made(0)
    log.top = 3 * MAX_EXPECTED
    tail.expect(raised(offset) for offset in range(1, log.top + 1))
    assert len(tail._expected) == MAX_EXPECTED
    assert await read(tail, log, 0) == expected(0, log.top)
    assert MAX_EXPECTED - PAGE_ENTRIES < sum(names.known) <= MAX_EXPECTED
    assert not tail._expected


async def test_page_tells_how_far_it_reaches_even_without_entries() -> None:
    async def nothing(entries: Sequence[Entry], known: Mapping[str, Alert]) -> list[Encoded]:
        return []

    tail = Tail(FakeLog(7), nothing)  # type: ignore[arg-type]
    page = await tail.page(3, 7)
    assert (page.to, list(page.entries)) == (7, [])


def _encoded(offset: int, tag: str, size: int) -> Encoded:
    return Encoded(offset, frozenset({tag}), "x", size, f"alert-{offset}", "door")


def test_a_share_is_what_is_addressed_and_may_be_sent_now() -> None:
    entries = [_encoded(1, "a", 10), _encoded(2, "b", 10), _encoded(3, "a", 10), _encoded(4, "a", 10)]
    page = Page(9, entries)
    everything = page.share(frozenset({"a"}), 100, CREDIT_BYTES)
    assert ([entry.offset for entry in everything.entries], everything.to) == ([1, 3, 4], 9)
    two = page.share(frozenset({"a"}), 2, CREDIT_BYTES)
    assert ([entry.offset for entry in two.entries], two.to) == ([1, 3], 3)
    by_size = page.share(frozenset({"a"}), 100, 15)
    assert ([entry.offset for entry in by_size.entries], by_size.to) == ([1], 2)
    nothing = page.share(frozenset({"c"}), 100, CREDIT_BYTES)
    assert (list(nothing.entries), nothing.to) == ([], 9)


def test_an_entry_larger_than_the_whole_credit_goes_alone() -> None:
    page = Page(2, [_encoded(1, "a", CREDIT_BYTES + 1), _encoded(2, "a", 10)])
    alone = page.share(frozenset({"a"}), 100, CREDIT_BYTES)
    assert ([entry.offset for entry in alone.entries], alone.to) == ([1], 1)
    later = page.share(frozenset({"a"}), 100, CREDIT_BYTES - 1)
    assert (list(later.entries), later.to) == ([], 0)
