"""Pictures turned by setting."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.engine.vision.turning import turned

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def test_a_picture_that_hangs_upright_is_the_same_one() -> None:
    assert turned(PICTURE, 0) is PICTURE


@pytest.mark.parametrize(("degrees", "top_left_goes_to"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_pictures_are_turned_clockwise(degrees: int, top_left_goes_to: tuple[int, int]) -> None:
    image = turned(PICTURE, degrees)
    assert image.shape == ((2, 3, 3) if degrees == 180 else (3, 2, 3))
    assert (image[top_left_goes_to] == PICTURE[0, 0]).all()
    assert (turned(image, 360 - degrees) == PICTURE).all()
