"""Files of every family, made by others or made for this: told apart by their graphs, loaded, and put to work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sightline.detections import yolox, yunet
from sightline.detections.classes import COCO, OUR_NAMES, parse_classes
from sightline.exceptions import ModelError
from sightline.models.arcface import ArcFace
from sightline.models.family import Family
from sightline.models.files import Runtime, open_model
from sightline.models.loading import load_embedder, load_face_detector, load_liveness, load_object_detector
from sightline.models.manifest import ModelTask
from sightline.models.store import ModelStore
from tests.unit.models.graphs_made import answering, embedder

CELLS = yolox.cells_of(640, 640)
CLASSES = parse_classes(OUR_NAMES)
PICTURE = np.full((320, 640, 3), 90, np.uint8)
PERSON, CAR, PHONE = (COCO.index(name) for name in ("person", "car", "cell phone"))

FACES, OBJECTS = ModelTask.FACE_DETECTOR, ModelTask.OBJECT_DETECTOR


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path)


def put(store: ModelStore, content: bytes, name: str = "mine.onnx") -> str:
    (store.folder / name).write_bytes(content)
    return name


def yunet_answer(side: int | None = 640) -> bytes:
    """One face in the cell (column 3, row 2) of the grid with cells of 32 px."""
    sizes = {8: 6400, 16: 1600, 32: 400}
    answers = {
        f"{kind}_{cell}": np.zeros((1, sizes[cell], count), np.float32)
        for kind, count in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for cell in yunet.CELLS_PX
    }
    place = 2 * 20 + 3
    answers["cls_32"][0, place], answers["obj_32"][0, place] = 0.81, 1.0
    answers["bbox_32"][0, place] = (0.5, 0.5, np.log(2), np.log(3))
    answers["kps_32"][0, place] = np.linspace(0, 0.9, 10)
    return answering(answers, side=side)


def v8(rows: int, columns: dict[int, list[float]], count: int = CELLS) -> np.ndarray:
    answer = np.zeros((1, rows, count), np.float32)
    for column, values in columns.items():
        answer[0, : len(values), column] = values
    return answer


def one_face_v8() -> np.ndarray:
    points = [number for index in range(5) for number in (110 + index, 120 + index, 0.9)]
    return v8(20, {7: [120, 130, 40, 60, 0.9, *points], 8: [122, 130, 40, 60, 0.6, *points]})


def one_face_v5() -> np.ndarray:
    answer = np.zeros((1, 3 * CELLS, 16), np.float32)
    answer[0, 11] = [120, 130, 40, 60, 0.9, *range(110, 120), 0.8]
    return answer


def person_and_car() -> np.ndarray:
    scores = np.zeros((84, 2), np.float32)
    scores[:4, 0], scores[4 + PERSON, 0] = (100, 100, 50, 80), 0.9
    scores[:4, 1], scores[4 + CAR, 1] = (102, 100, 50, 80), 0.7
    answer = np.zeros((1, 84, CELLS), np.float32)
    answer[0, :, [5, 9]] = scores.T
    return answer


def yolox_answer() -> np.ndarray:
    """A phone around the middle of the cell (column 4, row 1) of the first grid."""
    answer = np.zeros((1, CELLS, 85), np.float32)
    answer[0, 80 + 4, :5] = (0.5, 0.5, np.log(2), np.log(4), 0.8)
    answer[0, 80 + 4, 5 + PHONE] = 0.9
    return answer


def v5_answer() -> np.ndarray:
    answer = np.zeros((1, 3 * CELLS, 85), np.float32)
    answer[0, 3, :5], answer[0, 3, 5 + PERSON] = (100, 100, 50, 80, 0.9), 0.9
    return answer


def end_to_end() -> np.ndarray:
    answer = np.zeros((1, 300, 6), np.float32)
    answer[0, 0], answer[0, 1] = (75, 60, 125, 140, 0.9, PERSON), (10, 10, 30, 30, 0.5, CAR)
    return answer


def fastestdet_answer() -> np.ndarray:
    answer = np.full((1, 85, 22, 22), -20.0, np.float32)
    answer[:, 0] = answer[:, 5:] = 0
    answer[0, :5, 10, 5] = (1.0, 0, 0, 0, -np.log(3))  # half the width, a quarter of the height
    answer[0, 5 + PERSON, 10, 5] = 1.0
    return answer


MIDDLE = (5 / 22 * 640, 10 / 22 * 320)
"""Of FastestDet's cell (column 5, row 10), in pixels of `PICTURE`."""

FILES = {
    Family.YUNET: (FACES, yunet_answer()),
    Family.YOLO_FACE_V8: (FACES, answering({"out": one_face_v8()})),
    Family.YOLO_FACE_V5: (FACES, answering({"out": one_face_v5()})),
    Family.YOLO_FACE_BOXES: (FACES, answering({"out": v8(5, {3: [120, 130, 40, 60, 0.9]})})),
    Family.FASTESTDET: (OBJECTS, answering({"out": fastestdet_answer()}, side=352)),
    Family.YOLOX: (OBJECTS, answering({"out": yolox_answer()})),
    Family.YOLO_V5: (OBJECTS, answering({"out": v5_answer()})),
    Family.YOLO_V8: (OBJECTS, answering({"out": person_and_car()})),
    Family.YOLO_END_TO_END: (OBJECTS, answering({"out": end_to_end()})),
    Family.SFACE: (ModelTask.FACE_EMBEDDER, embedder(normalising=True)),
    Family.ARCFACE: (ModelTask.FACE_EMBEDDER, embedder(512, normalising=False)),
    Family.MINIFASNET: (ModelTask.LIVENESS, answering({"prob": np.array([[0.1, 0.7, 0.2]])}, side=80)),
}


@pytest.mark.parametrize("family", FILES, ids=lambda family: family.value)
def test_a_file_tells_its_family(store: ModelStore, family: Family) -> None:
    task, content = FILES[family]
    file = open_model(store, task, put(store, content))
    assert file.family is family
    assert file.session(Runtime()).input_shape[3] == 3


def test_a_file_whose_candidates_are_free_tells_its_family_too(store: ModelStore) -> None:
    content = answering({"out": person_and_car()}, side=None, declared={"out": ("N", 84, "anchors")})
    assert open_model(store, OBJECTS, put(store, content)).family is Family.YOLO_V8


@pytest.mark.parametrize("family", [Family.YOLO_FACE_V8, Family.YOLO_FACE_V5], ids=lambda family: family.value)
def test_faces_are_in_pixels_of_the_picture(store: ModelStore, family: Family) -> None:
    detector = load_face_detector(store, put(store, FILES[family][1]), Runtime())
    found = detector.detect(np.full((640, 1280, 3), 90, np.uint8))  # fits the input at half its size
    assert len(found) == 1
    assert found.boxes[0].tolist() == pytest.approx([200, 200, 280, 320])
    assert found.scores[0] == pytest.approx(0.9 if family is Family.YOLO_FACE_V8 else 0.72)
    assert found.landmarks[0, 0].tolist() == pytest.approx([220, 240 if family is Family.YOLO_FACE_V8 else 222])
    assert len(detector.detect(PICTURE, min_score=0.95)) == 0


def test_yunet_declares_a_size_and_takes_any(store: ModelStore) -> None:
    detector = load_face_detector(store, put(store, yunet_answer()), Runtime())
    found = detector.detect(np.full((640, 640, 3), 90, np.uint8))
    # The cell's corner is at (96, 64); the box is 64 × 96 px about (112, 80).
    assert found.boxes[0].tolist() == pytest.approx([80, 32, 144, 128])
    assert found.scores[0] == pytest.approx(0.9)
    assert found.landmarks[0, 4].tolist() == pytest.approx([96 + 0.8 * 32, 64 + 0.9 * 32])
    session = open_model(store, FACES, "mine.onnx").session(Runtime())
    assert session.input_shape == (1, None, None, 3)


def test_boxes_without_landmarks_are_looked_at_closer(models_home: Path, tmp_path: Path) -> None:
    import cv2

    from sightline.models.manifest import ASTRONAUT, CENTERFACE
    from tests.unit.models.test_centerface import only

    store = ModelStore(tmp_path)
    theirs = ModelStore(models_home / "models")
    portrait = np.asarray(cv2.imread(str(theirs.path(ASTRONAUT))), np.uint8)
    seen = load_face_detector(theirs, CENTERFACE.name, Runtime()).detect(portrait)
    left, top, right, bottom = only(seen)
    size = portrait.shape[0]
    face = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0.9]
    content = answering({"out": v8(5, {3: face, 90: [size - 60, size - 60, 50, 50, 0.8]})})
    name = put(store, content)
    with pytest.raises(ModelError, match="needs centerface beside it"):
        load_face_detector(store, name, Runtime())
    detector = load_face_detector(theirs, str(store.folder / name), Runtime())
    found = detector.detect(portrait)
    assert len(found) == 1  # where there is no face, no landmarks are found
    assert np.abs(found.boxes[0] - seen.boxes[0]).max() < 1
    assert np.abs(found.landmarks[0] - seen.landmarks[0]).max() < 6


@pytest.mark.parametrize(
    ("family", "labels", "box"),
    [
        (Family.YOLO_V8, ("person", "vehicle"), (75, 60, 125, 140)),
        (Family.YOLO_V5, ("person",), (75, 60, 125, 140)),
        (Family.YOLO_END_TO_END, ("person", "vehicle"), (75, 60, 125, 140)),
        (Family.YOLOX, ("phone",), (28, -4, 44, 28)),
        (
            Family.FASTESTDET,
            ("person",),
            (5 / 22 * 640 - 160, 10 / 22 * 320 - 40, 5 / 22 * 640 + 160, 10 / 22 * 320 + 40),
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Family) else "",
)
def test_objects_are_in_pixels_of_the_picture_under_our_names(
    store: ModelStore, family: Family, labels: tuple[str, ...], box: tuple[float, ...]
) -> None:
    detector = load_object_detector(store, put(store, FILES[family][1]), Runtime(), CLASSES)
    found = detector.detect(PICTURE)
    assert found.labels == labels
    assert found.boxes[0].tolist() == pytest.approx(box, abs=1e-3)
    assert {"person", "vehicle", "package", "phone"} <= set(detector.labels)
    assert len(detector.detect(PICTURE, min_score=0.999)) == (1 if family is Family.FASTESTDET else 0)


def test_names_of_classes_come_from_the_file_that_has_them(store: ModelStore) -> None:
    answer = v8(6, {5: [100, 100, 50, 80, 0.1, 0.9]})
    content = answering({"out": answer}, metadata={"names": "{0: 'forklift', 1: 'car'}"})
    detector = load_object_detector(store, put(store, content), Runtime(), CLASSES)
    assert detector.labels == ("forklift", "vehicle")
    assert detector.detect(PICTURE).labels == ("vehicle",)


def test_a_family_may_be_written_before_the_file(store: ModelStore) -> None:
    # Six columns for as many rows as an end-to-end export might have: only its owner knows that it is YOLOX.
    name = put(store, answering({"out": np.zeros((1, 300, 6))}))
    assert open_model(store, OBJECTS, name).family is Family.YOLO_END_TO_END
    assert open_model(store, OBJECTS, f"yolo-v5:{name}").family is Family.YOLO_V5
    with pytest.raises(ModelError, match="no family for the task object-detector"):
        open_model(store, OBJECTS, f"yunet:{name}")


@pytest.mark.parametrize("batch", ["N", 1, 4])
@pytest.mark.parametrize("normalising", [True, False])
def test_templates_are_unit_vectors_whatever_the_batch(store: ModelStore, normalising: bool, batch: int | str) -> None:
    made = load_embedder(store, put(store, embedder(normalising=normalising, batch=batch)), Runtime())
    assert isinstance(made, ArcFace)
    chips = np.random.default_rng(3).integers(0, 256, (11, 112, 112, 3), dtype=np.uint8)
    vectors = made.embed(chips)
    assert vectors.shape == (11, 128)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(11), abs=1e-5)
    assert np.allclose(made.embed(chips[4:5])[0], vectors[4], atol=1e-6)
    assert made.embed(chips[:0]).shape == (0, 128)


def test_arcface_gets_red_first_from_minus_one_to_one(store: ModelStore) -> None:
    content = embedder(normalising=False)
    chips = np.zeros((1, 112, 112, 3), np.uint8)
    chips[..., 2] = 255
    mix = np.random.default_rng(5).normal(size=(3, 128)).astype(np.float32)
    (raw,) = open_model(store, ModelTask.FACE_EMBEDDER, put(store, content)).session(Runtime()).run(chips)
    assert np.allclose(raw[0], np.array([1, -1, -1]) @ mix, atol=1e-4)


def test_another_file_is_another_model(store: ModelStore) -> None:
    one, other = put(store, embedder(normalising=True)), put(store, embedder(64, normalising=True), "other.onnx")
    ids = {load_embedder(store, name, Runtime()).model_id for name in (one, other)}
    assert len(ids) == 2


def test_liveness_is_the_mean_of_the_networks(store: ModelStore) -> None:
    names = [
        put(store, answering({"prob": np.array([[0.2, live, 0.1]])}, side=80), f"net_{scale}_80x80.onnx")
        for live, scale in ((0.7, 2.7), (0.3, 4.0))
    ]
    scorer = load_liveness(store, names, Runtime())
    assert scorer.score(PICTURE, np.array([[10, 10, 60, 80]], np.float32)).tolist() == pytest.approx([0.5])
    assert len(scorer.score(PICTURE, np.empty((0, 4), np.float32))) == 0
    with pytest.raises(ModelError, match="must say in its name"):
        load_liveness(store, [put(store, FILES[Family.MINIFASNET][1])], Runtime())


@pytest.mark.parametrize(
    ("task", "content", "problem"),
    [
        (FACES, b"", "not an ONNX file"),
        (FACES, b"no model", "not an ONNX file"),
        (FACES, b"PK\x03\x04weights", "yolo export model=best.pt format=onnx"),
        (FACES, answering({"out": np.zeros((1, 9, 9, 9))}), "no face-detector family"),
        (OBJECTS, answering({"a": np.zeros((1, 5)), "b": np.zeros((1, 5))}), "outputs a 1 × 5, b 1 × 5"),
        (ModelTask.FACE_EMBEDDER, answering({"out": np.zeros((1, 128))}), "no face-embedder family"),
        (ModelTask.LIVENESS, answering({"out": np.zeros((1, 2))}, side=80), "no liveness family"),
    ],
)
def test_what_is_no_such_model_is_refused_in_words(
    store: ModelStore, task: ModelTask, content: bytes, problem: str
) -> None:
    with pytest.raises(ModelError, match=problem):
        open_model(store, task, put(store, content, "best.pt"))


def test_what_is_not_there_is_said(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="neither a name that `sightline models list` shows nor a file"):
        open_model(store, FACES, "nowhere.onnx")
    with pytest.raises(ModelError, match="fastestdet is a model for the task object-detector, not face-detector"):
        open_model(store, FACES, "fastestdet")


def test_numbers_that_are_not_finite_are_an_error_and_the_model_lives(store: ModelStore) -> None:
    answer = person_and_car()
    answer[0, 4, 77] = np.nan
    broken = load_object_detector(store, put(store, answering({"out": answer})), Runtime(), CLASSES)
    for _ in range(2):
        with pytest.raises(ModelError, match=r"mine gave 1 of \d+ numbers in out that are not finite"):
            broken.detect(PICTURE)
