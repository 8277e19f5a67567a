"""Whatever numbers a model gives, a decoder answers with faces or objects that are whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.detections import fastestdet, yolo, yolox, yunet
from sightline.detections.faces import Faces
from sightline.detections.object_rows import MAX_CANDIDATES
from sightline.detections.objects import Objects

SIDE = 64
CELLS = yolox.cells_of(SIDE, SIDE)
LABELS = ("person", "vehicle", "person")


EXTREMES = np.array([0, 1, -1, 100, -100, 1e30, -1e30, 3.4e38, -3.4e38], np.float32)


def numbers(*shape: int) -> st.SearchStrategy[np.ndarray]:
    """Mostly sensible, at times as large as a number can be."""

    def make(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        usual = rng.normal(0.3, 1, shape).astype(np.float32)
        return np.where(rng.random(shape) < rng.choice([0, 0.02, 0.5]), rng.choice(EXTREMES, shape), usual)

    return st.integers(0, 2**32 - 1).map(make)


def check(found: Faces | Objects) -> None:
    assert len(found) <= MAX_CANDIDATES * 3
    assert np.isfinite(found.boxes).all()
    assert list(found.scores) == sorted(found.scores, reverse=True)


@given(numbers(8, 4, 4))
def test_fastestdet(output: np.ndarray) -> None:
    check(fastestdet.decode(output, 640, 480, LABELS, min_score=0.3))


@given(numbers(CELLS, 8))
def test_yolox(rows: np.ndarray) -> None:
    check(yolox.decode(rows, SIDE, SIDE, LABELS, min_score=0.3))


@given(numbers(7, 30))
def test_yolo_v8(columns: np.ndarray) -> None:
    check(yolo.decode_v8(columns, LABELS, min_score=0.3))


@given(numbers(30, 8))
def test_yolo_v5(rows: np.ndarray) -> None:
    check(yolo.decode_v5(rows, LABELS, min_score=0.3))


@given(numbers(30, 6))
def test_yolo_end_to_end(rows: np.ndarray) -> None:
    check(yolo.decode_end_to_end(rows, LABELS, min_score=0.3))


@given(numbers(20, 30))
def test_yolo_faces_v8(columns: np.ndarray) -> None:
    check(yolo.decode_faces_v8(columns, min_score=0.3))


@given(numbers(30, 16))
def test_yolo_faces_v5(rows: np.ndarray) -> None:
    check(yolo.decode_faces_v5(rows, min_score=0.3))


@given(st.tuples(*(numbers((SIDE // cell) ** 2, 16) for cell in yunet.CELLS_PX)))
def test_yunet(grids: tuple[np.ndarray, ...]) -> None:
    outputs = {}
    for cell, rows in zip(yunet.CELLS_PX, grids, strict=True):
        parts = np.split(rows, [1, 2, 6], axis=1)
        outputs |= {f"{kind}_{cell}": part for kind, part in zip(("cls", "obj", "bbox", "kps"), parts, strict=True)}
    check(yunet.decode(outputs, SIDE, SIDE, min_score=0.3))
