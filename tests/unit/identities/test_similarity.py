"""The map from distance to similarity."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.identities.similarity import Similarity

MAP = Similarity(threshold=0.5, steepness=15)


def test_half_at_the_threshold() -> None:
    assert MAP(0.5) == 0.5


def test_it_spans_the_scale() -> None:
    assert MAP(0.0) > 0.99
    assert MAP(1.0) < 0.01
    assert MAP(math.inf) < 1e-9


@given(st.floats(0, 3), st.floats(0, 3))
def test_nearer_is_never_less_similar(a: float, b: float) -> None:
    assert 0 < MAP(max(a, b)) <= MAP(min(a, b)) < 1


@given(st.floats(0.001, 0.999))
def test_distance_is_the_inverse(similarity: float) -> None:
    assert MAP(MAP.distance(similarity)) == pytest.approx(similarity)
