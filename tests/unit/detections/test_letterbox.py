"""Fitting pictures to a network's input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.detections.letterbox import Letterbox


def test_a_large_picture_is_shrunk_and_padded() -> None:
    box = Letterbox.fit(1280, 720, longest_side=640, multiple=32)
    assert (box.scale, box.inner, box.outer) == (0.5, (640, 360), (640, 384))
    fitted = box.apply(np.full((720, 1280, 3), 200, np.uint8))
    assert fitted.shape == (384, 640, 3)
    assert (fitted[:360] == 200).all()
    assert (fitted[360:] == 0).all()


def test_a_small_picture_is_never_enlarged() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    box = Letterbox.fit(96, 64, longest_side=640, multiple=32)
    assert box.scale == 1.0
    assert np.array_equal(box.apply(picture), picture)


def test_a_crop_with_strides_becomes_contiguous() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)[10:74, 20:116]
    assert Letterbox.at_scale(96, 64, scale=1.0, multiple=32).apply(picture).flags.c_contiguous


@pytest.mark.parametrize("scale", [0.25, 0.75])
def test_shrinking_keeps_the_mean(scale: float) -> None:
    rows = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    picture = np.repeat(rows[:, :, None], 3, axis=2)
    box = Letterbox.at_scale(256, 256, scale=scale, multiple=1)
    assert abs(float(box.apply(picture).mean()) - float(picture.mean())) < 1.0


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(32, 1024), st.sampled_from([1, 16, 32]))
def test_sides_are_multiples_and_at_most_one_step_too_long(
    width: int, height: int, longest_side: int, multiple: int
) -> None:
    box = Letterbox.fit(width, height, longest_side=longest_side, multiple=multiple)
    for inner, outer in zip(box.inner, box.outer, strict=True):
        assert outer % multiple == 0
        assert 1 <= inner <= outer < inner + multiple
    assert max(box.inner) <= max(longest_side, 1)


def test_a_fixed_input_is_filled_up_and_never_overrun() -> None:
    wide = Letterbox.within(1280, 300, outer=(640, 640), fill=114)
    assert (wide.scale, wide.inner, wide.outer) == (0.5, (640, 150), (640, 640))
    assert (wide.apply(np.zeros((300, 1280, 3), np.uint8))[150:] == 114).all()
    assert Letterbox.within(96, 96, outer=(640, 640)).inner == (96, 96)
    assert Letterbox.within(100, 100, outer=(640, 640), scale=0.25).inner == (25, 25)
