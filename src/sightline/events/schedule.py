"""Weekly schedules by the wall clock of an IANA time zone, summer time included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Schedule", "Shift", "local_date", "spans"]

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly span. `weekday` 0 is Monday; minutes count from local midnight, 0 to 1440.

    An `end_minute` that is not after `start_minute` is on the next day.
    """

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something applies: in these weekly spans of an IANA `timezone`; never without any."""

    timezone: str
    shifts: tuple[Shift, ...]

    def covers(self, at_ms: int) -> bool:
        """Whether it applies at this time."""
        zone = ZoneInfo(self.timezone)
        day = local_date(at_ms, zone)
        return any(start <= at_ms < end for start, end in spans(self.shifts, zone, day - timedelta(days=1), day))


def local_date(at_ms: int, zone: ZoneInfo) -> date:
    """The day that it is in `zone` at this time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()


def spans(shifts: Sequence[Shift], zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[int, int]]:
    """Start and end in ms of the shifts that begin on these days, by the wall clock of their zone."""
    day = first
    while day <= last:
        for shift in shifts:
            if shift.weekday == day.weekday():
                overnight = MINUTES_A_DAY if shift.end_minute <= shift.start_minute else 0
                yield _at(day, shift.start_minute, zone), _at(day, shift.end_minute + overnight, zone)
        day += timedelta(days=1)


def _at(day: date, minute: int, zone: ZoneInfo) -> int:
    days, minute = divmod(minute, MINUTES_A_DAY)
    local = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone)
    return int(local.timestamp() * 1000)
