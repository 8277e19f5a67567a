"""Analysis of single pictures, with painted faces."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.detections.faces import Faces
from sightline.engine.vision.analysis import Analyser, box_tuple, point_tuples, probe_crop
from sightline.frames import Image
from sightline.identities.gallery import Gallery, Reference
from sightline.images import decode_image
from tests.painted_faces import COLOURS, GHOST, PaintedDetector, PaintedEmbedder, paint, room, template_of

GALLERY = Gallery.of([Reference(f"{name}-1", name, template_of(COLOURS[name])) for name in ("anna", "ben")], 3)


@pytest.fixture
def analyser() -> Analyser:
    return Analyser(PaintedDetector(), PaintedEmbedder())


def test_an_empty_picture_has_no_faces(analyser: Analyser) -> None:
    assert analyser.analyse_image(room(), GALLERY) == []
    assert analyser.embedder.batches == []  # type: ignore[attr-defined]


def test_faces_come_largest_first_with_template_and_probe(analyser: Analyser) -> None:
    picture = paint(paint(room(), COLOURS["anna"], 60, 60, 60), COLOURS["ben"], 300, 100, 120)
    large, small = analyser.analyse_image(picture)
    assert large.bbox == (300, 100, 420, 220)
    assert small.bbox == (60, 60, 120, 120)
    assert len(large.landmarks) == 5
    vector = np.frombuffer(large.vector, "<f4")
    assert np.linalg.norm(vector - template_of(COLOURS["ben"])) < 0.1
    probe = decode_image(large.probe, max_bytes=100_000, max_pixels=1_000_000)
    assert probe.shape == (216, 216, 3)
    assert large.reasons == []
    assert large.quality > 0.7
    assert (large.person_id, large.similarity, large.margin) == (None, None, None)


def test_faces_are_compared_with_the_gallery(analyser: Analyser) -> None:
    picture = paint(paint(room(), COLOURS["cleo"], 60, 60, 60), COLOURS["ben"], 300, 100, 120)
    ben, cleo = analyser.analyse_image(picture, GALLERY)
    assert ben.person_id == "ben"
    assert ben.similarity is not None
    assert ben.similarity > 0.9
    assert ben.margin is not None
    assert ben.margin > 0.8
    assert cleo.person_id is None
    assert cleo.similarity is not None
    assert cleo.similarity < 0.5


def test_between_two_people_who_look_alike_nobody_is_named(analyser: Analyser) -> None:
    twins = GALLERY.updated([Reference("t", "twin", template_of(COLOURS["ben"]) + np.float32(0.005))])
    (face,) = analyser.analyse_image(paint(room(), COLOURS["ben"], 300, 100), twins)
    assert face.person_id is None
    assert face.similarity is not None
    assert face.similarity > 0.9


def test_an_empty_gallery_names_nobody(analyser: Analyser) -> None:
    (face,) = analyser.analyse_image(paint(room(), COLOURS["ben"], 300, 100), Gallery.empty(3))
    assert (face.person_id, face.similarity) == (None, None)


def test_a_closer_look_finds_the_same_face(analyser: Analyser) -> None:
    picture = paint(paint(room(), COLOURS["anna"], 200, 100), COLOURS["ben"], 285, 100)
    rough = np.array([195, 104, 283, 186], np.float32)
    (box,) = analyser.look_closer(picture, rough).boxes
    assert box.tolist() == [200, 100, 280, 180]


@pytest.mark.parametrize("box", [(0, 0, 50, 50), (600, 300, 700, 400), (900, 900, 950, 950), (5, 5, 5, 5)])
def test_a_closer_look_at_nothing_finds_nothing(analyser: Analyser, box: tuple[int, int, int, int]) -> None:
    picture = paint(room(), GHOST, 10, 10)
    assert len(analyser.look_closer(picture, np.array(box, np.float32))) == 0


def test_a_closer_look_is_not_led_astray_by_a_face_beside(analyser: Analyser) -> None:
    picture = paint(room(), COLOURS["anna"], 200, 100, 60)
    assert len(analyser.look_closer(picture, np.array([150, 100, 210, 160], np.float32))) == 0


def test_a_still_picture_keeps_faces_that_only_the_first_look_found(analyser: Analyser) -> None:
    assert len(analyser.analyse_image(paint(room(), GHOST, 200, 100))) == 1


class PiecemealDetector(PaintedDetector):
    """Finds a face in two pieces when it looks at all of the picture, as real detectors do with very large faces."""

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        found = super().detect(image, scale=scale)
        if image.shape[1] < 640 or not len(found):
            return found
        size = found.boxes[0, 2] - found.boxes[0, 0]
        both = found.take([0, 0])
        shift = np.array([[-0.3, 0, -0.3, 0], [0.3, 0, 0.3, 0]], np.float32) * size
        return Faces(both.boxes + shift, both.scores.copy(), both.landmarks.copy())


def test_a_face_found_in_pieces_is_one_face() -> None:
    analyser = Analyser(PiecemealDetector(), PaintedEmbedder())
    (face,) = analyser.analyse_image(paint(room(), COLOURS["anna"], 200, 100), GALLERY)
    assert face.bbox == (200, 100, 280, 180)
    assert face.person_id == "anna"


def test_the_analyser_speaks_of_its_embedder(analyser: Analyser) -> None:
    assert analyser.model_id == "painted/1"
    assert analyser.embed([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("box", "shape"),
    [((100, 100, 150, 150), (90, 90, 3)), ((0, 0, 300, 300), (256, 256, 3)), ((700, 0, 800, 50), (115, 1, 3))],
)
def test_probe_crops(box: tuple[int, int, int, int], shape: tuple[int, int, int]) -> None:
    picture = room(640, 640)
    crop = probe_crop(picture, np.array(box, np.float32))
    assert crop.shape == shape
    assert crop.base is not picture


def test_a_probe_is_a_copy() -> None:
    picture = room()
    crop = probe_crop(picture, np.array([100, 100, 150, 150], np.float32))
    crop[:] = 0
    assert picture[100:150, 100:150].min() > 0


def test_numbers_for_messages_are_plain_and_short() -> None:
    assert box_tuple(np.array([1.26, 2, 3, 4.04], np.float32)) == (1.3, 2.0, 3.0, 4.0)
    assert point_tuples(np.array([[1.26, 2]] * 5, np.float32)) == [(1.3, 2.0)] * 5
