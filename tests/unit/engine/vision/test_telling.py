"""Facts and observations, in words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sightline.detections.faces import Faces
from sightline.engine.vision.followed_track import FollowedTrack
from sightline.engine.vision.telling import Teller
from sightline.events.fact import Attack, Identified, Unknown
from sightline.events.scene import Liveness
from sightline.frames import Frame
from sightline.identities.consensus import Consensus, ConsensusRules, Sample
from sightline.identities.gallery import Gallery, Reference
from sightline.identities.presentation import LivenessSample
from sightline.identities.similarity import Similarity
from sightline.tracks.tracklet import Tracklet

SIMILARITY = Similarity(0.5, 15)
ANNA = np.array([1, 0, 0], np.float32)
GALLERY = Gallery.of([Reference("r", "anna", ANNA)], 3)
FRAME = Frame("door", 7, 5_000, np.zeros((90, 120, 3), np.uint8))


class Memory:
    """Strangers, all of them called the same, with the times at which they were seen."""

    def __init__(self) -> None:
        self.seen_at_ms: list[int] = []

    def recognise(self, vector: np.ndarray, track_id: str, now_ms: int) -> str:
        self.seen_at_ms.append(now_ms)
        return f"stranger-{track_id}"


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def teller(memory: Memory) -> Teller:
    return Teller("door", "model/1", SIMILARITY, memory)


def tracklet() -> Tracklet:
    return Tracklet.born("door-1", np.array([10, 10, 60, 60], np.float32), 4_000)


def followed(vector: np.ndarray, samples: int, gallery: Gallery | None = GALLERY) -> FollowedTrack:
    track = FollowedTrack(Consensus(ConsensusRules()), verified=True, probe=np.zeros((50, 50, 3), np.uint8))
    for _ in range(samples):
        track.consensus.add(Sample(1, 1, 0.8, vector), gallery)
    return track


def test_an_undecided_track_is_no_news(teller: Teller) -> None:
    assert teller.fact(FRAME, tracklet(), followed(ANNA, 1), 9.0) is None


def test_an_identified_person_is_news_once(teller: Teller, memory: Memory) -> None:
    track = followed(ANNA, 3)
    fact = teller.fact(FRAME, tracklet(), track, 9.0)
    assert fact is not None
    assert isinstance(fact.what, Identified)
    assert (fact.what.person_id, fact.what.reference_id, fact.what.model_id) == ("anna", "r", "model/1")
    assert fact.what.margin == pytest.approx(fact.what.similarity - SIMILARITY(math.inf))
    assert (fact.key, fact.timestamp, fact.frame_id, fact.inference_ms) == ("door-1:anna", 5_000, 7, 9.0)
    assert (fact.width, fact.height) == (120, 90)
    assert teller.fact(FRAME, tracklet(), track, 9.0) is None
    assert memory.seen_at_ms == []


def test_a_stranger_is_news_once_and_goes_on_being_seen(teller: Teller, memory: Memory) -> None:
    track = followed(-ANNA, 5)
    fact = teller.fact(FRAME, tracklet(), track, 9.0)
    assert fact is not None
    assert isinstance(fact.what, Unknown)
    assert (fact.what.subject_id, fact.key) == ("stranger-door-1", "door-1:unknown")
    assert fact.what.nearest_similarity is not None
    assert fact.what.nearest_similarity < 0.01
    assert teller.fact(FRAME, tracklet(), track, 9.0) is None
    teller.seen_again(tracklet(), track, 6_000)
    assert memory.seen_at_ms == [5_000, 6_000]


def test_nobody_is_seen_again_before_they_were_told_of(teller: Teller, memory: Memory) -> None:
    teller.seen_again(tracklet(), followed(-ANNA, 5), 6_000)
    teller.seen_again(tracklet(), followed(ANNA, 3), 6_000)
    assert memory.seen_at_ms == []


def test_a_stranger_who_turns_out_to_be_known_is_news_again(teller: Teller) -> None:
    track = followed(-ANNA, 5)
    assert teller.fact(FRAME, tracklet(), track, 9.0) is not None
    track.consensus.review(GALLERY.updated([Reference("b", "ben", -ANNA)]))
    fact = teller.fact(FRAME, tracklet(), track, 9.0)
    assert fact is not None
    assert isinstance(fact.what, Identified)
    assert fact.what.person_id == "ben"


def test_only_verified_faces_are_shown(teller: Teller) -> None:
    faces = Faces(
        np.array([[10, 10, 60, 60], [70, 10, 110, 50]], np.float32),
        np.array([0.91239, 0.8], np.float32),
        np.zeros((2, 5, 2), np.float32),
    )
    shown, hidden = followed(ANNA, 3), followed(ANNA, 3)
    hidden.verified = False
    (face,) = teller.faces(FRAME, faces, [(tracklet(), shown), (tracklet(), hidden)], Liveness.REPORT)
    assert (face.bbox, face.confidence, face.track_id) == ((10, 10, 60, 60), 0.912, "door-1")
    assert (face.identity, face.person_id) == ("known", "anna")
    assert face.similarity is not None
    assert face.similarity > 0.99
    assert face.live is None


def judged(track: FollowedTrack, *scores: float) -> FollowedTrack:
    for number, score in enumerate(scores):
        track.presentation.add(LivenessSample(number, 1_000 * number, score, 0.8))
    return track


def test_an_attack_is_news_once_and_names_nobody_where_life_is_required(teller: Teller) -> None:
    track = judged(followed(ANNA, 3), 0.05, 0.04, 0.06)
    fact = teller.attack(FRAME, tracklet(), track, 9.0)
    assert fact is not None
    assert isinstance(fact.what, Attack)
    assert (fact.key, fact.what.scores, fact.what.score) == ("door-1:attack", [0.05, 0.04, 0.06], 0.05)
    assert teller.attack(FRAME, tracklet(), track, 9.0) is None
    assert teller.fact(FRAME, tracklet(), track, 9.0, Liveness.REQUIRE) is None
    faces = Faces(np.array([[10, 10, 60, 60]], np.float32), np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
    (face,) = teller.faces(FRAME, faces, [(tracklet(), track)], Liveness.REQUIRE)
    assert (face.identity, face.person_id, face.similarity, face.live) == ("pending", None, None, 0.05)


def test_an_attack_is_named_all_the_same_where_it_is_only_reported(teller: Teller) -> None:
    track = judged(followed(ANNA, 3), 0.05, 0.04, 0.06)
    fact = teller.fact(FRAME, tracklet(), track, 9.0, Liveness.REPORT)
    assert fact is not None
    assert isinstance(fact.what, Identified)
    assert (fact.what.presentation, fact.what.live) == ("attack", 0.05)


def test_a_name_waits_for_a_proof_of_life_but_not_for_ever(teller: Teller) -> None:
    track = judged(followed(ANNA, 3), 0.5)
    for at_ms, told in ((5_000, False), (7_999, False), (8_000, True)):
        fact = teller.fact(replace(FRAME, captured_at_ms=at_ms), tracklet(), track, 9.0, Liveness.REQUIRE)
        assert (fact is not None) is told
    assert track.hurries
    assert fact is not None
    assert isinstance(fact.what, Identified)
    assert fact.what.presentation == "undecided"


def test_a_proof_of_life_lets_the_name_out_at_once(teller: Teller) -> None:
    track = judged(followed(ANNA, 3), 0.5)
    assert teller.fact(FRAME, tracklet(), track, 9.0, Liveness.REQUIRE) is None
    judged(track, 0.97, 0.98)
    assert not track.hurries
    fact = teller.fact(FRAME, tracklet(), track, 9.0, Liveness.REQUIRE)
    assert fact is not None
    assert isinstance(fact.what, Identified)
    assert fact.what.presentation == "bona_fide"


def test_where_nobody_judges_liveness_nothing_waits_for_it(teller: Teller) -> None:
    fact = teller.fact(FRAME, tracklet(), followed(ANNA, 3), 9.0, Liveness.REQUIRE)
    assert fact is not None
    assert isinstance(fact.what, Identified)
    assert (fact.what.presentation, fact.what.live) == ("", None)
