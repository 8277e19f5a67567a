"""Times by stage."""

from __future__ import annotations

import time

import pytest

from sightline.engine.vision.stage_times import StageTimes


def test_stages_entered_twice_add_up_and_the_total_covers_them() -> None:
    times = StageTimes()
    with times.stage("sleep"):
        time.sleep(0.002)
    once = times.wall_ms["sleep"]
    with times.stage("sleep"):
        time.sleep(0.002)
    times.finish()
    assert once >= 2
    assert times.wall_ms["total"] >= times.wall_ms["sleep"] >= once + 2
    assert set(times.wall_ms) == set(times.cpu_ms) == {"sleep", "total"}


def test_sleeping_costs_no_cpu_and_working_does() -> None:
    times = StageTimes()
    with times.stage("sleep"):
        time.sleep(0.05)
    with times.stage("work"):
        until = time.thread_time_ns() + 5_000_000
        while time.thread_time_ns() < until:
            pass
    assert times.cpu_ms["sleep"] < times.wall_ms["sleep"] / 2
    assert times.cpu_ms["work"] >= 5


def test_a_stage_that_fails_is_timed_too() -> None:
    times = StageTimes()
    with pytest.raises(KeyError), times.stage("broken"):
        raise KeyError
    assert "broken" in times.wall_ms
