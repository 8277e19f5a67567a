"""Schedules, exceptions and the switch, by the wall clock of the roster's zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.roster import Duty, DutyException, DutyReason, Roster, Shift, Switch, duty_of

BERLIN = "Europe/Berlin"
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
OFFICE = Roster("ana", BERLIN, shifts=tuple(Shift(day, 8 * 60, 16 * 60) for day in range(5)))
NIGHTS = Roster("bo", BERLIN, shifts=(Shift(SUNDAY, 22 * 60, 6 * 60),))


def at(text: str, zone: str = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def on(roster: Roster | None, text: str, switch: Switch | None = None) -> bool:
    return duty_of(roster, switch, at(text)).on


def test_nobody_is_on_duty_of_whom_nothing_is_known() -> None:
    assert duty_of(None, None, 0) == Duty(False, DutyReason.NONE)
    assert duty_of(Roster("ana", BERLIN), None, 0) == Duty(False, DutyReason.NONE)


def test_a_shift_begins_on_its_first_minute_and_ends_before_its_last() -> None:
    assert not on(OFFICE, "2026-01-05T07:59:59")  # a Monday
    assert on(OFFICE, "2026-01-05T08:00:00")
    assert on(OFFICE, "2026-01-05T15:59:59")
    assert not on(OFFICE, "2026-01-05T16:00:00")
    assert not on(OFFICE, "2026-01-04T10:00:00")


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    assert not on(NIGHTS, "2026-01-04T21:59:59")
    assert on(NIGHTS, "2026-01-04T22:00:00")
    assert on(NIGHTS, "2026-01-05T05:59:59")
    assert not on(NIGHTS, "2026-01-05T06:00:00")
    assert not on(NIGHTS, "2026-01-05T23:00:00")


def test_a_shift_of_a_whole_day() -> None:
    whole = Roster("ana", BERLIN, shifts=(Shift(MONDAY, 0, 1440),))
    assert on(whole, "2026-01-05T00:00:00") and on(whole, "2026-01-05T23:59:59")
    assert not on(whole, "2026-01-06T00:00:00") and not on(whole, "2026-01-04T23:59:59")


def test_shifts_follow_the_wall_clock_when_the_clocks_change() -> None:
    """On 29 March 2026, a Sunday, two o'clock is three: the night before is an hour shorter."""
    nights = Roster("bo", BERLIN, shifts=(Shift(SATURDAY, 22 * 60, 6 * 60), Shift(SUNDAY, 8 * 60, 16 * 60)))
    start, end = at("2026-03-28T22:00:00"), at("2026-03-29T06:00:00")
    assert end - start == 7 * 3_600_000
    assert duty_of(nights, None, end - 1).on and not duty_of(nights, None, end).on
    assert on(nights, "2026-03-29T08:00:00")


def test_the_zone_is_the_rosters_own() -> None:
    tokyo = Roster("ana", "Asia/Tokyo", shifts=(Shift(MONDAY, 8 * 60, 16 * 60),))
    assert duty_of(tokyo, None, at("2026-01-05T08:00:00", "Asia/Tokyo")).on
    assert not duty_of(tokyo, None, at("2026-01-05T08:00:00")).on


def test_an_exception_goes_before_the_schedule_and_the_later_before_the_earlier() -> None:
    holiday = DutyException(at("2026-01-05T00:00:00"), at("2026-01-07T00:00:00"), False)
    needed = DutyException(at("2026-01-06T10:00:00"), at("2026-01-06T12:00:00"), True)
    roster = Roster("ana", BERLIN, OFFICE.shifts, (holiday, needed))
    assert duty_of(roster, None, at("2026-01-05T10:00:00")) == Duty(False, DutyReason.EXCEPTION)
    assert on(roster, "2026-01-06T10:00:00")
    assert not on(roster, "2026-01-06T12:00:00")
    assert on(roster, "2026-01-07T10:00:00")


def test_a_switch_holds_until_the_schedule_says_something_new() -> None:
    left_early = Switch(False, at("2026-01-05T12:00:00"))
    assert duty_of(OFFICE, left_early, at("2026-01-05T15:00:00")) == Duty(False, DutyReason.SWITCH)
    assert not on(OFFICE, "2026-01-06T07:59:59", left_early)
    assert duty_of(OFFICE, left_early, at("2026-01-06T08:00:00")) == Duty(True, DutyReason.SCHEDULE)
    stays_on = Switch(True, at("2026-01-05T20:00:00"))
    assert on(OFFICE, "2026-01-06T07:00:00", stays_on)
    assert not on(OFFICE, "2026-01-06T16:00:00", stays_on)


def test_a_switch_holds_over_the_seam_of_two_shifts() -> None:
    split = Roster("ana", BERLIN, shifts=(Shift(MONDAY, 480, 720), Shift(MONDAY, 720, 960)))
    assert not on(split, "2026-01-05T13:00:00", Switch(False, at("2026-01-05T10:00:00")))


def test_a_switch_without_a_schedule_holds_for_good() -> None:
    assert on(None, "2036-01-05T12:00:00", Switch(True, at("2026-01-05T12:00:00")))
    assert not on(None, "2026-01-05T12:00:00", Switch(False, 0))


def test_a_switch_ends_with_an_exception() -> None:
    leave = DutyException(at("2026-01-05T10:00:00"), at("2026-01-05T11:00:00"), False)
    roster = Roster("ana", BERLIN, OFFICE.shifts, (leave,))
    assert on(roster, "2026-01-05T10:30:00", Switch(True, at("2026-01-05T10:15:00")))
    assert not on(roster, "2026-01-05T12:00:00", Switch(False, at("2026-01-05T12:00:00")))


SHIFTS = st.builds(Shift, st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1440))
MOMENTS = st.integers(at("2026-01-01T00:00:00"), at("2027-01-01T00:00:00"))


@given(
    st.lists(SHIFTS, max_size=6), MOMENTS, MOMENTS, st.booleans(), st.sampled_from([BERLIN, "America/New_York", "UTC"])
)
def test_a_switch_counts_exactly_while_the_plan_stays_as_it_was(
    shifts: list[Shift], first: int, second: int, says: bool, zone: str
) -> None:
    """Against the definition itself: the plan looked at minute by minute, over a few days."""
    start, now = min(first, second), max(first, second)
    start = max(start, now - 3 * 86_400_000)
    roster = Roster("ana", zone, tuple(shifts))
    minutes = range(start // 60_000 + 1, now // 60_000 + 1)
    planned = [duty_of(roster, None, start).on] + [
        duty_of(roster, None, minute * 60_000).on for minute in minutes[::15]
    ]
    duty = duty_of(roster, Switch(says, start), now)
    if len(set(planned)) > 1:
        assert duty.reason is not DutyReason.SWITCH
    if duty.reason is DutyReason.SWITCH:
        assert duty.on is says
    else:
        assert duty == duty_of(roster, None, now)


@pytest.mark.parametrize("days", [0, 1, 7, 400])
def test_an_old_switch_is_over_after_a_week_of_shifts(days: int) -> None:
    now = at("2026-06-15T20:00:00")
    assert duty_of(OFFICE, Switch(True, now - days * 86_400_000), now).on is (days == 0)
