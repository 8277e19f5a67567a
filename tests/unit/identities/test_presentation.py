"""Bona fide or attack, over a track."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.identities.presentation import LivenessSample, Presentation, PresentationRules, PresentationState

UNDECIDED, BONA_FIDE, ATTACK = PresentationState.UNDECIDED, PresentationState.BONA_FIDE, PresentationState.ATTACK


def judged(*scores: float, quality: float = 0.8) -> Presentation:
    presentation = Presentation()
    for number, score in enumerate(scores):
        presentation.add(LivenessSample(number, 200 * number, score, quality))
    return presentation


def test_nothing_is_known_at_first() -> None:
    presentation = Presentation()
    assert (presentation.state, presentation.score) == (UNDECIDED, None)


def test_a_living_face_is_bona_fide_after_two_samples() -> None:
    assert judged(0.99).state is UNDECIDED
    assert judged(0.99, 0.97).state is BONA_FIDE


def test_a_print_is_an_attack_after_three_and_a_screen_after_a_few_more() -> None:
    assert judged(0.06, 0.06).state is UNDECIDED
    assert judged(0.06, 0.06, 0.06).state is ATTACK
    assert judged(*[0.24] * 4).state is ATTACK


def test_a_hand_before_a_living_face_does_not_make_it_an_attack() -> None:
    assert judged(0.95, 0.9, 0.97, 0.1, 0.05, 0.9, 0.95).state is BONA_FIDE


def test_what_is_shown_may_change() -> None:
    presentation = judged(*[0.99] * 50)
    for number in range(6):
        presentation.add(LivenessSample(50 + number, 0, 0.03, 0.8))
    assert presentation.state is ATTACK


def test_poor_samples_weigh_less() -> None:
    assert judged(0.99, 0.99, quality=0.2).state is UNDECIDED
    assert judged(*[0.99] * 5, quality=0.2).state is BONA_FIDE


def test_scores_that_say_nothing_never_decide() -> None:
    assert judged(*[0.5] * 100).state is UNDECIDED


def test_the_score_is_the_weighted_mean() -> None:
    presentation = Presentation()
    presentation.add(LivenessSample(0, 0, 1.0, 0.9))
    presentation.add(LivenessSample(1, 0, 0.0, 0.3))
    assert presentation.score == pytest.approx(0.75)


@pytest.mark.parametrize(("score", "quality"), [(1.1, 0.5), (-0.1, 0.5), (float("nan"), 0.5), (0.5, 0.0), (0.5, 1.5)])
def test_numbers_out_of_range_are_refused(score: float, quality: float) -> None:
    with pytest.raises(ValueError, match="liveness"):
        judged(score, quality=quality)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=60))
def test_to_change_sides_takes_three_samples(samples: list[tuple[float, float]]) -> None:
    presentation, rules = Presentation(), PresentationRules()
    sure_at = {BONA_FIDE: -9, ATTACK: -9}
    for number, (score, quality) in enumerate(samples):
        before = presentation.state
        state = presentation.add(LivenessSample(number, number, score, quality))
        assert abs(presentation.evidence) <= rules.bound
        if state is not before and before is not UNDECIDED:
            assert number - sure_at[before] >= 3
        if presentation.evidence >= rules.bona_fide:
            sure_at[BONA_FIDE] = number
        if presentation.evidence <= -rules.attack:
            sure_at[ATTACK] = number
    assert 0 <= (presentation.score or 0) <= 1


def test_one_sample_cannot_decide_alone() -> None:
    rules = PresentationRules()
    assert judged(0.0, quality=1.0).state is UNDECIDED
    assert rules.sample_limit < rules.attack
