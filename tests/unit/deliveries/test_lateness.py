"""Since when something is due to a client."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.lateness import MAX_MARKS, Lateness


def test_nothing_is_late_at_first_and_once_it_is_there() -> None:
    lateness = Lateness()
    assert lateness.since_ms() is None
    lateness.due(5, 100)
    lateness.due(7, 200)
    assert lateness.since_ms() == 100
    lateness.has(4)
    assert lateness.since_ms() == 100
    lateness.has(5)
    assert lateness.since_ms() == 200
    lateness.has(7)
    assert lateness.since_ms() is None


def test_the_same_top_again_is_no_news() -> None:
    lateness = Lateness()
    lateness.due(5, 100)
    lateness.due(5, 900)
    lateness.has(5)
    assert lateness.since_ms() is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3000)), max_size=2500))
def test_memory_is_bounded_and_the_oldest_is_exact(steps: list[tuple[bool, int]]) -> None:
    lateness, due = Lateness(), dict[int, int]()
    for at_ms, (grows, number) in enumerate(steps):
        if grows:
            top = max(due, default=0) + 1
            due[top] = at_ms
            lateness.due(top, at_ms)
        else:
            due = {top: since for top, since in due.items() if top > number}
            lateness.has(number)
        assert len(lateness._marks) <= MAX_MARKS
        if len(due) < MAX_MARKS:
            assert lateness.since_ms() == min(due.values(), default=None)
