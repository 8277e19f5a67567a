"""Who is on duty when: a weekly schedule, exceptions to it, and a switch in the user's own hand.

The switch is thrown like a thermostat's: it holds until the schedule next says something new. So somebody who leaves
early is expected again with their next shift, and somebody without a schedule stays what they said last.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sightline.events.schedule import Shift, local_date, spans

__all__ = ["Duty", "DutyException", "DutyReason", "Roster", "Shift", "Switch", "duty_of"]

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
    zone = ZoneInfo(roster.timezone)
    day = local_date(at_ms, zone)
    shifts = spans(roster.shifts, zone, day - timedelta(days=1), day)
    return Duty(any(start <= at_ms < end for start, end in shifts), DutyReason.SCHEDULE)


def _changed_since(roster: Roster, since_ms: int, now_ms: int) -> bool:
    """Whether the plan began to say something new in (since, now]."""
    zone = ZoneInfo(roster.timezone)
    boundaries = {edge for exception in roster.exceptions for edge in (exception.from_ms, exception.until_ms)}
    last = local_date(now_ms, zone)
    first = max(local_date(since_ms, zone), last - timedelta(days=_WEEK))
    boundaries.update(edge for span in spans(roster.shifts, zone, first - timedelta(days=1), last) for edge in span)
    return any(
        since_ms < edge <= now_ms and _planned(roster, edge - 1).on != _planned(roster, edge).on
        for edge in sorted(boundaries)
    )
