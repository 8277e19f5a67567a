"""Strangers and how long they are remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sightline.identities.strangers import Strangers


def face(number: int) -> np.ndarray:
    """Templates one apart from each other."""
    vector = np.zeros(64, np.float32)
    vector[number] = 0.7071
    return vector


def test_the_same_face_is_the_same_stranger() -> None:
    strangers = Strangers(max_distance=0.5)
    first = strangers.recognise(face(1), "door-1", 0)
    assert first == "stranger-door-1"
    assert strangers.recognise(face(1) * 0.9, "door-7", 60_000) == first
    assert strangers.recognise(face(2), "door-8", 60_000) == "stranger-door-8"
    assert len(strangers) == 2


def test_a_stranger_is_forgotten_after_a_while_counted_from_the_last_sight() -> None:
    strangers = Strangers(max_distance=0.5, memory_ms=1_000)
    strangers.recognise(face(1), "a", 0)
    assert strangers.recognise(face(1), "b", 900) == "stranger-a"
    assert strangers.recognise(face(1), "c", 1_900) == "stranger-a"
    assert strangers.recognise(face(1), "d", 2_901) == "stranger-d"


def test_memory_is_bounded_and_the_longest_unseen_goes_first() -> None:
    strangers = Strangers(max_distance=0.5, capacity=3)
    for number in range(3):
        strangers.recognise(face(number), f"t{number}", number)
    strangers.recognise(face(0), "again", 10)
    strangers.recognise(face(3), "t3", 11)
    assert len(strangers) == 3
    assert strangers.recognise(face(0), "x", 12) == "stranger-t0"
    assert strangers.recognise(face(1), "y", 13) == "stranger-y"


def test_a_slowly_changing_face_is_followed() -> None:
    strangers = Strangers(max_distance=0.5)
    start, goal = face(1), face(1) + 0.9 * face(2)
    names = {
        strangers.recognise((start + (goal - start) * step / 20).astype(np.float32), f"t{step}", step)
        for step in range(21)
    }
    assert names == {"stranger-t0"}


def test_several_threads_break_nothing() -> None:
    strangers = Strangers(max_distance=0.5, capacity=16)
    with ThreadPoolExecutor(4) as pool:
        named = list(pool.map(lambda k: strangers.recognise(face(k % 16), f"t{k}", k), range(400)))
    assert all(name.startswith("stranger-t") for name in named)
    assert len(strangers) <= 16
