"""A rush is spread: so many a second, everybody at their own time, and nobody for ever."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.arrivals import LEAST_S, LONGEST_S, Arrivals, time_to_return_s


def come_back_until_admitted(arrivals: Arrivals, first_s: list[float]) -> list[float]:
    """When each of those who come at `first_s`, and obey what they are told, is let in."""
    coming = list(first_s)
    heapq.heapify(coming)
    admitted = []
    while coming:
        now_s = heapq.heappop(coming)
        wait_s = arrivals.wait_s(now_s)
        if wait_s:
            heapq.heappush(coming, now_s + wait_s)
        else:
            admitted.append(now_s)
    return admitted


def busiest_second(times_s: list[float]) -> int:
    """The most within any second, wherever it begins."""
    return max(sum(start <= other < start + 1 for other in times_s) for start in times_s)


def test_a_thousand_at_once_are_in_within_a_minute_and_never_a_tenth_in_a_second() -> None:
    admitted = come_back_until_admitted(Arrivals(40), [100.0] * 1000)
    assert len(admitted) == 1000
    assert max(admitted) - 100.0 < 60
    assert busiest_second(admitted) <= 100


@given(st.lists(st.floats(0, 1.5), min_size=1, max_size=400), st.sampled_from([5.0, 20.0, 40.0]))
def test_everybody_is_let_in_at_no_more_than_twice_the_rate(offsets_s: list[float], per_s: float) -> None:
    admitted = come_back_until_admitted(Arrivals(per_s), [50 + offset_s for offset_s in offsets_s])
    assert len(admitted) == len(offsets_s)
    assert busiest_second(admitted) <= 2 * per_s + 1
    assert max(admitted) - 50 <= 1.5 + 4 * len(offsets_s) / per_s + 2 * LEAST_S


@given(st.lists(st.floats(0, 5), min_size=1, max_size=300), st.floats(0.2, 100))
def test_what_is_told_is_bounded_and_everybodys_own(steps_s: list[float], per_s: float) -> None:
    arrivals, now_s, told = Arrivals(per_s), 1000.0, []
    for step_s in sorted(steps_s):
        now_s += step_s / 100
        wait_s = arrivals.wait_s(now_s)
        if wait_s:
            assert LEAST_S - 1e-6 <= wait_s <= LONGEST_S
            told.append(now_s + wait_s)
    assert len(set(told)) == len(told) or max(told) - told[0] > LONGEST_S / 2, "one time for two, though there was room"


def test_who_comes_in_peace_never_waits() -> None:
    arrivals = Arrivals(40)
    assert {arrivals.wait_s(10 + number / 39) for number in range(500)} == {0.0}


def test_those_who_ignore_it_push_nobody_away_for_ever() -> None:
    arrivals = Arrivals(1)
    waits_s = [arrivals.wait_s(10.0) for _ in range(1000)]
    assert max(waits_s) <= LONGEST_S


def test_zero_admits_everybody() -> None:
    arrivals = Arrivals(0)
    assert {arrivals.wait_s(0.0) for _ in range(10_000)} == {0.0}


def test_a_clock_that_stands_still_or_is_small_harms_nothing() -> None:
    arrivals = Arrivals(0.5)
    assert arrivals.wait_s(0.0) == 0.0
    assert arrivals.wait_s(0.0) >= LEAST_S


@pytest.mark.parametrize("count", [1, 40, 1000])
def test_clients_of_a_server_that_stops_come_back_without_being_refused(count: int) -> None:
    times_s = [500 + time_to_return_s(number, 40) for number in range(count)]
    arrivals = Arrivals(40)
    assert [arrivals.wait_s(now_s) for now_s in times_s] == [0.0] * count
    assert busiest_second(times_s) <= 100


def test_without_a_rate_everybody_may_come_after_a_second() -> None:
    assert {time_to_return_s(number, 0) for number in range(100)} == {LEAST_S}
