from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.window import CREDIT_BYTES, CREDIT_ENTRIES, Window
from sightline.exceptions import WireError

PAGES = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 40), st.integers(0, 60_000)), min_size=1, max_size=30)


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
