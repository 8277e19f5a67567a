"""Aligning faces to a template."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.frames import Image
from sightline.identities.alignment import DLIB_TEMPLATE, AlignmentTemplate, align, similarity_transform

POINTS = DLIB_TEMPLATE.points


def placed(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    """The template's points turned, scaled about their origin and moved."""
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (POINTS @ turn.T * scale + (x, y)).astype(np.float32)


def blobs(width: int, height: int, points: np.ndarray, radius: float) -> Image:
    """A picture with a bright spot at each point."""
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.zeros((height, width), np.float64)
    for x, y in points:
        picture += 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@given(st.floats(-3, 3), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_the_transform_undoes_any_turn_scale_and_shift(angle: float, scale: float, x: float, y: float) -> None:
    source = placed(angle, scale, x, y)
    matrix = similarity_transform(source, POINTS)
    assert np.allclose(source @ matrix[:, :2].T + matrix[:, 2], POINTS, atol=0.05 + 0.002 / scale)


def test_it_never_mirrors() -> None:
    matrix = similarity_transform((POINTS * (-1, 1)).astype(np.float32), POINTS)
    assert np.linalg.det(matrix[:, :2]) >= 0


def test_it_is_the_least_squares_answer() -> None:
    rng = np.random.default_rng(3)
    source = (placed(0.3, 2.0, 10, 20) + rng.normal(0, 3, (5, 2))).astype(np.float32)
    best, _ = cv2.estimateAffinePartial2D(source, POINTS, method=cv2.LMEDS)

    def error(matrix: np.ndarray) -> float:
        return float(((source @ matrix[:, :2].T + matrix[:, 2] - POINTS) ** 2).sum())

    found = similarity_transform(source, POINTS)
    assert error(found) <= error(best) + 1e-3
    for change in (0.01, -0.01):
        assert error(found) < error(found + np.array([[change, 0, 0], [0, change, 0]]))


def test_points_in_one_place_give_a_black_chip_instead_of_an_error() -> None:
    chip = align(np.full((50, 50, 3), 255, np.uint8), np.full((5, 2), 20, np.float32), DLIB_TEMPLATE)
    assert chip.image.shape == (150, 150, 3)
    assert chip.visible_share((50, 50)) == 0.0


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_landmarks_lie_where_the_template_has_them(scale: float, angle: float) -> None:
    size = int(220 * scale) + 60
    points = placed(angle, scale, size * 0.25, 30)
    picture = blobs(size, size, points, radius=4 * scale)
    grey = align(picture, points, DLIB_TEMPLATE).image[:, :, 0].astype(np.float64)
    rows, columns = np.mgrid[0:150, 0:150]
    for x, y in POINTS:
        near = grey * ((columns - x) ** 2 + (rows - y) ** 2 < 12**2)
        assert (near * columns).sum() / near.sum() == pytest.approx(x, abs=0.5)
        assert (near * rows).sum() / near.sum() == pytest.approx(y, abs=0.5)


def test_shrinking_averages_instead_of_skipping_pixels() -> None:
    checks = (np.indices((1200, 1200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    chip = align(np.repeat(checks[:, :, None], 3, axis=2), placed(0, 7.3, 40, 40), DLIB_TEMPLATE).image
    inner = chip[20:130, 20:130]
    assert abs(float(inner.mean()) - 127.5) < 5
    assert float(inner.std()) < 12


def test_the_visible_share() -> None:
    template = AlignmentTemplate(POINTS, 150)
    picture = np.full((300, 300, 3), 200, np.uint8)
    inside = align(picture, placed(0, 1, 75, 75), template)
    half = align(picture, placed(0, 1, -75, 75), template)
    outside = align(picture, placed(0, 1, 1000, 75), template)
    assert inside.visible_share((300, 300)) == 1.0
    assert half.visible_share((300, 300)) == pytest.approx(0.5, abs=0.04)
    assert outside.visible_share((300, 300)) == 0.0
    assert outside.image.max() == 0
