"""Pauses grow, scatter, end, and hear what the other side asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.retry import JITTER, RetrySchedule

schedules = st.builds(
    RetrySchedule, tries=st.integers(1, 50), first_ms=st.integers(50, 3_600_000), longest_ms=st.just(3_600_000)
)
chances = st.floats(0, 1, exclude_max=True)


def test_the_default_gives_up_after_an_hour_and_a_half() -> None:
    schedule = RetrySchedule()
    pauses = [schedule.wait_ms(failures, 0.5) or 0 for failures in range(1, schedule.tries)]
    assert pauses == [5_000, 15_000, 45_000, 135_000, 405_000, 1_215_000, 3_600_000]
    assert schedule.wait_ms(schedule.tries, 0.5) is None
    assert 80 < sum(pauses) / 60_000 < 95


@given(schedules, st.integers(1, 60), chances, st.integers(0, 10**12))
def test_every_pause_is_within_its_bounds(schedule: RetrySchedule, failures: int, chance: float, asked: int) -> None:
    wait = schedule.wait_ms(failures, chance, asked_ms=asked)
    assert (wait is None) == (failures >= schedule.tries)
    if wait is not None:
        assert 1 <= wait <= schedule.longest_ms * (1 + JITTER)
        assert wait >= min(asked, schedule.longest_ms)


@given(schedules, st.integers(1, 48), chances)
def test_a_later_pause_is_no_shorter_by_the_same_chance(schedule: RetrySchedule, failures: int, chance: float) -> None:
    earlier, later = schedule.wait_ms(failures, chance), schedule.wait_ms(failures + 1, chance)
    if earlier is not None and later is not None:
        assert later >= earlier


def test_what_failed_together_comes_back_scattered() -> None:
    schedule = RetrySchedule()
    assert (schedule.wait_ms(1, 0.0), schedule.wait_ms(1, 0.999)) == (2_500, 7_495)
