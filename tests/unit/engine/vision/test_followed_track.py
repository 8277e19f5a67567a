"""What is remembered of a track beside its path."""

from __future__ import annotations

import numpy as np

from sightline.engine.vision.analysis import FaceSample
from sightline.engine.vision.followed_track import FollowedTrack
from sightline.frames import Frame
from sightline.identities.alignment import DLIB_TEMPLATE, align
from sightline.identities.consensus import Consensus, ConsensusRules, Sample
from sightline.identities.quality import Quality
from sightline.identities.quality_reason import QualityReason
from sightline.tracks.best_shots import SamplingRules
from sightline.tracks.tracklet import Tracklet

RULES = SamplingRules()
MIN_WIDTH_PX = 32.0


def followed() -> FollowedTrack:
    return FollowedTrack(Consensus(ConsensusRules()))


def tracklet(width: float) -> Tracklet:
    return Tracklet.born("t", np.array([10, 10, 10 + width, 60], np.float32), 0)


def frame(number: int, level: int = 100) -> Frame:
    return Frame("door", number, 200 * number, np.full((120, 160, 3), level, np.uint8))


def sample(score: float, *reasons: QualityReason) -> FaceSample:
    image, landmarks = frame(0).image, DLIB_TEMPLATE.points
    chip = align(image, landmarks, DLIB_TEMPLATE)
    return FaceSample(np.array([10, 10, 60, 60], np.float32), 0.9, landmarks, chip, Quality(score, reasons))


def test_a_face_too_narrow_to_embed_is_looked_at_until_it_is_known_to_be_one() -> None:
    track, narrow = followed(), tracklet(MIN_WIDTH_PX - 5)
    assert track.wants_sample(narrow, 0, RULES, min_width_px=MIN_WIDTH_PX)
    track.saw(sample(0.1, QualityReason.TOO_SMALL), narrow, frame(0).image, frame(0).captured_at_ms)
    assert track.verified
    assert not track.wants_sample(narrow, 10_000, RULES, min_width_px=MIN_WIDTH_PX)


def test_where_nothing_was_there_is_looked_again_a_little_later() -> None:
    track, wide = followed(), tracklet(60)
    track.nothing_there(wide, 0)
    assert not track.verified
    assert not track.wants_sample(wide, RULES.poor_ms - 1, RULES, min_width_px=MIN_WIDTH_PX)
    assert track.wants_sample(wide, RULES.poor_ms, RULES, min_width_px=MIN_WIDTH_PX)


def test_the_best_sample_is_the_probe_and_the_newest_gives_the_quality() -> None:
    track, wide = followed(), tracklet(60)
    track.saw(sample(0.4), wide, frame(1, level=40).image, frame(1, level=40).captured_at_ms)
    track.saw(sample(0.9), wide, frame(2, level=90).image, frame(2, level=90).captured_at_ms)
    track.saw(sample(0.5), wide, frame(3, level=50).image, frame(3, level=50).captured_at_ms)
    assert track.probe is not None
    assert track.probe.mean() == 90
    assert track.quality.score == 0.5


def test_the_trace_is_bounded_and_keeps_the_newest() -> None:
    track = followed()
    for number in range(40):
        track.note(frame(number), Quality(0.5, (QualityReason.BLURRED,)), "anna", 0.7)
    assert 1 < len(track.trace) < 40
    newest = track.trace[-1]
    assert (newest.frame_id, newest.timestamp, newest.person_id, newest.similarity) == (39, 7_800, "anna", 0.7)
    assert newest.reasons == ["blurred"]


def test_only_a_track_with_samples_can_be_doubted() -> None:
    track, wide = followed(), tracklet(60)
    track.saw(sample(0.9), wide, frame(1).image, frame(1).captured_at_ms)
    track.doubt()
    assert not track.doubted
    track.consensus.add(Sample(1, 200, 0.9, np.ones(3, np.float32)), None)
    track.doubt()
    assert track.doubted
    assert track.wants_sample(wide, 200, RULES, min_width_px=MIN_WIDTH_PX)
