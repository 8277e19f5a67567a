"""The motion gate."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.detections.motion import Change, MotionGate
from sightline.frames import Image


def scene(seed: int, width: int = 640, height: int = 360) -> Image:
    """A coarse random pattern, as different from that of another seed as two rooms are."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 235, (height // 40, width // 40, 3), dtype=np.uint8)
    return coarse.repeat(40, axis=0).repeat(40, axis=1)


def noisy(image: Image, seed: int, levels: float = 4.0) -> Image:
    rng = np.random.default_rng(seed)
    return np.clip(image + rng.normal(0, levels, image.shape), 0, 255).astype(np.uint8)


def with_block(image: Image, x: int, y: int, side: int = 40, level: int = 128) -> Image:
    changed = image.copy()
    changed[y : y + side, x : x + side] = level
    return changed


def test_all_of_the_first_frame_moved() -> None:
    motion = MotionGate().look(scene(1))
    assert motion.region is not None
    assert motion.region.tolist() == [0, 0, 640, 360]
    assert motion.change is Change.STEADY


def test_noise_is_no_motion() -> None:
    gate = MotionGate()
    gate.look(noisy(scene(1), 0))
    assert all(gate.look(noisy(scene(1), seed)).region is None for seed in range(1, 10))


@pytest.mark.parametrize(("width", "height"), [(640, 360), (640, 480), (1280, 720), (1920, 1080)])
def test_the_region_covers_what_moved_and_little_else(width: int, height: int) -> None:
    gate = MotionGate()
    still = np.full((height, width, 3), 90, np.uint8)
    gate.look(still)
    side = width // 16
    motion = gate.look(with_block(still, width // 2, height // 2, side=side, level=160))
    assert motion.region is not None
    left, top, right, bottom = motion.region
    slack = 3 * width / 160
    assert width / 2 - slack <= left <= width / 2 + slack
    assert height / 2 - slack <= top <= height / 2 + slack
    assert width / 2 + side - slack <= right <= width / 2 + side + slack
    assert height / 2 + side - slack <= bottom <= height / 2 + side + slack
    assert motion.change is Change.STEADY


def test_single_specks_are_no_motion() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    specked = scene(1)
    for x in range(20, 620, 40):
        specked[180:184, x : x + 4] = 255 - specked[180:184, x : x + 4]
    assert gate.look(specked).region is None


def test_what_has_moved_and_stays_moves_no_more() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    changed = with_block(scene(1), 200, 100)
    assert gate.look(changed).region is not None
    assert gate.look(changed).region is None


def test_slow_changes_add_up() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    fading = [np.clip(scene(1).astype(int) + step, 0, 255).astype(np.uint8) for step in range(2, 30, 2)]
    moved = [gate.look(frame).region is not None for frame in fading]
    assert not moved[0]
    assert any(moved)


def test_another_scene_is_a_cut_and_its_next_frame_is_none() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    assert gate.look(scene(2)).change is Change.CUT
    assert gate.look(noisy(scene(2), 1)).change is Change.STEADY


def test_half_of_another_scene_is_an_upheaval() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    mixed = scene(1)
    mixed[:, 280:] = scene(2)[:, 280:]
    assert gate.look(mixed).change is Change.UPHEAVAL


def test_somebody_walking_by_changes_no_scene() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    changes = {gate.look(with_block(scene(1), 40 * step, 100, side=140)).change for step in range(10)}
    assert changes == {Change.STEADY}


def test_a_light_switched_on_is_no_cut() -> None:
    gate = MotionGate()
    gate.look(scene(1) // 2)
    motion = gate.look(scene(1))
    assert motion.region is not None
    assert motion.change is Change.STEADY


def test_another_size_counts_as_moved() -> None:
    gate = MotionGate()
    gate.look(scene(1))
    motion = gate.look(scene(1, 640, 480))
    assert motion.region is not None
    assert motion.region.tolist() == [0, 0, 640, 480]
