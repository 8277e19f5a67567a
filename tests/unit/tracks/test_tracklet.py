"""One tracklet's life."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.tracks.tracklet import LifeCycle, Tracklet, TrackletState

RULES = LifeCycle(confirm_hits=2, tentative_ms=700, lost_ms=2_000)


def box(x: float, side: float = 40) -> np.ndarray:
    return np.array([x, 10, x + side, 10 + side], np.float32)


def confirmed() -> Tracklet:
    tracklet = Tracklet.born("t", box(0), 1_000)
    tracklet.found(box(0), 1_200, RULES)
    return tracklet


def test_found_twice_is_confirmed() -> None:
    assert Tracklet.born("t", box(0), 1_000).state is TrackletState.TENTATIVE
    assert confirmed().state is TrackletState.CONFIRMED


def test_a_tentative_one_ends_when_not_found_in_time() -> None:
    tracklet = Tracklet.born("t", box(0), 1_000)
    tracklet.missed(1_700, RULES)
    assert tracklet.state is TrackletState.TENTATIVE
    tracklet.missed(1_701, RULES)
    assert tracklet.state is TrackletState.ENDED


def test_a_confirmed_one_is_lost_then_found_or_ended() -> None:
    tracklet = confirmed()
    tracklet.missed(1_400, RULES)
    assert tracklet.state is TrackletState.LOST
    tracklet.found(box(0), 1_600, RULES)
    assert tracklet.state is TrackletState.CONFIRMED
    tracklet.missed(3_600, RULES)
    assert tracklet.state is TrackletState.LOST
    tracklet.missed(3_601, RULES)
    assert tracklet.state is TrackletState.ENDED


def test_it_is_expected_where_its_speed_carries_it_but_not_for_long() -> None:
    tracklet = Tracklet.born("t", box(0), 1_000)
    tracklet.found(box(20), 1_200, RULES)
    assert tracklet.expected(1_400)[0] == pytest.approx(40)
    assert tracklet.expected(9_000)[0] == tracklet.expected(1_800)[0] == pytest.approx(80)
    assert tracklet.expected(1_000)[0] == pytest.approx(20)


def test_overlap_says_whether_it_was_where_it_was_expected() -> None:
    tracklet = Tracklet.born("t", box(0), 1_000)
    tracklet.found(box(20), 1_200, RULES)
    tracklet.found(box(40), 1_400, RULES)
    assert tracklet.overlap == pytest.approx(1.0)
    tracklet.found(box(0), 1_600, RULES)
    assert tracklet.overlap == 0.0


def test_a_frame_of_the_same_time_changes_no_speed() -> None:
    tracklet = confirmed()
    tracklet.found(box(30), 1_200, RULES)
    assert tracklet.velocity.tolist() == [0, 0]
    assert tracklet.width == 40
