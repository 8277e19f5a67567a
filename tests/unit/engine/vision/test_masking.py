"""Privacy masks."""

from __future__ import annotations

import numpy as np

from sightline.engine.vision.masking import masked

PICTURE = np.full((48, 64, 3), 200, np.uint8)
TOP_LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))


def test_without_masks_the_picture_is_the_same_one() -> None:
    assert masked(PICTURE, ()) is PICTURE


def test_what_is_under_a_mask_is_black_and_the_rest_as_it_was() -> None:
    covered = masked(PICTURE, (TOP_LEFT,))
    assert not covered[:24, :32].any()
    assert (covered[26:] == 200).all()
    assert (covered[:, 34:] == 200).all()
    assert (PICTURE == 200).all()


def test_a_mask_over_everything_leaves_nothing() -> None:
    everything = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert not masked(PICTURE, (everything,)).any()


def test_several_masks() -> None:
    other = tuple((x + 0.5, y + 0.5) for x, y in TOP_LEFT)
    covered = masked(PICTURE, (TOP_LEFT, other))
    assert not covered[:24, :32].any()
    assert not covered[24:, 32:].any()
    assert (covered[:22, 34:] == 200).all()
