"""CenterFace on the pictures that come with the models."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sightline.detections.faces import Faces
from sightline.exceptions import ModelError
from sightline.models.centerface import CenterFace
from sightline.models.manifest import ASTRONAUT, CENTERFACE
from sightline.models.store import ModelStore


@pytest.fixture(scope="module")
def store(models_home: Path) -> ModelStore:
    return ModelStore(models_home / "models")


@pytest.fixture(scope="module")
def detector(store: ModelStore) -> CenterFace:
    return CenterFace.load(store)


@pytest.fixture(scope="module")
def portrait(store: ModelStore) -> np.ndarray:
    return np.asarray(cv2.imread(str(store.path(ASTRONAUT))), np.uint8)


def only(faces: Faces) -> np.ndarray:
    (box,) = faces.boxes
    return box


def test_eyes_nose_and_mouth_are_where_they_are(detector: CenterFace, portrait: np.ndarray) -> None:
    faces = detector.detect(portrait)
    left_eye, right_eye, nose, mouth_left, mouth_right = faces.landmarks[0]
    assert np.hypot(*(left_eye - (202, 100))) < 6
    assert np.hypot(*(right_eye - (244, 101))) < 6
    assert left_eye[1] < nose[1] < mouth_left[1]
    assert mouth_left[0] < nose[0] < mouth_right[0]
    assert faces.scores[0] > 0.8


@pytest.mark.parametrize("scale", [0.5, 0.75])
def test_boxes_are_in_pixels_of_the_picture_whatever_the_scale(
    detector: CenterFace, portrait: np.ndarray, scale: float
) -> None:
    assert np.abs(only(detector.detect(portrait, scale=scale)) - only(detector.detect(portrait))).max() < 12


def test_large_pictures_are_shrunk_by_themselves(detector: CenterFace, portrait: np.ndarray) -> None:
    large = np.asarray(cv2.resize(portrait, None, fx=3, fy=3), np.uint8)
    assert np.abs(only(detector.detect(large)) / 3 - only(detector.detect(portrait))).max() < 12


def test_a_part_of_a_picture_will_do(detector: CenterFace, portrait: np.ndarray) -> None:
    part = detector.detect(portrait[50:211, 130:333]).moved(130, 50)
    assert np.abs(only(part) - only(detector.detect(portrait))).max() < 12


@pytest.mark.parametrize("shape", [(1, 1, 3), (33, 7, 3), (64, 64, 3)])
def test_pictures_of_any_size_are_taken(detector: CenterFace, shape: tuple[int, int, int]) -> None:
    assert len(detector.detect(np.full(shape, 128, np.uint8))) == 0


def test_the_least_score_is_obeyed(store: ModelStore, portrait: np.ndarray) -> None:
    assert len(CenterFace.load(store, min_score=0.999).detect(portrait)) == 0


def test_a_damaged_file_does_not_load(store: ModelStore, tmp_path: Path) -> None:
    copy = ModelStore(tmp_path)
    content = bytearray(store.path(CENTERFACE).read_bytes())
    content[len(content) // 2] ^= 1
    copy.path(CENTERFACE).write_bytes(content)
    (tmp_path / f"{CENTERFACE.file}.json").write_bytes((store.folder / f"{CENTERFACE.file}.json").read_bytes())
    with pytest.raises(ModelError, match="damaged"):
        CenterFace.load(copy)
