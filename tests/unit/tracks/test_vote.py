"""Votes over time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.tracks.vote import Look, TemporalVote, VoteRules

RULES = VoteRules(needed=4, window=6, min_score=0.5)


def voted(*scores: float) -> TemporalVote:
    vote = TemporalVote(RULES)
    for number, score in enumerate(scores):
        vote.look(Look(number, 500 * number, score))
    return vote


def test_four_of_six_pass() -> None:
    assert voted(0.6, 0.0, 0.7, 0.9, 0.4, 0.5).passed
    assert not voted(0.6, 0.0, 0.7, 0.9, 0.4, 0.49).passed


def test_hits_that_are_too_far_apart_do_not_pass() -> None:
    assert not voted(*[0.9, 0.0] * 12).passed


def test_once_passed_it_stays_so() -> None:
    vote = voted(0.9, 0.9, 0.9, 0.9, *[0.0] * 10)
    assert (vote.passed, vote.hits, len(vote.looks)) == (True, 0, 6)


@pytest.mark.parametrize(("needed", "window"), [(0, 3), (4, 3)])
def test_rules_that_cannot_be(needed: int, window: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        VoteRules(needed=needed, window=window, min_score=0.5)


@given(st.lists(st.booleans(), max_size=40))
def test_it_passes_exactly_when_some_window_has_enough(hits: list[bool]) -> None:
    vote = voted(*(0.9 if hit else 0.1 for hit in hits))
    enough = any(sum(hits[max(0, end - 6) : end]) >= 4 for end in range(1, len(hits) + 1))
    assert vote.passed is enough
