from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from sightline.deliveries.window import CREDIT_BYTES, CREDIT_ENTRIES, SentPage, Trail, Window
from sightline.exceptions import WireError

PAGES = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 40), st.integers(0, 60_000)), min_size=1, max_size=30)
NUMBERS = st.integers(0, 3)


@given(PAGES, st.data())
def test_credit_is_what_is_outstanding(pages: list[tuple[int, int, int]], data: st.DataObject) -> None:
    window = Window(sent=7, received=7)
    ends = list(accumulate((page[0] for page in pages), initial=7))[1:]
    outstanding: list[tuple[int, int, int]] = []
    for (_, entries, size), end in zip(pages, ends, strict=True):
        window.page_sent(end, entries, size if entries else 0)
        if entries:
            outstanding.append((end, entries, size))
        if data.draw(st.booleans()):
            offset = data.draw(st.integers(0, end))
            before = window.received
            assert window.confirm(offset) is (offset > before)
            assert window.received == max(before, offset)
            outstanding = [page for page in outstanding if page[0] > offset]
        entries_out = sum(page[1] for page in outstanding)
        bytes_out = sum(page[2] for page in outstanding)
        assert window.free_bytes() == max(0, CREDIT_BYTES - bytes_out)
        wanted = 0 if bytes_out >= CREDIT_BYTES else max(0, CREDIT_ENTRIES - entries_out)
        assert window.free_entries() == wanted
        over = entries_out > CREDIT_ENTRIES or bytes_out > CREDIT_BYTES
        assert window.admits(CREDIT_ENTRIES - entries_out, CREDIT_BYTES - bytes_out)
        assert window.admits(0, 0) is not over
        assert not window.admits(CREDIT_ENTRIES - entries_out + 1, 0)
        assert not window.admits(1, CREDIT_BYTES - bytes_out + 1)


def test_what_was_not_sent_cannot_be_received() -> None:
    window = Window(sent=5, received=5)
    with pytest.raises(WireError) as refusal:
        window.confirm(6)
    assert (refusal.value.path, refusal.value.fatal) == ("data.offset", False)
    window.page_sent(6, 1, 10)
    assert window.confirm(6)
    assert not window.confirm(6)


def test_oldest_unconfirmed_entry_is_known() -> None:
    window = Window(sent=0, received=0)
    assert window.unconfirmed_after is None
    window.page_sent(4, 0, 0)
    assert window.unconfirmed_after is None
    window.page_sent(9, 1, 10, after=6)
    window.page_sent(12, 2, 20)
    assert window.unconfirmed_after == 6
    window.confirm(9)
    assert window.unconfirmed_after == 9


def test_everything_confirmed_gives_everything_back() -> None:
    window = Window(sent=0, received=0)
    window.page_sent(3, 3, 2 * CREDIT_BYTES)
    assert (window.free_entries(), window.free_bytes()) == (0, 0)
    window.confirm(3)
    assert (window.free_entries(), window.free_bytes()) == (CREDIT_ENTRIES, CREDIT_BYTES)


class TrailMachine(RuleBasedStateMachine):
    """Clients that come to a trail and leave it are counted as if each had been sent every page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.trail: Trail[int] = Trail(0)
        self.windows = [Window(sent=0, received=0) for _ in range(4)]
        self.alone = [Window(sent=0, received=0) for _ in range(4)]
        self.members: set[int] = set()

    @rule(number=NUMBERS)
    def join(self, number: int) -> None:
        if number not in self.members and self.windows[number].sent == self.trail.sent:
            self.trail.join(number, self.windows[number])
            self.members.add(number)

    @rule(number=NUMBERS)
    def leave(self, number: int) -> None:
        if number in self.members:
            self.trail.leave(number)
            self.members.discard(number)

    @rule(entries=st.sampled_from([1, 1, 7, 60]), size=st.integers(0, CREDIT_BYTES // 4), times=st.integers(1, 200))
    def send(self, entries: int, size: int, times: int) -> None:
        """To the members, and to those who are up to date by themselves, as far as each has room."""
        for _ in range(times if entries == 1 else 1):
            sent = self.trail.sent
            page = SentPage(sent + entries, entries, size // times, sent)
            for number in self.trail.without_room(page):
                assert not self.alone[number].admits(page.entries, page.size)
                self.leave(number)
            for number, (window, alone) in enumerate(zip(self.windows, self.alone, strict=True)):
                if number in self.members:
                    assert alone.admits(page.entries, page.size)
                    alone.add(page)
                elif alone.sent == sent and alone.admits(page.entries, page.size):
                    window.add(page)
                    alone.add(page)
            self.trail.add(page)

    @rule(number=NUMBERS, back=st.integers(0, 40))
    def confirm(self, number: int, back: int) -> None:
        window, alone = self.windows[number], self.alone[number]
        offset = max(0, alone.sent - back)
        assert window.confirm(offset) is alone.confirm(offset)

    @rule(number=NUMBERS)
    def look(self, number: int) -> None:
        """At all that can be seen of it; most are not looked at for long."""
        window, alone = self.windows[number], self.alone[number]
        assert window.sent == alone.sent
        assert (window.outstanding, window.outstanding_bytes) == (alone.outstanding, alone.outstanding_bytes)
        assert (window.free_entries(), window.free_bytes()) == (alone.free_entries(), alone.free_bytes())
        assert window.unconfirmed_after == alone.unconfirmed_after
        assert (window.received, window.confirmed_entries) == (alone.received, alone.confirmed_entries)


TestTrail = TrailMachine.TestCase
