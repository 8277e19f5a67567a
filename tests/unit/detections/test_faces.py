"""Faces: parallel arrays, checked at birth."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.detections.faces import Faces


def faces(count: int) -> Faces:
    return Faces(
        np.arange(count * 4, dtype=np.float32).reshape(count, 4),
        np.linspace(0.9, 0.5, count, dtype=np.float32),
        np.arange(count * 10, dtype=np.float32).reshape(count, 5, 2),
    )


def test_no_faces() -> None:
    assert len(Faces.none()) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_arrays_are_read_only(count: int) -> None:
    some = faces(count)
    for array in (some.boxes, some.scores, some.landmarks):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_disagreeing_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="landmarks"):
        Faces(np.zeros((2, 4), np.float32), np.zeros(2, np.float32), np.zeros((1, 5, 2), np.float32))


def test_other_types_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        Faces(np.zeros((1, 4)), np.zeros(1, np.float32), np.zeros((1, 5, 2), np.float32))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Faces(np.zeros((1, 4), np.float32), np.full(1, wrong, np.float32), np.zeros((1, 5, 2), np.float32))


def test_take_moved_and_scaled() -> None:
    three = faces(3)
    picked = three.take([2, 0])
    assert picked.boxes.tolist() == [three.boxes[2].tolist(), three.boxes[0].tolist()]
    moved = picked.moved(10, 100)
    assert (moved.boxes - picked.boxes).tolist() == [[10, 100, 10, 100]] * 2
    assert (moved.landmarks - picked.landmarks)[0].tolist() == [[10, 100]] * 5
    assert np.array_equal(picked.scaled(2).boxes, picked.boxes * 2)
    assert np.array_equal(picked.scaled(2).scores, picked.scores)
