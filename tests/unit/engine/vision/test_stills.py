"""Still pictures: boxes in their own pixels, by task and threshold, and what is said of models that are not there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sightline.detections.objects import Objects
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.stills import Look, Stills
from sightline.frames import Image
from sightline.geometry import Boxes
from sightline.identities.gallery import Gallery, Reference
from tests.painted_faces import COLOURS, PaintedDetector, PaintedEmbedder, paint, room

PICTURE = paint(room(1280, 720), COLOURS["anna"], 800, 200, 160)


class Persons:
    """One person in the left half of every picture; notes what was asked."""

    name, device, labels = "p", "cpu", ("person",)

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], float | None]] = []

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        self.asked.append((image.shape[:2], min_score))
        box = np.array([[0, 0, image.shape[1] / 2, image.shape[0]]], np.float32)
        return Objects(box, np.full(1, 0.8, np.float32), ("person",))


class Liveness:
    """Notes where it looked."""

    name, device = "l", "cpu"

    def __init__(self) -> None:
        self.looked: list[list[float]] = []

    def score(self, image: Image, boxes: Boxes) -> np.ndarray:
        self.looked += boxes.tolist()
        return np.full(len(boxes), 0.25, np.float32)


def look(*tasks: Any, width: int = 1280, height: int = 720, **fields: Any) -> Look:
    return Look(tasks=frozenset(tasks), width=width, height=height, **fields)


@pytest.fixture
def detector() -> PaintedDetector:
    return PaintedDetector()


@pytest.fixture
def stills(detector: PaintedDetector) -> Stills:
    return Stills(Analyser(detector, PaintedEmbedder()), objects=Persons(), liveness=Liveness())


def test_boxes_are_found_in_a_smaller_picture_and_given_in_its_own_pixels(
    stills: Stills, detector: PaintedDetector
) -> None:
    seen = stills.look(PICTURE, look("faces", max_side=640), None)
    assert detector.seen == [(640, 360)]
    assert seen.faces[0].bbox == pytest.approx((800, 200, 960, 360), abs=4)
    assert (seen.faces[0].vector, seen.faces[0].probe) == (b"", b"")
    assert seen.objects == []


def test_a_picture_that_was_decoded_smaller_is_measured_in_its_own_pixels(stills: Stills) -> None:
    half = PICTURE[::2, ::2].copy()
    seen = stills.look(half, look("faces", "objects", "liveness", max_side=640), None)
    assert seen.faces[0].bbox == pytest.approx((800, 200, 960, 360), abs=4)
    assert seen.faces[0].live == 0.25
    assert seen.objects[0].bbox == pytest.approx((0, 0, 640, 720))


def test_it_says_what_its_time_was_spent_on(stills: Stills) -> None:
    seen = stills.look(PICTURE, look("identify", "objects", "liveness"), Gallery.empty(4))
    assert set(seen.stage_ms) == {"detect", "embed", "objects", "liveness"}
    assert all(spent_ms >= 0 for spent_ms in seen.stage_ms.values())
    assert set(stills.look(PICTURE, look("faces"), None).stage_ms) == {"detect"}


def test_a_small_picture_is_not_enlarged(stills: Stills, detector: PaintedDetector) -> None:
    stills.look(PICTURE, look("faces", max_side=2000), None)
    assert detector.seen == [(1280, 720)]


def test_the_threshold_goes_to_the_models(detector: PaintedDetector) -> None:
    persons = Persons()
    stills = Stills(Analyser(detector, PaintedEmbedder()), objects=persons)
    assert stills.look(PICTURE, look("faces", "objects", confidence_threshold=0.95, max_side=640), None).faces == []
    assert stills.look(PICTURE, look("templates", confidence_threshold=0.95), None).faces == []
    assert stills.look(PICTURE, look("faces", confidence_threshold=0.5), None).faces != []
    assert persons.asked == [((360, 640), 0.95)]


def test_templates_are_compared_when_asked(stills: Stills) -> None:
    empty = Gallery.empty(3)
    for tasks in (("templates",), ("identify",)):
        (face,) = stills.look(PICTURE, look(*tasks), empty).faces
        assert len(face.vector) == 12
        assert face.probe.startswith(b"\xff\xd8")


def test_models_that_are_not_there_are_named(detector: PaintedDetector) -> None:
    stills = Stills(Analyser(detector, PaintedEmbedder()))
    seen = stills.look(PICTURE, look("faces", "objects", "liveness"), None)
    assert seen.missing.keys() == {"objects", "liveness"}
    assert "sightline models list" in seen.missing["objects"]
    assert len(seen.faces) == 1


def test_nobody_is_judged_where_there_is_nobody(detector: PaintedDetector) -> None:
    liveness = Liveness()
    stills = Stills(Analyser(detector, PaintedEmbedder()), liveness=liveness)
    assert stills.look(room(), look("faces", "liveness", width=640, height=360), None).faces == []
    assert liveness.looked == []


def test_the_largest_face_is_compared_with_whom_it_should_be(stills: Stills) -> None:
    alone = {name: paint(room(1280, 720), COLOURS[name], 800, 200, 160) for name in ("anna", "ben")}
    vectors = {
        name: np.frombuffer(stills.look(picture, look("templates"), None).faces[0].vector, "<f4")
        for name, picture in alone.items()
    }
    gallery = Gallery.of([Reference(name, name, vector) for name, vector in vectors.items()], len(vectors["anna"]))
    both = paint(paint(room(1280, 720), COLOURS["ben"], 100, 200, 80), COLOURS["anna"], 800, 200, 160)

    def verified(picture: Image, person_id: str | None) -> float | None:
        return stills.look(picture, look("identify", verify=person_id), gallery).verified

    as_anna, as_ben = verified(both, "anna"), verified(both, "ben")
    assert as_anna is not None and as_ben is not None
    assert as_anna > 0.5 > as_ben
    assert verified(both, "eve") is None, "who is not in the gallery cannot be compared with"
    assert verified(room(1280, 720), "anna") is None
    assert verified(both, None) is None
