"""Crowd figures: seed 002's levels, and a density that is the share of the picture people cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.crowd import Boxes, CrowdLevel, analyse_crowd, crowd_level, density_score

_WIDTH, _HEIGHT = 64, 48


def boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return rows


@pytest.mark.parametrize(
    ("people", "level"),
    [(0, "empty"), (1, "low"), (2, "low"), (3, "medium"), (5, "medium"), (6, "high"), (10, "high"), (11, "very_high")],
)
def test_level_is_that_of_the_larger_count(people: int, level: str) -> None:
    assert crowd_level(people, 0) == level
    assert crowd_level(0, people) == level
    assert crowd_level(people, people) == level


def test_the_figures_hold_both_counts() -> None:
    figures = analyse_crowd(boxes((0, 0, 4, 4)), boxes((0, 0, 10, 20), (20, 0, 30, 20), (40, 0, 50, 20)), 100, 100)
    assert (figures.face_count, figures.body_count, figures.people) == (1, 3, 3)
    assert figures.crowd_level is CrowdLevel.MEDIUM
    assert figures.density_score == 0.06


def test_an_empty_picture_has_no_density() -> None:
    figures = analyse_crowd(boxes(), boxes(), 640, 480)
    assert (figures.crowd_level, figures.density_score) == (CrowdLevel.EMPTY, 0.0)


def test_what_two_people_cover_counts_once() -> None:
    assert density_score(boxes(), boxes((0, 0, 50, 100), (25, 0, 75, 100)), 100, 100) == 0.75


def test_what_lies_beyond_the_edge_does_not_count() -> None:
    assert density_score(boxes(), boxes((-50, -50, 50, 50), (200, 200, 300, 300)), 100, 100) == 0.25


def test_a_face_of_a_body_adds_nothing_and_another_stands_for_a_body() -> None:
    body = boxes((0, 0, 20, 80))
    assert density_score(boxes((5, 0, 15, 10)), body, 100, 100) == density_score(boxes(), body, 100, 100)
    assert density_score(boxes((55, 0, 65, 10)), body, 100, 100) == 0.16 + 0.3 * 0.7


_box = st.tuples(*(st.integers(-20, 80) for _ in range(4)))


@given(st.lists(_box, max_size=8))
def test_density_is_the_share_of_pixels_covered(found: list[tuple[int, int, int, int]]) -> None:
    picture = np.zeros((_HEIGHT, _WIDTH), bool)
    for left, top, right, bottom in found:
        picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    assert density_score(boxes(), boxes(*found), _WIDTH, _HEIGHT) == pytest.approx(picture.mean(), abs=0.0006)
