from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.client.backoff import Backoff, Breaker, retry_delay_ms

chances = st.floats(0, 1, exclude_max=True)


def test_series_without_jitter_is_exact() -> None:
    delays = [retry_delay_ms(attempt, 0.9, jitter=0) for attempt in range(12)]
    assert delays == [1000, 1500, 2250, 3375, 5063, 7594, 11391, 17086, 25629, 30000, 30000, 30000]


@given(st.integers(0, 10**9), chances)
def test_delay_stays_within_its_spread(attempt: int, chance: float) -> None:
    exact = retry_delay_ms(attempt, 0.5)
    assert exact // 2 <= retry_delay_ms(attempt, chance) <= exact * 3 // 2 + 1


def test_spread_reaches_both_ends() -> None:
    assert (retry_delay_ms(0, 0.0), retry_delay_ms(0, 0.5), retry_delay_ms(0, 0.9999)) == (500, 1000, 1500)


def test_breaker_opens_at_the_fifth_session_in_a_row_that_came_to_nothing() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.ended(lived_ms=9_999)
        assert breaker.pause_ms(0.5) == 0
    breaker.ended(lived_ms=0)
    assert (breaker.pause_ms(0.0), breaker.pause_ms(0.5), breaker.pause_ms(0.5, jitter=0)) == (30_000, 60_000, 60_000)
    breaker.ended(lived_ms=10_000)
    assert breaker.pause_ms(0.5) == 0


def test_server_decides_about_the_delay_but_not_about_the_breaker() -> None:
    backoff = Backoff(lambda: 0.5, 0.0, None)
    assert backoff.next_delay_ms(None) == 1000
    assert backoff.next_delay_ms(0) == 0
    assert backoff.next_delay_ms(90_000) == 90_000
    for _ in range(5):
        backoff.breaker.ended(lived_ms=0)
    assert backoff.next_delay_ms(0) == 60_000
    assert backoff.next_delay_ms(90_000) == 90_000


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_no_more_attempts_than_allowed(limit: int) -> None:
    backoff = Backoff(lambda: 0.5, 0.5, limit)
    delays = [backoff.next_delay_ms(None) for _ in range(limit + 1)]
    assert delays[-1] is None
    assert None not in delays[:-1]
