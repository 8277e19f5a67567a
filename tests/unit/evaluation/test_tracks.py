from __future__ import annotations

import pytest

from sightline.evaluation.tracks import SeenTrack, TrackVerdict, judge_tracks, shares
from sightline.evaluation.truth_file import read_truth

TRUTH = read_truth(
    "start_frame,end_frame,person\n0,9,ada\n20,29,bob\n20,29,ada\n40,49,carol\n60,69,ada\n60,69,unknown\n"
)
ENROLLED = frozenset({"ada", "bob"})


def _track(start: int, end: int, *names: str, width: float = 50) -> SeenTrack:
    moments = [(float(frame), (0.0, 0.0, width, width)) for frame in range(start, end + 1)]
    return SeenTrack(f"{start}-{end}", moments, set(names))


@pytest.mark.parametrize(
    ("track", "verdict"),
    [
        (_track(0, 9, "ada"), TrackVerdict.NAMED_RIGHT),
        (_track(0, 9, "bob"), TrackVerdict.NAMED_WRONG),
        (_track(0, 9, "ada", "bob"), TrackVerdict.NAMED_WRONG),
        (_track(0, 9), TrackVerdict.LEFT_UNKNOWN),
        (_track(20, 29, "bob"), TrackVerdict.NAMED_RIGHT),
        (_track(20, 29), TrackVerdict.UNSETTLED),
        (_track(40, 49), TrackVerdict.STRANGER_UNKNOWN),
        (_track(40, 49, "ada"), TrackVerdict.STRANGER_NAMED),
        (_track(60, 69), TrackVerdict.UNSETTLED),
        (_track(60, 69, "ada"), TrackVerdict.NAMED_RIGHT),
        (_track(100, 109), TrackVerdict.STRANGER_UNKNOWN),
        (_track(5, 30, "ada"), TrackVerdict.NAMED_RIGHT),
        (_track(8, 19, "ada"), TrackVerdict.STRANGER_NAMED),
    ],
)
def test_judges_by_who_is_there_for_half_of_the_track(track: SeenTrack, verdict: TrackVerdict) -> None:
    (judged,) = judge_tracks([track], TRUTH, ENROLLED)
    assert judged.verdict is verdict


def test_boxes_tell_people_of_one_moment_apart() -> None:
    truth = read_truth("frame,person,x1,y1,x2,y2\n0,ada,0,0,50,50\n0,bob,200,0,250,50\n")
    left = SeenTrack("left", [(0.0, (2, 2, 52, 52))], {"ada"})
    right = SeenTrack("right", [(0.0, (198, 0, 248, 50))], {"ada"})
    verdicts = [one.verdict for one in judge_tracks([left, right], truth, ENROLLED)]
    assert verdicts == [TrackVerdict.NAMED_RIGHT, TrackVerdict.NAMED_WRONG]


def test_small_faces_do_not_count() -> None:
    assert judge_tracks([_track(0, 9, width=39)], TRUTH, ENROLLED, min_width_px=40) == []
    assert judge_tracks([SeenTrack("never seen")], TRUTH, ENROLLED) == []


def test_shares_are_of_what_the_truth_settles() -> None:
    tracks = [_track(0, 9, "ada"), _track(0, 8), _track(0, 7, "bob"), _track(20, 29), _track(40, 49, "bob")]
    assert shares(judge_tracks(tracks, TRUTH, ENROLLED)) == {
        "tracks": 5,
        "enrolled": 3,
        "named_right": pytest.approx(1 / 3),
        "named_wrong": pytest.approx(1 / 3),
        "left_unknown": pytest.approx(1 / 3),
        "strangers": 1,
        "strangers_named": 1.0,
        "fnir": pytest.approx(2 / 3),
        "fpir": 1.0,
        "unsettled": 1,
    }
