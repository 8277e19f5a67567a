"""Token buckets: never more than the rate and one burst, never less than the rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.rates import BURST_S, OTHERS, Bucket, Rates, parse_rates

per_s = st.floats(0.1, 50)
pauses_s = st.lists(st.floats(0, 30), max_size=200)


@given(per_s, pauses_s)
def test_no_more_passes_than_the_rate_and_one_burst(rate: float, pauses: list[float]) -> None:
    bucket, now_s, passed = Bucket(rate), 1_000.0, 0
    for pause in pauses:
        now_s += pause
        passed += bucket.wait_s(now_s) == 0
    assert passed <= max(1.0, rate * BURST_S) + sum(pauses) * rate + 1e-6


@given(per_s, pauses_s)
def test_whoever_waits_as_long_as_told_passes(rate: float, pauses: list[float]) -> None:
    bucket, now_s = Bucket(rate), 1_000.0
    for pause in pauses:
        now_s += pause
        wait_s = bucket.wait_s(now_s)
        if wait_s:
            now_s += wait_s * (1 + 1e-9) + 1e-6
            assert bucket.wait_s(now_s) == 0


@given(per_s, st.integers(1, 50))
def test_the_rate_itself_always_passes(rate: float, count: int) -> None:
    bucket = Bucket(rate)
    assert all(bucket.wait_s(1_000 + number * (1 + 1e-9) / rate) == 0 for number in range(count))


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_a_clock_that_goes_backwards_gives_nothing(times: list[float]) -> None:
    bucket = Bucket(1.0)
    passed = sum(bucket.wait_s(now_s) == 0 for now_s in sorted(times, reverse=True))
    assert passed <= BURST_S


def test_types_do_not_share_except_those_without_a_rate_of_their_own() -> None:
    rates = Rates({"ack": 0.01, OTHERS: 0.01})
    assert rates.wait_s("ack", 0) == rates.wait_s("this", 0) == 0
    assert rates.wait_s("ack", 0) > 0
    assert rates.wait_s("that", 0) > 0


def test_without_a_rate_everything_passes() -> None:
    rates = Rates({"ack": 0.01})
    assert [rates.wait_s("other", 0) for _ in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize("entry", ["", "ack", "=1", "ack=", "ack=0", "ack=-1", "ack=nan", "ack=inf", "ack=1=2"])
def test_what_is_no_rate_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        parse_rates([entry])


def test_a_rate_is_given_once() -> None:
    with pytest.raises(ValueError, match="ack is given twice"):
        parse_rates(["ack=1", "ack=2"])
