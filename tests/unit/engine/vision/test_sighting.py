"""What tracks leave when they end, with painted faces."""

from __future__ import annotations

import cv2
import numpy as np

from sightline.engine.vision.sighting import SightingDraft
from tests.painted_faces import COLOURS, GHOST, paint, room, template_of
from tests.unit.engine.vision.test_camera_analysis import ANNA, BEN, CLEO, Camera, walk


def left(camera: Camera) -> list[SightingDraft]:
    return [draft for result in camera.results for draft in result.sightings]


def test_a_finished_track_leaves_its_best_sample_and_its_template() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 8))
    assert left(camera) == [], "the track is still alive"
    camera.show(*[room()] * 15)
    (draft,) = left(camera)
    sighting = draft.sighting
    track = camera.facts[0].track_id
    assert (sighting.track_id, sighting.key, sighting.camera_id) == (track, f"{track}:sighting", "door")
    assert (sighting.identity, sighting.person_id) == ("known", "anna")
    assert (sighting.first_seen, sighting.last_seen) == (1_000_200, 1_001_600)
    assert sighting.similarity is not None and sighting.similarity > 0.9
    assert (sighting.model_id, sighting.samples >= 2, 70 < sighting.width_px < 90) == ("painted/1", True, True)
    assert 0 < sighting.quality <= 1
    vector = np.frombuffer(sighting.vector, "<f4")
    assert np.allclose(vector, template_of(COLOURS["anna"]), atol=0.1)
    curve = camera.embedder.similarity
    assert (sighting.threshold, sighting.steepness) == (curve.threshold, curve.steepness)
    assert sighting.sample == b""
    picture = cv2.imdecode(np.frombuffer(draft.encoded().sample, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and int(picture.mean(axis=(0, 1)).argmax()) == 2, "Anna is red"


def test_a_stranger_leaves_one_too_and_an_undecided_track_says_so() -> None:
    camera = Camera()
    camera.show(*walk(CLEO, 10), *[room()] * 15)
    camera.show(*walk(CLEO, 2), *[room()] * 15)
    stranger, passer_by = (draft.sighting for draft in left(camera))
    assert (stranger.identity, stranger.person_id) == ("unknown", None)
    assert stranger.similarity is not None and stranger.similarity < 0.5
    assert (passer_by.identity, passer_by.samples) == ("pending", 2)


def test_what_is_no_face_leaves_nothing() -> None:
    camera = Camera()
    camera.show(*walk(GHOST, 8), *[room()] * 15)
    assert left(camera) == []


def test_a_track_that_turns_out_to_be_two_people_leaves_two() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 8, step=0))
    camera.show(*walk(BEN, 8, step=0), *[room()] * 15)
    assert [draft.sighting.person_id for draft in left(camera)] == ["anna", "ben"]


def test_a_camera_that_is_given_up_leaves_what_was_in_sight() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5))
    (draft,) = camera.analysis.leave()
    assert draft.sighting.person_id == "anna"
    assert camera.analysis.leave() == ()


def test_another_scene_ends_the_tracks_of_the_one_before() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5))
    result = camera.show(paint(room(1280, 720), ANNA, 250, 120))
    assert [draft.sighting.person_id for draft in result.sightings] == ["anna"]
