"""Weekly schedules by the wall clock; rosters have the finer cases (`deliveries/test_roster.py`)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sightline.events.schedule import Schedule, Shift

NIGHTS = Schedule("Europe/Berlin", (Shift(0, 22 * 60, 6 * 60), Shift(2, 0, 1440)))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)


@pytest.mark.parametrize(
    ("when", "covered"),
    [
        ("2026-01-05T21:59:59", False),  # a Monday
        ("2026-01-05T22:00:00", True),
        ("2026-01-06T05:59:59", True),
        ("2026-01-06T06:00:00", False),
        ("2026-01-06T23:59:59", False),
        ("2026-01-07T00:00:00", True),
        ("2026-01-07T23:59:59", True),
        ("2026-01-08T00:00:00", False),
        ("2026-07-06T22:30:00", True),  # in summer the clock on the wall counts
    ],
)
def test_covers_by_the_clock_on_the_wall(when: str, covered: bool) -> None:
    assert NIGHTS.covers(at(when)) is covered


def test_without_spans_it_never_applies() -> None:
    assert not Schedule("UTC", ()).covers(at("2026-01-05T12:00:00"))
