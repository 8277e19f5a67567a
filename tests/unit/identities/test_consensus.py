"""Identity over a track. Templates are unit vectors along axes; distances between people are set by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sightline.identities.consensus import Consensus, ConsensusRules, Fit, IdentityState, Sample
from sightline.identities.gallery import Gallery, Reference

DIMENSIONS = 16
RULES = ConsensusRules()


def axis(number: int) -> np.ndarray:
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[number] = 0.6  # two axes are 0.85 apart
    return vector


def away(vector: np.ndarray, distance: float, direction: int = 15) -> np.ndarray:
    """A template `distance` from `vector`, in a direction of its own."""
    moved = vector.copy()
    moved[direction] += distance
    return moved


def person(number: int) -> Reference:
    return Reference(f"r{number}", f"p{number}", axis(number))


GALLERY = Gallery.of([person(0), person(1), person(2)], DIMENSIONS)
STRANGER = axis(9)


def add(
    consensus: Consensus, vector: np.ndarray, times: int = 1, *, quality: float = 0.8, gallery: Gallery | None = GALLERY
) -> IdentityState:
    for _ in range(times):
        consensus.add(Sample(0, 0, quality, vector), gallery)
    return consensus.identity.state


def test_a_fresh_track_is_pending() -> None:
    consensus = Consensus(RULES)
    assert consensus.identity.state is IdentityState.PENDING
    assert consensus.template is None
    assert consensus.review(GALLERY).state is IdentityState.PENDING


def test_one_sample_names_nobody_however_near() -> None:
    assert add(Consensus(RULES), axis(0)) is IdentityState.PENDING


def test_very_near_samples_are_quick() -> None:
    consensus = Consensus(RULES)
    assert add(consensus, axis(0), 2) is IdentityState.KNOWN
    assert consensus.identity.person_id == "p0"
    assert consensus.identity.match is not None
    assert consensus.identity.match.reference_id == "r0"


def test_less_near_samples_need_more_votes() -> None:
    consensus = Consensus(RULES)
    near = away(axis(0), (RULES.quick_distance + RULES.known_distance) / 2)
    assert add(consensus, near, RULES.votes - 1) is IdentityState.PENDING
    assert add(consensus, near) is IdentityState.KNOWN


def test_between_known_and_unknown_patience_decides() -> None:
    consensus = Consensus(RULES)
    between = away(axis(0), (RULES.known_distance + RULES.unknown_distance) / 2)
    assert add(consensus, between, RULES.patience_samples - 1) is IdentityState.PENDING
    assert add(consensus, between) is IdentityState.UNKNOWN


def test_a_stranger_is_unknown_after_enough_samples() -> None:
    consensus = Consensus(RULES)
    assert add(consensus, STRANGER, RULES.unknown_samples - 1) is IdentityState.PENDING
    assert add(consensus, STRANGER) is IdentityState.UNKNOWN
    assert consensus.identity.person_id is None
    assert consensus.identity.match is not None  # the nearest person, for information


@pytest.mark.parametrize("gallery", [None, Gallery.empty(DIMENSIONS)])
def test_without_a_gallery_everybody_is_unknown(gallery: Gallery | None) -> None:
    consensus = Consensus(RULES)
    assert add(consensus, axis(0), RULES.unknown_samples, gallery=gallery) is IdentityState.UNKNOWN
    assert consensus.identity.match is None


def test_without_a_margin_nobody_is_named() -> None:
    twins = Gallery.of([person(0), Reference("t", "twin", away(axis(0), 0.03))], DIMENSIONS)
    consensus = Consensus(RULES)
    add(consensus, axis(0), RULES.patience_samples, gallery=twins)
    assert consensus.identity.state is IdentityState.UNKNOWN
    alone = Consensus(RULES)
    assert add(alone, axis(0), 3, gallery=Gallery.of([person(0)], DIMENSIONS)) is IdentityState.KNOWN


def test_a_divided_vote_names_nobody() -> None:
    rules = replace(RULES, other_face_distance=9.0, quick_distance=0.0, known_distance=0.6, vote_distance=0.6)
    consensus = Consensus(rules)
    for _ in range(3):
        add(consensus, axis(0))
        add(consensus, axis(1))
    assert consensus.identity.state is not IdentityState.KNOWN


def test_good_samples_weigh_more_than_poor_ones() -> None:
    consensus = Consensus(RULES)
    add(consensus, away(axis(0), 1.0), 2, quality=0.02)
    add(consensus, axis(0), 3, quality=1.0)
    assert consensus.identity.state is IdentityState.KNOWN


def test_better_samples_turn_unknown_into_known() -> None:
    consensus = Consensus(RULES)
    far = away(axis(0), 0.6)
    assert add(consensus, far, RULES.unknown_samples, quality=0.2) is IdentityState.UNKNOWN
    assert add(consensus, axis(0), 4, quality=1.0) is IdentityState.KNOWN


def test_a_name_survives_poor_samples_but_not_a_window_of_somebody_else() -> None:
    consensus = Consensus(RULES)
    add(consensus, axis(0), 3)
    assert add(consensus, STRANGER, RULES.window // 2) is IdentityState.KNOWN
    assert add(consensus, STRANGER, RULES.window) is IdentityState.UNKNOWN


def test_a_name_gives_way_to_another_that_the_window_holds() -> None:
    consensus = Consensus(RULES)
    add(consensus, axis(0), 3)
    add(consensus, axis(1), RULES.window)
    assert consensus.identity.person_id == "p1"


def test_somebody_enrolled_meanwhile_is_recognised_at_once() -> None:
    consensus = Consensus(RULES)
    add(consensus, STRANGER, RULES.unknown_samples)
    enrolled = GALLERY.updated([Reference("new", "newcomer", STRANGER)])
    assert consensus.review(enrolled).person_id == "newcomer"


def test_somebody_removed_is_named_no_more() -> None:
    consensus = Consensus(RULES)
    add(consensus, axis(0), 3)
    removed = GALLERY.updated([], {"r0"})
    assert consensus.review(removed).person_id is None
    assert consensus.review(None).person_id is None


def test_the_window_keeps_each_sample_with_its_match() -> None:
    consensus = Consensus(RULES)
    add(consensus, axis(0), 2)
    add(consensus, axis(1), RULES.window)
    assert len(consensus.samples) == RULES.window
    assert all(match is not None and match.person_id == "p1" for _, match in consensus.samples)


def test_one_stray_sample_is_no_other_face_but_two_that_agree_are() -> None:
    consensus = Consensus(RULES)
    assert consensus.fit(Sample(0, 0, 1.0, axis(0))) is Fit.SAME
    add(consensus, axis(0), 3)
    stray, other = Sample(1, 1, 1.0, axis(5)), Sample(2, 2, 1.0, axis(6))
    assert consensus.fit(stray) is Fit.STRAY
    assert consensus.fit(Sample(3, 3, 1.0, axis(0))) is Fit.SAME
    assert consensus.fit(stray) is Fit.STRAY
    assert consensus.fit(other) is Fit.STRAY
    assert consensus.fit(other) is Fit.OTHER


def test_where_there_is_doubt_one_sample_is_enough_and_must_be_nearer() -> None:
    consensus = Consensus(RULES)
    add(consensus, axis(0), 3)
    between = Sample(1, 1, 1.0, away(axis(0), (RULES.vote_distance + RULES.other_face_distance) / 2))
    assert consensus.fit(between) is Fit.SAME
    assert consensus.fit(between, doubted=True) is Fit.OTHER
    assert consensus.fit(Sample(2, 2, 1.0, axis(0)), doubted=True) is Fit.SAME


class AnySamples(RuleBasedStateMachine):
    """Samples of several faces in any order, while the gallery changes."""

    def __init__(self) -> None:
        super().__init__()
        self.consensus = Consensus(RULES)
        self.gallery: Gallery | None = GALLERY

    @rule(number=st.integers(0, 5), distance=st.floats(0, 0.7), quality=st.floats(0.01, 1.0))
    def sample(self, number: int, distance: float, quality: float) -> None:
        add(self.consensus, away(axis(number), distance), quality=quality, gallery=self.gallery)

    @rule(numbers=st.sets(st.integers(0, 5)))
    def change_gallery(self, numbers: set[int]) -> None:
        self.gallery = Gallery.of([person(number) for number in sorted(numbers)], DIMENSIONS)
        self.consensus.review(self.gallery)

    @invariant()
    def a_name_is_in_the_gallery_and_was_voted_for(self) -> None:
        identity = self.consensus.identity
        if identity.state is not IdentityState.KNOWN:
            assert identity.person_id is None
            return
        assert self.gallery is not None
        assert identity.person_id in self.gallery
        assert identity.match is not None
        assert identity.match.distance <= RULES.known_distance
        assert identity.match.margin >= RULES.margin

    @invariant()
    def the_window_is_bounded(self) -> None:
        assert len(self.consensus.samples) <= RULES.window


TestAnySamples = AnySamples.TestCase
TestAnySamples.settings = settings(max_examples=60, stateful_step_count=30)
