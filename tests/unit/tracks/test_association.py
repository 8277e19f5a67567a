"""Pairing faces with tracklets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.tracks.association import MAX_SHIFT, affinity, associate


def boxes(*rows: tuple[float, float, float]) -> np.ndarray:
    """Squares as (x, y, side)."""
    return np.array([(x, y, x + side, y + side) for x, y, side in rows], np.float32).reshape(-1, 4)


def test_the_same_box_fits_best() -> None:
    assert affinity(boxes((10, 10, 40)), boxes((10, 10, 40)))[0, 0] == pytest.approx(2.0)


def test_a_face_too_far_away_is_another() -> None:
    near = boxes((10 + 40 * MAX_SHIFT - 1, 10, 40))
    far = boxes((10 + 40 * MAX_SHIFT + 1, 10, 40))
    assert associate(boxes((10, 10, 40)), near) == [(0, 0)]
    assert associate(boxes((10, 10, 40)), far) == []


def test_a_face_of_another_size_is_another() -> None:
    assert associate(boxes((0, 0, 40)), boxes((-10, -10, 60))) == [(0, 0)]
    assert associate(boxes((0, 0, 40)), boxes((-25, -25, 90))) == []


def test_two_faces_side_by_side_keep_their_places() -> None:
    expected = boxes((0, 0, 40), (45, 0, 40))
    found = boxes((50, 2, 40), (6, 1, 40))
    assert sorted(associate(expected, found)) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(("expected", "found"), [(0, 0), (0, 2), (2, 0)])
def test_nothing_to_pair(expected: int, found: int) -> None:
    square = (0.0, 0.0, 10.0)
    assert associate(boxes(*[square] * expected), boxes(*[square] * found)) == []


squares = st.lists(st.tuples(st.floats(0, 200), st.floats(0, 200), st.floats(0, 80)), max_size=7)


@given(squares, squares)
def test_each_is_paired_at_most_once_and_only_where_possible(
    expected: list[tuple[float, float, float]], found: list[tuple[float, float, float]]
) -> None:
    fit = affinity(boxes(*expected), boxes(*found))
    pairs = associate(boxes(*expected), boxes(*found))
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(fit[row, column] > 0 for row, column in pairs)
    free_rows = set(range(len(expected))) - {row for row, _ in pairs}
    free_columns = set(range(len(found))) - {column for _, column in pairs}
    assert all(fit[row, column] <= 0 for row in free_rows for column in free_columns)
