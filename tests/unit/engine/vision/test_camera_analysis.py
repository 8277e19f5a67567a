"""One camera's analysis, from pixels to facts, with painted faces."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.camera_analysis import CameraAnalysis, CameraAnalysisSettings, Result
from sightline.engine.vision.unanalysed import NoAnalysis
from sightline.events.fact import Attack, Identified, ObjectSeen, Unknown, What
from sightline.events.scene import Liveness, Scene
from sightline.frames import Detail, Frame, Image
from sightline.identities.gallery import Gallery, Reference
from sightline.identities.strangers import Strangers
from sightline.privacy import FaceBlur
from tests.painted_faces import COLOURS, GHOST, PaintedDetector, PaintedEmbedder, paint, room, template_of
from tests.painted_objects import PERSON, VEHICLE, PaintedLiveness, PaintedObjects, paint_object

STEP_MS = 200
ANNA, BEN, CLEO = COLOURS["anna"], COLOURS["ben"], COLOURS["cleo"]


def gallery_of(*people: str) -> Gallery:
    return Gallery.of([Reference(f"{name}-1", name, template_of(COLOURS[name])) for name in people], 3)


class Camera:
    """A camera whose pictures the test makes, analysed five times a second."""

    def __init__(
        self,
        gallery: Gallery | None = None,
        settings: CameraAnalysisSettings | None = None,
        strangers: Strangers | None = None,
        *,
        blur: FaceBlur = FaceBlur.OFF,
    ) -> None:
        self.blur = blur
        self.detector, self.embedder = PaintedDetector(), PaintedEmbedder()
        analyser = Analyser(self.detector, self.embedder)
        self.analysis = CameraAnalysis("door", analyser, settings, strangers=strangers)
        self.gallery = gallery_of("anna", "ben") if gallery is None else gallery
        self.now_ms = 1_000_000
        self.results: list[Result] = []

    def show(self, *images: Image, after_ms: int = STEP_MS, details: Iterable[Detail | None] = ()) -> Result:
        for image, detail in itertools.zip_longest(images, details):
            self.now_ms += after_ms
            frame = Frame("door", len(self.results), self.now_ms, image, detail, blur=self.blur)
            self.results.append(self.analysis.process(frame, self.gallery))
        return self.results[-1]

    @property
    def facts(self) -> list[Identified | Unknown]:
        return [what for what in self.told if isinstance(what, Identified | Unknown)]

    @property
    def told(self) -> list[What]:
        return [fact.what for result in self.results for fact in result.facts]


def walk(
    colour: tuple[int, int, int], count: int, *, x: int = 200, y: int = 120, step: int = 12, side: int = 80
) -> list[Image]:
    return [paint(room(), colour, x + step * k, y, side) for k in range(count)]


def test_an_empty_room_gives_observations_without_faces() -> None:
    camera = Camera()
    result = camera.show(room(), room())
    assert result.observation.faces == []
    assert (result.observation.camera_id, result.observation.width, result.observation.height) == ("door", 640, 360)
    assert (result.observation.frame_id, result.observation.timestamp) == (1, 1_000_400)
    assert camera.facts == []


def test_an_enrolled_person_is_identified_once() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 12))
    (fact,) = [fact for result in camera.results for fact in result.facts]
    what = fact.what
    assert isinstance(what, Identified)
    assert (what.person_id, what.reference_id, what.model_id) == ("anna", "anna-1", "painted/1")
    assert what.similarity > 0.9
    assert what.margin > 0.5
    assert what.first_seen == 1_000_200
    assert [sample.person_id for sample in what.samples] == ["anna"] * len(what.samples)
    assert len(what.samples) >= 2
    faces = [face for result in camera.results for face in result.observation.faces]
    assert {face.track_id for face in faces} == {what.track_id}
    assert [face.identity for face in faces[:1]] == ["pending"]
    assert faces[-1].identity == "known"
    assert faces[-1].person_id == "anna"


def test_a_fact_brings_its_pictures_and_a_key_of_its_own() -> None:
    camera = Camera()
    frames = walk(ANNA, 4)
    camera.show(*frames)
    (fact,) = [fact for result in camera.results for fact in result.facts]
    assert any(fact.snapshot is frame for frame in frames)
    assert isinstance(fact.what, Identified)
    assert fact.key == f"{fact.what.track_id}:anna"
    assert fact.probe is not None
    assert (fact.width, fact.height, fact.camera_id) == (640, 360, "door")
    assert 80 <= fact.probe.shape[0] <= 256
    assert int(fact.probe.mean(axis=(0, 1)).argmax()) == 2  # Anna is red
    assert fact.inference_ms > 0


def test_a_stranger_is_reported_once_a_track_and_remembered_between_tracks() -> None:
    camera = Camera()
    camera.show(*walk(CLEO, 10))
    camera.show(*[room()] * 15)
    camera.show(*walk(CLEO, 10, x=50))
    first, second = camera.facts
    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert first.track_id != second.track_id
    assert first.subject_id == second.subject_id
    assert first.subject_id.startswith("stranger-")
    assert first.nearest_similarity is not None
    assert first.nearest_similarity < 0.5


def test_cameras_that_share_their_memory_share_their_strangers() -> None:
    memory = Strangers(max_distance=0.5)
    first, second, alone = Camera(strangers=memory), Camera(strangers=memory), Camera()
    for number, camera in enumerate((first, second, alone)):
        camera.now_ms += 5_000 * number
        camera.show(*walk(CLEO, 8))
    subjects = [
        fact.subject_id for camera in (first, second, alone) for fact in camera.facts if isinstance(fact, Unknown)
    ]
    assert subjects[0] == subjects[1] != subjects[2]
    assert len(memory) == 1


def test_without_a_gallery_everybody_is_a_stranger() -> None:
    camera = Camera(Gallery.empty(3))
    camera.show(*walk(ANNA, 10))
    (fact,) = camera.facts
    assert isinstance(fact, Unknown)
    assert fact.nearest_similarity is None


def test_two_people_at_once() -> None:
    camera = Camera()
    camera.show(*[paint(frame, BEN, 450 - 8 * k, 200) for k, frame in enumerate(walk(ANNA, 8, x=60))])
    assert {fact.person_id for fact in camera.facts if isinstance(fact, Identified)} == {"anna", "ben"}
    assert len(camera.facts) == 2


def test_where_nothing_moves_nothing_is_detected_and_the_face_stays() -> None:
    camera = Camera()
    picture = paint(room(), ANNA, 200, 120)
    camera.show(picture)
    whole_looks = [size for size in camera.detector.seen if size == (640, 360)]
    result = camera.show(*[picture] * 8)
    assert [size for size in camera.detector.seen if size == (640, 360)] == whole_looks
    assert result.observation.faces[0].person_id == "anna"


def test_all_of_a_still_picture_is_looked_at_now_and_then() -> None:
    camera = Camera()
    camera.show(*[room()] * 31)  # six seconds
    assert camera.detector.seen == [(640, 360)] * 4


def test_only_where_something_moves_is_looked_at() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 9))
    first, *rest = [width * height for width, height in camera.detector.seen]
    assert first == 640 * 360
    assert max(rest) < 640 * 360 / 2
    assert all(len(result.observation.faces) == 1 for result in camera.results)


def test_a_ghost_is_never_reported() -> None:
    camera = Camera()
    camera.show(*[paint(room(), GHOST, 200 + 40 * (k % 2), 120) for k in range(15)])
    assert camera.facts == []
    assert all(result.observation.faces == [] for result in camera.results)
    assert camera.embedder.batches == []


def test_a_face_too_small_is_seen_but_never_named() -> None:
    camera = Camera()
    result = camera.show(*walk(ANNA, 15, side=28, step=5))
    assert result.observation.faces[0].identity == "pending"
    assert result.observation.faces[0].reasons == ["too_small"]
    assert camera.embedder.batches == []


def test_a_face_too_small_in_the_smaller_stream_is_looked_at_in_the_larger_one() -> None:
    small = walk(ANNA, 15, side=28, step=5)
    large = [cv2.resize(image, (1920, 1080), interpolation=cv2.INTER_NEAREST) for image in small]
    asked: list[int] = []

    def picture_of(number: int) -> Image:
        asked.append(number)
        return large[number]

    camera = Camera()
    details = [Detail(1920, 1080, partial(picture_of, number)) for number in range(15)]
    result = camera.show(*small, details=details)
    (fact,) = camera.facts
    assert isinstance(fact, Identified)
    assert fact.person_id == "anna"
    assert result.observation.faces[0].bbox[2] < 640, "boxes stay in pixels of the frame"
    assert 0 < len(asked) < 15, "decoded only when a face is to be looked at"


def test_what_the_larger_stream_does_not_show_is_judged_in_the_smaller_one() -> None:
    small = walk(ANNA, 15)
    elsewhere = cv2.resize(room(), (1920, 1080), interpolation=cv2.INTER_NEAREST)
    for picture in (elsewhere, None):
        camera = Camera()
        camera.show(*small, details=[Detail(1920, 1080, lambda picture=picture: picture)] * 15)  # type: ignore[misc]
        (fact,) = camera.facts
        assert isinstance(fact, Identified)


def test_a_face_that_comes_closer_is_named_then() -> None:
    camera = Camera()
    for k in range(20):
        camera.show(paint(room(), ANNA, 300 - k, 150 - k, 24 + 4 * k))
    (fact,) = camera.facts
    assert isinstance(fact, Identified)


def test_another_scene_ends_every_track() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5))
    before = camera.results[-1].observation.faces[0]
    result = camera.show(paint(room(seed=5), BEN, 248, 120))
    after = result.observation.faces[0]
    assert before.person_id == "anna"
    assert after.track_id != before.track_id
    assert after.person_id is None


def upheaval(picture: Image) -> Image:
    """The picture with its left half as in another room: as much as a cut between clips of one room changes."""
    changed = picture.copy()
    changed[:, :280] = room(seed=5)[:, :280]
    return changed


def test_after_an_upheaval_another_face_in_the_same_place_has_no_name() -> None:
    camera = Camera()
    camera.show(*[paint(room(), ANNA, 420, 120)] * 5)
    before = camera.results[-1].observation.faces[0]
    result = camera.show(paint(upheaval(room()), CLEO, 420, 120))
    after = result.observation.faces[0]
    assert before.person_id == "anna"
    assert after.person_id is None
    assert after.track_id != before.track_id


def test_after_an_upheaval_the_same_face_keeps_its_track_and_name() -> None:
    camera = Camera()
    camera.show(*[paint(room(), ANNA, 420, 120)] * 5)
    before = camera.results[-1].observation.faces[0]
    result = camera.show(paint(upheaval(room()), ANNA, 420, 120))
    after = result.observation.faces[0]
    assert (after.track_id, after.person_id) == (before.track_id, "anna")
    assert len(camera.facts) == 1


def test_after_an_upheaval_a_face_that_cannot_be_judged_loses_its_name() -> None:
    camera = Camera()
    camera.show(*[paint(room(), ANNA, 420, 120)] * 5)
    before = camera.results[-1].observation.faces[0]
    featureless = upheaval(room())
    featureless[120:200, 420:500] = ANNA
    assert all(face.person_id is None for face in camera.show(featureless).observation.faces)
    (after,) = camera.show(featureless, featureless).observation.faces
    assert before.person_id == "anna"
    assert (after.person_id, after.identity) == (None, "pending")
    assert after.track_id != before.track_id
    assert after.reasons


def test_a_name_does_not_jump_to_a_face_elsewhere() -> None:
    camera = Camera()
    camera.show(*[paint(room(), ANNA, 200, 120)] * 5)
    result = camera.show(paint(room(), CLEO, 290, 120))
    assert result.observation.faces[0].person_id is None


def test_a_face_that_becomes_somebody_elses_becomes_another_track() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5, step=4))
    camera.show(*walk(BEN, 25, x=216, step=4))
    named = [fact for fact in camera.facts if isinstance(fact, Identified)]
    assert [fact.person_id for fact in named] == ["anna", "ben"]
    assert named[0].track_id != named[1].track_id
    assert camera.results[-1].observation.faces[0].person_id == "ben"


def test_somebody_enrolled_while_in_the_picture_is_identified() -> None:
    camera = Camera(gallery_of("ben"))
    camera.show(*walk(ANNA, 8, step=3))
    assert [type(fact) for fact in camera.facts] == [Unknown]
    camera.gallery = gallery_of("anna", "ben")
    camera.show(*walk(ANNA, 2, x=224, step=3))
    last = camera.facts[-1]
    assert isinstance(last, Identified)
    assert last.person_id == "anna"


def test_somebody_removed_while_in_the_picture_is_named_no_more() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 8, step=3))
    camera.gallery = gallery_of("ben")
    result = camera.show(*walk(ANNA, 1, x=224, step=3))
    assert result.observation.faces[0].person_id is None


def test_pictures_of_another_size_begin_anew() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5))
    before = camera.results[-1].observation.faces[0].track_id
    result = camera.show(paint(room(1280, 720), ANNA, 250, 120))
    assert (result.observation.width, result.observation.height) == (1280, 720)
    assert result.observation.faces[0].track_id != before


def test_after_a_gap_the_same_place_is_another_track() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5))
    before = camera.results[-1].observation.faces[0].track_id
    result = camera.show(walk(ANNA, 5)[-1], after_ms=60_000)
    assert result.observation.faces[0].track_id != before


def test_end_ends_the_tracks() -> None:
    camera = Camera()
    camera.show(*walk(ANNA, 5))
    before = camera.results[-1].observation.faces[0].track_id
    camera.analysis.end()
    result = camera.show(walk(ANNA, 5)[-1])
    assert result.observation.faces[0].track_id != before


def test_a_crowd_is_sampled_a_few_faces_at_a_time() -> None:
    settings = replace(CameraAnalysisSettings(), samples_a_frame=3)
    camera = Camera(settings=settings)
    colours = [ANNA, BEN, CLEO, ANNA, CLEO, BEN, ANNA, CLEO]
    for k in range(20):
        picture = room()
        for place, colour in enumerate(colours):
            picture = paint(picture, colour, 20 + 150 * (place % 4) + k, 20 + 160 * (place // 4), 70)
        camera.show(picture)
    assert max(camera.embedder.batches) <= 3
    assert len({fact.track_id for fact in camera.facts}) == 8


def test_track_ids_of_a_later_analysis_are_others() -> None:
    first, second = Camera(), Camera()
    second.now_ms += 5_000
    for camera in (first, second):
        camera.show(*walk(ANNA, 4))
    assert first.facts[0].track_id != second.facts[0].track_id


def test_stages_are_timed() -> None:
    camera = Camera()
    result = camera.show(*walk(ANNA, 2))
    assert set(result.stage_ms) == {"motion", "detect", "track", "align", "embed", "decide", "crowd", "total"}
    assert set(result.stage_cpu_ms) == set(result.stage_ms)
    parts = sum(spent for stage, spent in result.stage_ms.items() if stage != "total")
    assert 0 < parts <= result.stage_ms["total"]


@pytest.mark.parametrize(
    ("size", "scale"), [((640, 360), 0.5), ((1280, 720), 0.5), ((1920, 1080), 1 / 3), ((320, 240), 0.5)]
)
def test_frames_are_shrunk_as_far_as_the_smallest_face_allows(size: tuple[int, int], scale: float) -> None:
    assert CameraAnalysisSettings().scale(*size) == pytest.approx(scale)


def test_small_faces_can_be_asked_for() -> None:
    camera = Camera()
    analyser = Analyser(camera.detector, camera.embedder, min_face_px=20)
    camera.analysis = CameraAnalysis("door", analyser, CameraAnalysisSettings(smallest_face_px=20))
    camera.show(*walk(ANNA, 6, side=28, step=5))
    assert [fact.person_id for fact in camera.facts if isinstance(fact, Identified)] == ["anna"]


def test_the_scale_follows_the_smallest_face() -> None:
    assert CameraAnalysisSettings(smallest_face_px=16).scale(640, 360) == 1.0
    assert CameraAnalysisSettings(smallest_face_px=80).scale(640, 360) == 0.25


class Hall(Camera):
    """A camera with all models."""

    def __init__(self, scene: Scene | None = None, *, live: float = 0.98, blur: FaceBlur = FaceBlur.OFF) -> None:
        super().__init__(blur=blur)
        self.objects, self.scorer = PaintedObjects(), PaintedLiveness(live)
        analyser = Analyser(self.detector, self.embedder)
        self.analysis = CameraAnalysis("door", analyser, objects=self.objects, liveness=self.scorer)
        self.scene = scene or Scene()

    def show(self, *images: Image, after_ms: int = STEP_MS) -> Result:
        for image in images:
            self.now_ms += after_ms
            frame = Frame("door", len(self.results), self.now_ms, image, blur=self.blur)
            self.results.append(self.analysis.process(frame, self.gallery, self.scene))
        return self.results[-1]


def test_an_observation_holds_objects_and_the_crowd() -> None:
    hall = Hall()
    result = hall.show(*[paint_object(frame, VEHICLE, 20, 20, 120, 60) for frame in walk(ANNA, 8)])
    assert {one.label for one in result.observation.objects} == {"person", "vehicle"}
    crowd = result.observation.crowd
    assert crowd is not None
    assert (crowd.face_count, crowd.body_count, crowd.crowd_level) == (2, 1, "low")
    assert 0 < crowd.density_score < 1
    assert result.observation.processing_ms > 0
    assert {"objects", "crowd", "liveness"} <= set().union(*(one.stage_ms for one in hall.results))


def test_a_face_belongs_to_the_person_around_it() -> None:
    hall = Hall()
    result = hall.show(*walk(ANNA, 8))  # to the detector of objects, red paint is a person
    (face,) = result.observation.faces
    (person,) = result.observation.objects
    assert face.body == person.track_id
    assert hall.show(*[paint(room(), BEN, 500, 200)] * 8).observation.faces[0].body is None


def test_a_living_person_is_named_and_said_to_live() -> None:
    hall = Hall(Scene(liveness=Liveness.REQUIRE))
    result = hall.show(*walk(ANNA, 12))
    (what,) = [fact for fact in hall.told if isinstance(fact, Identified)]
    assert (what.presentation, what.live) == ("bona_fide", 0.98)
    assert (result.observation.faces[0].person_id, result.observation.faces[0].live) == ("anna", 0.98)


def test_a_picture_of_a_person_is_an_attack_and_not_named_where_life_is_required() -> None:
    hall = Hall(Scene(liveness=Liveness.REQUIRE), live=0.05)
    hall.show(*walk(ANNA, 12))
    assert [type(fact) for fact in hall.told if not isinstance(fact, ObjectSeen)] == [Attack]
    assert all(face.person_id is None for result in hall.results for face in result.observation.faces)


def test_a_picture_of_a_person_is_named_where_attacks_are_only_reported() -> None:
    hall = Hall(live=0.05)
    hall.show(*walk(ANNA, 70, step=5))
    kinds = [type(fact) for fact in hall.told if not isinstance(fact, ObjectSeen)]
    assert sorted(kind.__name__ for kind in kinds) == ["Attack", "Identified"]


def test_nobody_is_judged_where_liveness_is_off() -> None:
    hall = Hall(Scene(liveness=Liveness.OFF), live=0.05)
    result = hall.show(*walk(ANNA, 12))
    assert (hall.scorer.judged, result.observation.faces[0].live) == (0, None)


def test_another_scene_ends_the_tracks_of_objects_too() -> None:
    hall = Hall()
    (before,) = hall.show(*[paint_object(room(), PERSON, 248, 120)] * 8).observation.objects
    (after,) = hall.show(*[paint_object(room(seed=5), PERSON, 248, 120)] * 8).observation.objects
    assert before.track_id != after.track_id


def test_without_models_of_faces_persons_are_seen_all_the_same() -> None:
    analysis = CameraAnalysis("door", None, objects=PaintedObjects())
    results = [
        analysis.process(Frame("door", number, 1_000_000 + 200 * number, paint_object(room(), PERSON, 200, 120)), None)
        for number in range(10)
    ]
    assert [one.label for one in results[-1].observation.objects] == ["person"]
    assert [type(fact.what) for result in results for fact in result.facts] == [ObjectSeen]
    assert analysis.leave() == ()


# ── blurring ────────────────────────────────────────────────────────────────────────────────────────────────────────


def anna_and_cleo(count: int) -> list[Image]:
    """Anna, who is enrolled in most tests, walks on the left, Cleo, who is in none, on the right."""
    return [paint(image, CLEO, 420, 120 + 3 * k) for k, image in enumerate(walk(ANNA, count, x=60))]


def is_blurred(image: Image | None, left: int, top: int, side: int = 80) -> bool:
    """Whether the texture of the paint there is gone."""
    assert image is not None
    edge = side // 8
    part = image[top + edge : top + side - edge, left + edge : left + side - edge].astype(int)
    return float(np.abs(np.diff(part, n=2, axis=1)).mean()) < 1


def test_where_nobody_is_to_be_hidden_nothing_is_blurred() -> None:
    assert Camera().show(*walk(ANNA, 4)).leaving is None


@pytest.mark.parametrize(("blur", "anna_shows"), [(FaceBlur.UNKNOWN, True), (FaceBlur.ALL, False)])
def test_whose_faces_can_be_seen_follows_the_cameras_setting(blur: FaceBlur, anna_shows: bool) -> None:
    camera = Camera(blur=blur)
    pictures = anna_and_cleo(12)
    for number, image in enumerate(pictures):
        before = image.copy()
        result = camera.show(image)
        assert result.leaving is not None and result.leaving.frame_id == number
        assert is_blurred(result.leaving.image, 420, 120 + 3 * number), "from the first frame on"
        named = any(face.person_id == "anna" for face in result.observation.faces)
        assert is_blurred(result.leaving.image, 60 + 12 * number, 120) == (not named or not anna_shows)
        assert (result.leaving.image[:, -60:] == image[:, -60:]).all()
        assert (image == before).all(), "the analysis sees what the camera sees"
    assert result.observation.faces[0].person_id == "anna"


@pytest.mark.parametrize("blur", [FaceBlur.UNKNOWN, FaceBlur.ALL])
def test_of_an_alerts_pictures_only_the_face_that_it_names_can_be_recognised(blur: FaceBlur) -> None:
    camera = Camera(blur=blur)
    side_by_side = [paint(image, CLEO, 300 + 12 * k, 120) for k, image in enumerate(walk(ANNA, 16, x=210))]
    camera.show(*side_by_side)
    told = {type(fact.what): fact for result in camera.results for fact in result.facts}
    anna, cleo = told[Identified], told[Unknown]
    for fact in (anna, cleo):
        x = 210 + 12 * fact.frame_id
        assert is_blurred(fact.snapshot, x + 90, 120)
        assert is_blurred(fact.snapshot, x, 120) == (blur is FaceBlur.ALL)
    assert anna.probe is not None and cleo.probe is not None
    assert not is_blurred(anna.probe, 32, 32)
    assert is_blurred(anna.probe, 116, 60, 26), "Cleo reaches into the picture of Anna"
    assert is_blurred(cleo.probe, 0, 0, min(cleo.probe.shape[:2]))


@pytest.mark.parametrize(
    ("blur", "anna_shows", "cleo_shows"),
    [(FaceBlur.OFF, True, True), (FaceBlur.UNKNOWN, True, False), (FaceBlur.ALL, False, False)],
)
def test_what_is_kept_of_the_past_is_blurred_likewise(blur: FaceBlur, anna_shows: bool, cleo_shows: bool) -> None:
    camera = Camera(blur=blur)
    camera.show(*anna_and_cleo(16))
    left = {draft.sighting.person_id: draft.picture for draft in camera.analysis.leave()}
    assert [not is_blurred(left[person], 32, 32) for person in ("anna", None)] == [anna_shows, cleo_shows]


def test_what_the_detector_is_not_sure_of_is_blurred_and_nothing_else_comes_of_it() -> None:
    camera = Camera(blur=FaceBlur.ALL)
    camera.detector.score = 0.4
    result = camera.show(*walk(ANNA, 8))
    assert result.leaving is not None and is_blurred(result.leaving.image, 200 + 12 * 7, 120)
    assert (result.observation.faces, camera.facts) == ([], [])


def test_a_face_that_is_missed_for_a_moment_stays_blurred() -> None:
    camera = Camera(blur=FaceBlur.ALL)
    pictures = walk(ANNA, 8)
    camera.show(*pictures[:5])
    camera.detector.blind = True
    for number in (5, 6):
        result = camera.show(pictures[number])
        assert result.leaving is not None and is_blurred(result.leaving.image, 200 + 12 * number, 120)


def test_a_face_in_another_scene_is_blurred_from_its_first_frame_on() -> None:
    camera = Camera(blur=FaceBlur.ALL)
    camera.show(*walk(ANNA, 4))
    result = camera.show(paint(room(seed=5), CLEO, 40, 200))
    assert result.leaving is not None and is_blurred(result.leaving.image, 40, 200)


def test_in_a_larger_stream_others_are_blurred_out_of_the_probe_too() -> None:
    camera = Camera(blur=FaceBlur.UNKNOWN)
    small = [paint(paint(room(320, 180), ANNA, 100 + 6 * k, 60, 24), CLEO, 127 + 6 * k, 60, 24) for k in range(8)]
    large = [cv2.resize(image, (1280, 720), interpolation=cv2.INTER_LINEAR) for image in small]
    camera.show(*small, details=[Detail(1280, 720, lambda image=image: np.asarray(image)) for image in large])
    (anna,) = [fact for result in camera.results for fact in result.facts if isinstance(fact.what, Identified)]
    assert anna.probe is not None
    side = anna.probe.shape[0]
    assert side > 150, "out of the larger stream"
    assert not is_blurred(anna.probe, side // 4, side // 4, side // 2)
    assert is_blurred(anna.probe, side * 13 // 16, side * 7 // 16, side // 8)


def test_persons_and_things_bring_pictures_without_faces() -> None:
    hall = Hall(Scene(pictured=("person",)), blur=FaceBlur.ALL)
    hall.show(*walk(ANNA, 8))  # to the detector of objects, red paint is a person
    (seen,) = [fact for result in hall.results for fact in result.facts if isinstance(fact.what, ObjectSeen)]
    assert is_blurred(seen.snapshot, 200 + 12 * seen.frame_id, 120)
    assert seen.probe is not None and is_blurred(seen.probe, 32, 32)


def test_where_nobody_can_look_for_faces_everything_is_blurred() -> None:
    image = paint(room(), ANNA, 200, 120)
    result = CameraAnalysis("door", None, objects=PaintedObjects()).process(
        Frame("door", 1, 1_000_000, image, blur=FaceBlur.UNKNOWN), None
    )
    nothing = NoAnalysis().process(Frame("door", 1, 1_000_000, image, blur=FaceBlur.ALL), Gallery.empty(3), Scene())
    for one in (result, nothing):
        assert one.leaving is not None and is_blurred(one.leaving.image, 0, 0, 360)
