"""Blurred faces: what is left of them, and what of the rest of the picture."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline import geometry
from sightline.engine.vision.blurring import blurred, wholly_blurred
from sightline.frames import Image

NOISE = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
FACE = np.array([[40, 30, 80, 80]], np.float32)


def window(box: tuple[int, int, int, int] = (30, 17, 90, 93)) -> tuple[slice, slice]:
    """Rows and columns that `FACE` and its margin cover."""
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def test_without_faces_the_picture_is_the_same_one() -> None:
    assert blurred(NOISE, np.empty((0, 4), np.float32)) is NOISE
    assert blurred(NOISE, FACE + np.float32(500)) is NOISE


def test_what_is_not_a_face_stays_bit_for_bit() -> None:
    before = NOISE.copy()
    image = blurred(NOISE, FACE)
    changed = (image != NOISE).any(axis=2)
    inside = np.zeros_like(changed)
    inside[window()] = True
    assert not (changed & ~inside).any()
    assert changed[window()].mean() > 0.95
    assert (before == NOISE).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(0, 4), (-60, 2)]))
def test_faces_with_the_same_averages_look_the_same(seed: int, place: tuple[int, int]) -> None:
    """Nothing leads back: whatever is shuffled within a tile makes no difference. Of a face that the picture cuts in
    two there are half as many tiles.
    """
    shift, across = place
    face = FACE + np.array([shift, 0, shift, 0], np.float32)
    rows, columns = window((max(30 + shift, 0), 17, 90 + shift, 93))
    height, width = (rows.stop - rows.start) // 4, (columns.stop - columns.start) // across
    shuffled, random = NOISE.copy(), np.random.default_rng(seed)
    for top in range(rows.start, rows.stop, height):
        for left in range(columns.start, columns.stop, width):
            part = shuffled[top : top + height, left : left + width]
            part[:] = random.permutation(part.reshape(-1, 3)).reshape(part.shape)
    assert (shuffled[rows, columns] != NOISE[rows, columns]).any()
    assert np.abs(blurred(shuffled, face).astype(int) - blurred(NOISE, face)).max() <= 1


boxes = st.lists(
    st.tuples(*[st.floats(-200, 300, width=32)] * 2, *[st.floats(0, 400, width=32)] * 2), min_size=1, max_size=4
)


@given(boxes)
def test_boxes_anywhere_and_of_any_size(found: list[tuple[float, float, float, float]]) -> None:
    corners = np.array([(x, y, x + width, y + height) for x, y, width, height in found], np.float32)
    image = blurred(NOISE, corners)
    assert image.shape == NOISE.shape
    untouched = np.ones(NOISE.shape[:2], bool)
    for box in geometry.expand(corners, 0.5):
        untouched[geometry.pixel_window(box, 160, 120)] = False
    assert (image[untouched] == NOISE[untouched]).all()


def detail_of(image: Image) -> float:
    return float(np.abs(np.diff(image.astype(int), axis=1)).mean())


def test_a_crop_is_blurred_as_a_whole_however_small() -> None:
    assert detail_of(wholly_blurred(NOISE)) < detail_of(NOISE) / 20
    for height, width in ((1, 1), (2, 9), (3, 3)):
        assert wholly_blurred(NOISE[:height, :width]).shape == (height, width, 3)
