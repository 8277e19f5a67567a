"""The tracklets of one camera."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sightline.tracks.tracker import Tracker
from sightline.tracks.tracklet import LifeCycle, TrackletState


def boxes(*rows: tuple[float, float]) -> np.ndarray:
    return np.array([(x, y, x + 40, y + 40) for x, y in rows], np.float32).reshape(-1, 4)


def test_a_walking_face_keeps_its_track() -> None:
    tracker = Tracker("door")
    ids = {tracker.update(boxes((30.0 * k, 10)), 200 * k).tracklets[0].track_id for k in range(10)}
    assert ids == {"door-1"}


def test_tracklets_are_parallel_to_the_faces() -> None:
    tracker = Tracker("door")
    first = tracker.update(boxes((0, 0), (200, 0)), 0).tracklets
    second = tracker.update(boxes((205, 0), (400, 0), (3, 0)), 200).tracklets
    assert second[0] is first[1]
    assert second[2] is first[0]
    assert second[1].track_id == "door-3"


def test_a_hidden_face_comes_back_to_its_track() -> None:
    tracker = Tracker("door")
    for k in range(3):
        tracker.update(boxes((0, 0)), 200 * k)
    assert tracker.update(boxes(), 600).tracklets == ()
    assert tracker.update(boxes((4, 0)), 1_800).tracklets[0].track_id == "door-1"


def test_a_gone_face_ends_its_track_once() -> None:
    tracker = Tracker("door", LifeCycle(lost_ms=1_000))
    tracker.update(boxes((0, 0)), 0)
    tracker.update(boxes((0, 0)), 200)
    assert [one.track_id for one in tracker.update(boxes(), 1_300).ended] == ["door-1"]
    assert tracker.update(boxes(), 1_500).ended == ()
    assert tracker.alive == ()


def test_a_face_in_the_same_place_after_a_gap_is_a_new_track() -> None:
    tracker = Tracker("door", LifeCycle(lost_ms=1_000))
    tracker.update(boxes((0, 0)), 0)
    tracker.update(boxes((0, 0)), 200)
    update = tracker.update(boxes((0, 0)), 30_000)
    assert [one.track_id for one in update.ended] == ["door-1"]
    assert update.tracklets[0].track_id == "door-2"


def test_a_replaced_track_goes_on_under_another_id() -> None:
    tracker = Tracker("door")
    tracker.update(boxes((0, 0)), 0)
    old = tracker.update(boxes((10, 0)), 200).tracklets[0]
    fresh = tracker.replace(old, 200)
    assert old.state is TrackletState.ENDED
    assert (fresh.state, fresh.track_id, fresh.first_seen_ms) == (TrackletState.CONFIRMED, "door-2", 200)
    assert tracker.update(boxes((20, 0)), 400).tracklets[0] is fresh


def test_end_all() -> None:
    tracker = Tracker("door")
    tracker.update(boxes((0, 0), (200, 0)), 0)
    assert {one.track_id for one in tracker.end_all()} == {"door-1", "door-2"}
    assert tracker.alive == ()


class AnyFrames(RuleBasedStateMachine):
    """Faces come and go, time stands still, jumps and even turns back."""

    def __init__(self) -> None:
        super().__init__()
        self.tracker = Tracker("x")
        self.now_ms = 10_000
        self.ended: set[str] = set()
        self.seen: set[str] = set()

    @rule(
        places=st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), max_size=4),
        step_ms=st.sampled_from([0, 1, 200, 200, 200, 900, 5_000, -100]),
    )
    def frame(self, places: list[tuple[float, float]], step_ms: int) -> None:
        self.now_ms += step_ms
        update = self.tracker.update(boxes(*places), self.now_ms)
        ids = [one.track_id for one in update.tracklets]
        assert len(ids) == len(places) == len(set(ids))
        assert not set(ids) & self.ended
        for box, tracklet in zip(boxes(*places), update.tracklets, strict=True):
            assert np.array_equal(tracklet.box, box)
        gone = {one.track_id for one in update.ended}
        assert not gone & self.ended
        self.ended |= gone
        self.seen |= set(ids)

    @rule()
    def stop(self) -> None:
        self.ended |= {one.track_id for one in self.tracker.end_all()}

    @invariant()
    def every_track_is_alive_or_ended(self) -> None:
        alive = {one.track_id for one in self.tracker.alive}
        assert alive | self.ended == self.seen
        assert not alive & self.ended
        assert all(one.state is not TrackletState.ENDED for one in self.tracker.alive)
        assert all(np.isfinite(one.expected(self.now_ms + 200)).all() for one in self.tracker.alive)


TestAnyFrames = AnyFrames.TestCase
TestAnyFrames.settings = settings(max_examples=40, stateful_step_count=30)
