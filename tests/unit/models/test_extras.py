"""The small extras and YuNet on real weights, where the folder of assets has them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sightline.detections.classes import OUR_NAMES, parse_classes
from sightline.frames import Image
from sightline.models.files import Runtime
from sightline.models.loading import load_face_detector, load_liveness, load_object_detector
from sightline.models.manifest import FASTESTDET, MINIFASNET_V1SE, MINIFASNET_V2, YUNET
from sightline.models.store import ModelStore


@pytest.fixture(scope="module")
def store(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    store = ModelStore(tmp_path_factory.mktemp("models"), mirror=assets / "models")
    store.pull([FASTESTDET, MINIFASNET_V2, MINIFASNET_V1SE, YUNET])
    return store


def picture(assets: Path, name: str) -> Image:
    return np.asarray(cv2.imread(str(assets / "images" / name)), np.uint8)


@pytest.mark.parametrize(
    ("name", "persons"),
    [
        ("groups/frisbee_four.jpg", 4),
        ("none/person_from_behind.jpg", 1),
        ("none/empty_room.jpg", 0),
        ("none/bottle.jpg", 0),
    ],
)
def test_fastestdet_counts_persons(store: ModelStore, assets: Path, name: str, persons: int) -> None:
    detector = load_object_detector(store, FASTESTDET.name, Runtime(), parse_classes(OUR_NAMES))
    found = detector.detect(picture(assets, name))
    assert found.labels.count("person") == persons
    assert list(found.scores) == sorted(found.scores, reverse=True)


@pytest.mark.parametrize(
    ("name", "faces"), [("groups/two_people.jpg", 2), ("groups/frisbee_four.jpg", 4), ("none/empty_room.jpg", 0)]
)
def test_yunet_counts_faces(store: ModelStore, assets: Path, name: str, faces: int) -> None:
    assert len(load_face_detector(store, YUNET.name, Runtime()).detect(picture(assets, name))) == faces


@pytest.mark.parametrize("file", ["face_detection_yunet_2023mar.onnx", "yunet_s_dynamic.onnx"])
def test_yunet_of_fixed_and_of_free_size_find_the_same(store: ModelStore, assets: Path, file: str) -> None:
    ours = load_face_detector(store, YUNET.name, Runtime()).detect(picture(assets, "groups/frisbee_four.jpg"))
    theirs = load_face_detector(store, str(assets / "models" / file), Runtime())
    assert np.allclose(theirs.detect(picture(assets, "groups/frisbee_four.jpg")).boxes, ours.boxes, atol=1e-3)


def test_liveness_of_a_person_a_print_and_a_screen(store: ModelStore, assets: Path) -> None:
    detector = load_face_detector(store, YUNET.name, Runtime())
    scorer = load_liveness(store, (MINIFASNET_V2.name, MINIFASNET_V1SE.name), Runtime())
    scores = {}
    for name in ("live_T1", "attack_F1", "attack_F2"):
        image = picture(assets, f"spoof/{name}.jpg")
        (scores[name],) = scorer.score(image, detector.detect(image).boxes)
    assert scores["live_T1"] > 0.9
    assert max(scores["attack_F1"], scores["attack_F2"]) < 0.4


def test_liveness_at_the_edge_of_the_picture(store: ModelStore) -> None:
    scorer = load_liveness(store, (MINIFASNET_V2.name, MINIFASNET_V1SE.name), Runtime())
    boxes = np.array([[-20, -20, 30, 40], [70, 50, 130, 120], [40, 40, 40, 40], [0, 0, 100, 80]], np.float32)
    scores = scorer.score(np.full((80, 100, 3), 128, np.uint8), boxes)
    assert scores.shape == (4,)
    assert ((scores >= 0) & (scores <= 1)).all()
