from __future__ import annotations

import random

import pytest

from sightline.gateway.delivery.pace import Pace


def shown(max_fps: float, times_s: list[float]) -> int:
    pace = Pace(max_fps)
    return sum(pace.shows(frame_id, at_s) for frame_id, at_s in enumerate(times_s))


@pytest.mark.parametrize(
    ("camera_fps", "max_fps", "wanted"), [(25, 5, 50), (25, 25, 250), (5, 5, 50), (5, 30, 50), (10, 3, 30)]
)
@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_rate_over_ten_seconds(camera_fps: float, max_fps: float, wanted: int, jitter: float) -> None:
    dice = random.Random(1)
    interval_s = 1 / camera_fps
    times = [100 + (number + jitter * (dice.random() - 0.5)) * interval_s for number in range(int(10 * camera_fps))]
    assert shown(max_fps, times) == pytest.approx(wanted, abs=0.06 * wanted + 1)
    assert shown(max_fps, times) <= 10 * max_fps + 2


def test_what_belongs_to_one_frame_shares_its_verdict() -> None:
    pace = Pace(1)
    assert [pace.shows(1, 10.0), pace.shows(1, 10.01)] == [True, True]
    assert [pace.shows(2, 10.1), pace.shows(2, 20.0)] == [False, False]
    assert pace.shows(3, 11.0)


def test_after_a_pause_nothing_is_made_up_for() -> None:
    pace = Pace(2)
    assert pace.shows(1, 10.0)
    assert [pace.shows(2 + number, 60 + number / 100) for number in range(20)].count(True) == 1
