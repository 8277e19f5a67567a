from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.engine.rates import Cadence, RateMeter, UsualGap


@pytest.mark.parametrize(
    ("source_fps", "wanted_fps"), [(30.0, 5.0), (25.0, 5.0), (15.0, 10.0), (29.97, 5.0), (12.5, 7.0)]
)
def test_a_cadence_takes_the_wanted_rate(source_fps: float, wanted_fps: float) -> None:
    cadence = Cadence(wanted_fps)
    taken = sum(cadence.due(frame / source_fps) for frame in range(int(60 * source_fps)))
    assert taken == pytest.approx(60 * wanted_fps, rel=0.03)


def test_a_cadence_takes_everything_of_a_slow_source() -> None:
    cadence = Cadence(5.0)
    assert all(cadence.due(second) for second in range(10))


def test_phases_spread_streams_that_begin_together() -> None:
    cadences = [Cadence(5.0, phase=phase) for phase in (0.0, 0.25, 0.5, 0.75)]
    taken = [[tick / 100 for tick in range(100) if cadence.due(tick / 100)] for cadence in cadences]
    assert [times[:3] for times in taken] == [
        [0.0, pytest.approx(0.18), pytest.approx(0.38)],
        [0.0, pytest.approx(0.23), pytest.approx(0.43)],
        [0.0, pytest.approx(0.28), pytest.approx(0.48)],
        [0.0, pytest.approx(0.33), pytest.approx(0.53)],
    ]


def test_after_a_pause_a_cadence_does_not_catch_up() -> None:
    cadence = Cadence(5.0)
    cadence.due(0.0)
    assert cadence.due(60.0)
    assert not cadence.due(60.05)


@given(st.lists(st.floats(0.0, 2.0), min_size=2, max_size=80), st.floats(0.5, 30.0))
def test_a_cadence_never_takes_much_more_than_wanted(gaps: list[float], per_second: float) -> None:
    cadence, now_s, taken = Cadence(per_second), 0.0, 0
    for gap in gaps:
        now_s += gap
        taken += cadence.due(now_s)
    assert taken <= now_s * per_second + 2


def test_a_meter_reads_a_steady_rate_and_forgets_it() -> None:
    meter = RateMeter(window_s=5.0)
    assert meter.rate(0.0) == 0.0
    for frame in range(300):
        meter.add(frame / 30)
    assert meter.rate(299 / 30) == pytest.approx(30.0)
    assert meter.rate(299 / 30 + 2.0) < 30.0
    assert meter.rate(299 / 30 + 6.0) == 0.0


def test_one_outage_is_no_habit_but_two_long_gaps_are() -> None:
    gap = UsualGap()
    times_ms = (0, 500, 1_000, 21_000, 21_500, 31_500, 41_500, 5_000, 15_000)
    assert [gap.seen(at_ms) for at_ms in times_ms] == [0, 500, 500, 500, 500, 500, 10_000, 10_000, 10_000]
