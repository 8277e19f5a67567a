"""Who is on duty when: a weekly schedule, exceptions to it, and a switch in the user's own hand.

The switch is thrown like a thermostat's: it holds until the schedule next says something new. So somebody who leaves
early is expected again with their next shift, and somebody without a schedule stays what they said last.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Duty", "DutyException", "DutyReason", "Roster", "Shift", "Switch", "duty_of"]

MINUTES_A_DAY = 1440
_WEEK = 8
"""Days in which every boundary of a weekly schedule comes by at least once."""


class DutyReason(enum.StrEnum):
    """What decides whether somebody is on duty; `field`: a field client, who is while they are connected."""

    SWITCH = "switch"
    FIELD = "field"
    EXCEPTION = "exception"
    SCHEDULE = "schedule"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly shift. `weekday` 0 is Monday; minutes count from local midnight, 0 to 1440.

    An `end_minute` that is not after `start_minute` is on the next day.
    """

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class DutyException:
    """On duty, or not, from `from_ms` until (excluding) `until_ms`, whatever the weekly schedule says."""

    from_ms: int
    until_ms: int
    on: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """A user's schedule in an IANA `timezone`; `latitude` and `longitude` (WGS 84 degrees) are their duty post.

    Of exceptions that overlap, the later one in the list counts.
    """

    user_id: str
    timezone: str
    shifts: tuple[Shift, ...] = ()
    exceptions: tuple[DutyException, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """What the user said last, and when."""

    on: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Duty:
    """Whether somebody is on duty, and what says so."""

    on: bool
    reason: DutyReason


def duty_of(roster: Roster | None, switch: Switch | None, now_ms: int) -> Duty:
    """Whether a user is on duty at `now_ms`. Nobody is, of whom nothing is known."""
    planned = Duty(False, DutyReason.NONE) if roster is None else _planned(roster, now_ms)
    if switch is None or (roster is not None and _changed_since(roster, switch.at_ms, now_ms)):
        return planned
    return Duty(switch.on, DutyReason.SWITCH)


def _planned(roster: Roster, at_ms: int) -> Duty:
    for exception in reversed(roster.exceptions):
        if exception.from_ms <= at_ms < exception.until_ms:
            return Duty(exception.on, DutyReason.EXCEPTION)
    if not roster.shifts:
        return Duty(False, DutyReason.NONE)
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(roster.timezone)).date()
    spans = _spans(roster, day - timedelta(days=1), day)
    return Duty(any(start <= at_ms < end for start, end in spans), DutyReason.SCHEDULE)


def _changed_since(roster: Roster, since_ms: int, now_ms: int) -> bool:
    """Whether the plan began to say something new in (since, now]."""
    zone = ZoneInfo(roster.timezone)
    boundaries = {edge for exception in roster.exceptions for edge in (exception.from_ms, exception.until_ms)}
    last = datetime.fromtimestamp(now_ms / 1000, zone).date()
    first = max(datetime.fromtimestamp(since_ms / 1000, zone).date(), last - timedelta(days=_WEEK))
    boundaries.update(edge for span in _spans(roster, first - timedelta(days=1), last) for edge in span)
    return any(
        since_ms < edge <= now_ms and _planned(roster, edge - 1).on != _planned(roster, edge).on
        for edge in sorted(boundaries)
    )


def _spans(roster: Roster, first: date, last: date) -> Iterator[tuple[int, int]]:
    """Start and end in ms of the shifts that begin on these days, by the wall clock of their zone."""
    zone = ZoneInfo(roster.timezone)
    day = first
    while day <= last:
        for shift in roster.shifts:
            if shift.weekday == day.weekday():
                overnight = MINUTES_A_DAY if shift.end_minute <= shift.start_minute else 0
                yield _at(day, shift.start_minute, zone), _at(day, shift.end_minute + overnight, zone)
        day += timedelta(days=1)


def _at(day: date, minute: int, zone: ZoneInfo) -> int:
    days, minute = divmod(minute, MINUTES_A_DAY)
    local = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone)
    return int(local.timestamp() * 1000)
