"""A crowd without flicker."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.crowd_alarm import REMIND_MS, CrowdAlarm
from sightline.events.scene import CrowdWatch

WATCH = CrowdWatch(threshold=10, over_ms=3_000, under_ms=10_000)


def changes(*counts: tuple[int, int]) -> list[tuple[int, bool | None]]:
    """The states that these counts (time in s, people) led to, each with its time."""
    alarm = CrowdAlarm(WATCH)
    return [(at_s, alarm.crowded) for at_s, people in counts if alarm.counted(people, at_s * 1000)]


def test_a_count_at_the_limit_is_no_crowd() -> None:
    assert changes(*((at, 10) for at in range(60))) == [(10, False)]


def test_above_the_limit_for_long_enough_is() -> None:
    assert changes(*((at, 11) for at in range(60))) == [(3, True)]


def test_it_is_over_when_it_was_gone_for_long_enough() -> None:
    counts = [(at, 12 if at < 5 else 3) for at in range(60)]
    assert changes(*counts) == [(3, True), (15, False)]


def test_flicker_changes_nothing() -> None:
    counts = [(at, 12) for at in range(4)] + [(at, 12 if at % 3 else 9) for at in range(4, 60)]
    assert changes(*counts) == [(3, True)]


def test_a_crowd_that_stays_is_told_again_every_five_minutes_and_calm_is_not() -> None:
    assert changes(*((at, 11) for at in range(700))) == [(3, True), (303, True), (603, True)]
    assert changes(*((at, 1) for at in range(700))) == [(10, False)]


def test_the_most_people_since_it_began_are_kept() -> None:
    alarm = CrowdAlarm(WATCH)
    for at_ms, people in ((0, 5), (1_000, 11), (2_000, 17), (3_000, 12), (4_000, 12)):
        alarm.counted(people, at_ms)
    assert (alarm.crowded, alarm.most, alarm.since_ms) == (True, 17, 1_000)


def test_an_interruption_begins_the_waiting_anew() -> None:
    alarm = CrowdAlarm(WATCH)
    alarm.counted(11, 0)
    alarm.interrupted()
    assert not alarm.counted(11, 60_000)
    assert alarm.counted(11, 63_000)


@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 20)), max_size=60))
def test_states_alternate_but_for_reminders_and_none_lasts_less_than_its_patience(steps: list[tuple[int, int]]) -> None:
    alarm, now_ms, told = CrowdAlarm(WATCH), 0, []
    for pause_ms, people in steps:
        now_ms += pause_ms
        if alarm.counted(people, now_ms):
            told.append((now_ms, alarm.crowded))
    for (before_ms, before), (after_ms, after) in zip(told, told[1:], strict=False):
        assert before is not after or (after and after_ms - before_ms >= REMIND_MS)
        assert after_ms - before_ms >= (WATCH.over_ms if after else WATCH.under_ms)
