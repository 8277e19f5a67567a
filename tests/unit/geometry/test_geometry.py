"""Arithmetic on boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sightline import geometry
from sightline.geometry import Boxes


def boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, 4)


corners = arrays(np.float32, st.tuples(st.integers(0, 6), st.just(4)), elements=st.floats(-500, 500, width=32))


@st.composite
def some_boxes(draw: st.DrawFn) -> Boxes:
    raw = draw(corners)
    return np.concatenate([np.minimum(raw[:, :2], raw[:, 2:]), np.maximum(raw[:, :2], raw[:, 2:])], axis=1)


def test_areas_and_centres() -> None:
    two = boxes((0, 0, 4, 3), (5, 5, 4, 9))
    assert geometry.areas(two).tolist() == [12.0, 0.0]
    assert geometry.centres(two[:1]).tolist() == [[2.0, 1.5]]


def test_iou_of_halves() -> None:
    assert geometry.iou(boxes((0, 0, 10, 10)), boxes((5, 0, 15, 10), (20, 0, 30, 10))).tolist() == [
        [pytest.approx(1 / 3), 0.0]
    ]


def test_a_box_inside_another_has_full_intersection_over_minimum() -> None:
    outer, inner = boxes((0, 0, 10, 10)), boxes((2, 2, 4, 4))
    assert geometry.intersection_over_minimum(outer, inner)[0, 0] == pytest.approx(1.0)
    assert geometry.iou(outer, inner)[0, 0] == pytest.approx(0.04)


def test_clip_empties_a_box_outside() -> None:
    clipped = geometry.clip(boxes((-5, 2, 5, 20), (100, 100, 120, 120)), 10, 10)
    assert clipped.tolist() == [[0, 2, 5, 10], [10, 10, 10, 10]]
    assert geometry.areas(clipped)[1] == 0


def test_expand_scale_and_square() -> None:
    box = boxes((10, 10, 20, 30))
    assert geometry.expand(box, 0.5).tolist() == [[7.5, 5, 22.5, 35]]
    assert geometry.scale(box, 0.5).tolist() == [[5, 5, 10, 15]]
    assert geometry.square(box).tolist() == [[5, 10, 25, 30]]
    assert geometry.square(box, 1.0).tolist() == [[-5, 0, 35, 40]]


@given(some_boxes(), some_boxes())
def test_overlaps_are_shares_and_symmetric(a: Boxes, b: Boxes) -> None:
    overlap = geometry.iou(a, b)
    assert overlap.shape == (len(a), len(b))
    assert (overlap >= 0).all()
    assert (overlap <= 1.001).all()
    assert np.allclose(overlap, geometry.iou(b, a).T)
    assert (geometry.intersection_over_minimum(a, b) >= overlap - 1e-5).all()


@given(some_boxes(), st.integers(1, 300), st.integers(1, 300))
def test_a_pixel_window_always_holds_a_pixel_of_the_picture(some: Boxes, width: int, height: int) -> None:
    picture = np.zeros((height, width), np.uint8)
    for box in some:
        window = geometry.pixel_window(box, width, height)
        assert picture[window].size >= 1
        assert 0 <= window[0].start < window[0].stop <= height
        assert 0 <= window[1].start < window[1].stop <= width


def test_a_pixel_window_covers_every_pixel_that_the_box_touches() -> None:
    window = geometry.pixel_window(np.array([1.2, 2.8, 4.1, 5.0], np.float32), 100, 100)
    assert window == (slice(2, 5), slice(1, 5))
