from __future__ import annotations

import numpy as np
import pytest

from sightline.detections.objects import Objects


def _two() -> Objects:
    boxes = np.array([[0, 0, 10, 20], [5, 5, 9, 9]], np.float32)
    return Objects(boxes, np.array([0.9, 0.6], np.float32), ("person", "phone"))


def test_takes_in_the_order_asked_for() -> None:
    taken = _two().take([1, 0])
    assert taken.labels == ("phone", "person")
    assert taken.scores.tolist() == pytest.approx([0.6, 0.9])


def test_moves_into_the_picture_around_its_own() -> None:
    assert _two().moved(100, 50).boxes.tolist() == [[100, 50, 110, 70], [105, 55, 109, 59]]


def test_has_no_object_when_empty() -> None:
    assert len(Objects.none()) == 0


def test_refuses_arrays_that_disagree() -> None:
    with pytest.raises(ValueError, match="2 objects"):
        Objects(np.zeros((1, 4), np.float32), np.zeros(2, np.float32), ("person", "phone"))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_numbers_that_are_none(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        Objects(np.array([[0, 0, 1, bad]], np.float32), np.ones(1, np.float32), ("person",))


def test_refuses_other_types_of_number() -> None:
    with pytest.raises(ValueError, match="float32"):
        Objects(np.zeros((1, 4)), np.ones(1, np.float32), ("person",))  # type: ignore[arg-type]
