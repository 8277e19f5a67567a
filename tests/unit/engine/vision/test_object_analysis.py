"""The objects of one camera, from pixels to facts, with painted ones."""

from __future__ import annotations

import pytest

from sightline.engine.vision.object_analysis import ObjectAnalysis, ObjectRules
from sightline.engine.vision.telling import FactDraft
from sightline.events.fact import LineCrossed, ObjectSeen
from sightline.events.observation import TrackedObject
from sightline.events.scene import Direction, Line, Scene, Zone
from sightline.frames import Frame, Image
from sightline.tracks.vote import VoteRules
from tests.painted_faces import room
from tests.painted_objects import PERSON, PHONE, VEHICLE, PaintedObjects, paint_object

STEP_MS = 200
LEFT = Zone(name="left", polygon=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
ALL = Zone(name="all", polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
MIDDLE = Line(name="middle", start=(0.5, 1.0), end=(0.5, 0.0))


class Camera:
    """A camera whose pictures the test makes, five a second, of which two a second are looked at."""

    def __init__(self, scene: Scene | None = None, rules: ObjectRules | None = None) -> None:
        self.detector = PaintedObjects()
        self.analysis = ObjectAnalysis("door", self.detector, rules)
        self.scene = scene or Scene()
        self.now_ms = 1_000_000
        self.frames = 0
        self.facts: list[FactDraft] = []

    def show(self, *images: Image, stirred: bool = True) -> list[TrackedObject]:
        shown: list[TrackedObject] = []
        for image in images:
            self.now_ms += STEP_MS
            self.frames += 1
            frame = Frame("door", self.frames, self.now_ms, image)
            shown, facts = self.analysis.process(frame, self.scene, stirred=stirred)
            self.facts += facts
        return shown

    @property
    def seen(self) -> list[tuple[str, str | None]]:
        return [(fact.what.label, fact.what.zone) for fact in self.facts if isinstance(fact.what, ObjectSeen)]

    @property
    def crossings(self) -> list[tuple[str, Direction]]:
        return [(fact.what.line, fact.what.direction) for fact in self.facts if isinstance(fact.what, LineCrossed)]


def walk(count: int, *, x: int = 60, step: int = 20, colour: tuple[int, int, int] = PERSON) -> list[Image]:
    return [paint_object(room(), colour, x + step * k, 150) for k in range(count)]


def test_a_person_is_told_once_and_shown_on_one_track() -> None:
    camera = Camera()
    camera.show(*walk(20))
    assert camera.seen == [("person", None)]
    (shown,) = camera.show(*walk(1, x=460))
    what = camera.facts[0].what
    assert isinstance(what, ObjectSeen)
    assert (shown.track_id, shown.label, shown.confidence) == (what.track_id, "person", 0.8)
    assert [look.confidence for look in what.looks] == [0.8, 0.8]
    assert what.model_id == "painted-objects"
    assert what.first_seen == 1_000_200
    assert camera.facts[0].key == f"{what.track_id}:seen:"


def test_it_is_looked_twice_a_second_while_something_stirs() -> None:
    camera = Camera()
    camera.show(*walk(25))
    assert camera.detector.looks == 10


def test_where_nothing_stirs_nothing_is_looked_for_and_who_is_there_stays() -> None:
    camera = Camera()
    camera.show(*walk(10))
    looks = camera.detector.looks
    still = walk(1, x=240)[0]
    camera.show(still)
    (shown,) = camera.show(*[still] * 45, stirred=False)
    assert camera.detector.looks - looks <= 2
    assert camera.facts[0].key == f"{shown.track_id}:seen:"
    camera.show(*[still] * 10, stirred=False)
    assert camera.seen == [("person", None)]


def test_all_of_a_still_picture_is_looked_at_now_and_then() -> None:
    camera = Camera()
    camera.show(room())
    camera.show(*[room()] * 154, stirred=False)  # 31 s
    assert camera.detector.looks == 4


def test_who_stands_still_at_once_is_confirmed_all_the_same() -> None:
    camera = Camera()
    picture = walk(1)[0]
    camera.show(picture)
    camera.show(*[picture] * 5, stirred=False)
    assert camera.seen == [("person", None)]


def test_a_phone_needs_four_looks_of_six() -> None:
    camera = Camera()
    picture = paint_object(room(), PHONE, 200, 200, 20, 30)
    while camera.detector.looks < 3:
        camera.show(picture)
    assert camera.seen == []
    assert camera.show(picture) == []
    while camera.detector.looks < 4:
        camera.show(picture)
    assert camera.seen == [("phone", None)]


def test_a_phone_that_comes_and_goes_is_none() -> None:
    camera = Camera()
    while camera.detector.looks < 24:
        camera.detector.blind = bool(camera.detector.looks % 2)
        camera.show(paint_object(room(), PHONE, 200, 200, 20, 30))
    assert camera.seen == []


def test_a_score_below_the_votes_does_not_count() -> None:
    camera = Camera(rules=ObjectRules(votes={"person": VoteRules(needed=2, window=3, min_score=0.9)}))
    camera.show(*walk(20))
    assert camera.seen == []


def test_each_zone_is_told_when_it_is_entered() -> None:
    camera = Camera(Scene(zones=(LEFT, ALL)))
    camera.show(*walk(28, x=540, step=-20))
    assert camera.seen == [("person", None), ("person", "all"), ("person", "left")]
    keys = [fact.key for fact in camera.facts]
    assert len(set(keys)) == 3
    assert keys[-1].endswith(":seen:left")


def test_a_line_is_crossed_both_ways() -> None:
    camera = Camera(Scene(lines=(MIDDLE,)))
    camera.show(*walk(20, x=120))
    camera.show(*walk(20, x=500, step=-20))
    assert camera.crossings == [("middle", Direction.IN), ("middle", Direction.OUT)]
    crossed = [fact.key for fact in camera.facts if isinstance(fact.what, LineCrossed)]
    assert len(set(crossed)) == 2


def test_a_line_drawn_later_counts_from_then_on() -> None:
    camera = Camera()
    camera.show(*walk(10, x=120))
    camera.scene = Scene(lines=(MIDDLE,))
    camera.show(*walk(12, x=320, step=10))
    assert camera.crossings == []
    camera.show(*walk(20, x=440, step=-20))
    assert camera.crossings == [("middle", Direction.OUT)]


def test_labels_are_tracked_apart() -> None:
    camera = Camera()
    camera.show(*[paint_object(frame, VEHICLE, 400, 40, 120, 60) for frame in walk(12)])
    assert sorted(camera.seen) == [("person", None), ("vehicle", None)]


def test_pictures_come_only_with_labels_that_are_asked_for() -> None:
    camera = Camera(Scene(pictured=("person",)))
    camera.show(*[paint_object(frame, VEHICLE, 400, 40, 120, 60) for frame in walk(12)])
    pictured = {fact.what.label: fact.snapshot is not None and fact.probe is not None for fact in camera.facts}  # type: ignore[union-attr]
    assert pictured == {"person": True, "vehicle": False}


@pytest.mark.parametrize("fps", [0.0])
def test_a_camera_may_do_without(fps: float) -> None:
    camera = Camera()
    camera.show(*walk(10))
    camera.scene = Scene(objects_fps=fps)
    assert camera.show(*walk(10)) == []
    looks = camera.detector.looks
    camera.show(*walk(10))
    assert camera.detector.looks == looks


def test_a_camera_may_look_more_often() -> None:
    camera = Camera(Scene(objects_fps=5.0))
    camera.show(*walk(20))
    assert camera.detector.looks == 20


def test_a_camera_that_is_analysed_every_five_seconds_sees_persons_too() -> None:
    camera = Camera()
    for number in range(8):
        camera.now_ms += 4_800
        camera.show(paint_object(room(), PERSON, 60 + 20 * number, 150))
    assert camera.seen == [("person", None)]


def test_another_scene_ends_every_track() -> None:
    camera = Camera()
    (before,) = camera.show(*walk(10))
    camera.analysis.end()
    (after,) = camera.show(*walk(10))
    assert before.track_id != after.track_id


def test_a_clock_that_is_set_back_does_not_stop_the_looking() -> None:
    camera = Camera()
    camera.show(*walk(5))
    camera.now_ms -= 3_600_000
    looks = camera.detector.looks
    camera.show(*walk(10))
    assert camera.detector.looks - looks >= 4
