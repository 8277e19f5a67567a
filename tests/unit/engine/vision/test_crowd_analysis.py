"""People counted, in all and by zone, and crowds told."""

from __future__ import annotations

from sightline.engine.vision.crowd_analysis import CrowdAnalysis
from sightline.engine.vision.telling import FactDraft
from sightline.events.fact import CrowdChanged
from sightline.events.observation import CrowdSeen
from sightline.events.scene import CrowdWatch, Scene, Zone
from sightline.frames import Frame
from tests.painted_faces import room

LEFT = Zone(name="left", polygon=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
BODIES = [(40.0 * k, 100.0, 40.0 * k + 30, 200.0) for k in range(12)]
"""Twelve people in a row; eight of them stand in the left half of 640 px."""


class Camera:
    def __init__(self, *watches: CrowdWatch) -> None:
        self.analysis = CrowdAnalysis("door")
        self.scene = Scene(zones=(LEFT,), crowds=watches)
        self.now_ms = 1_000_000
        self.facts: list[FactDraft] = []

    def show(self, bodies: int, *, seconds: int = 1, faces: int = 0) -> CrowdSeen:
        for _ in range(5 * seconds):
            self.now_ms += 200
            frame = Frame("door", 1, self.now_ms, room())
            seen, facts = self.analysis.process(frame, BODIES[:faces], BODIES[:bodies], self.scene)
            self.facts += facts
        return seen

    @property
    def told(self) -> list[tuple[str | None, bool, int]]:
        whats = [fact.what for fact in self.facts]
        return [(what.zone, what.crowded, what.most) for what in whats if isinstance(what, CrowdChanged)]


def test_people_are_counted_by_zone() -> None:
    seen = Camera().show(12)
    assert (seen.face_count, seen.body_count, seen.crowd_level) == (0, 12, "very_high")
    assert seen.zones == {"left": 8}


def test_faces_count_where_their_bodies_stand() -> None:
    camera = Camera()
    faces = [(40.0, 20.0, 60.0, 40.0), (400.0, 20.0, 420.0, 40.0)]
    seen, _ = camera.analysis.process(Frame("door", 1, 1, room()), faces, [], camera.scene)
    assert (seen.face_count, seen.zones) == (2, {"left": 1})


def test_a_crowd_and_its_end_are_told_once() -> None:
    camera = Camera(CrowdWatch(threshold=10, over_ms=2_000, under_ms=4_000))
    camera.show(3, seconds=10)
    camera.show(11, seconds=1)
    camera.show(12, seconds=20)
    camera.show(2, seconds=20)
    assert camera.told == [(None, False, 3), (None, True, 12), (None, False, 2)]
    assert len({fact.key for fact in camera.facts}) == 3
    assert [fact.snapshot is not None for fact in camera.facts] == [False, True, False]


def test_each_watch_has_its_own_limit_and_zone() -> None:
    camera = Camera(CrowdWatch(threshold=7, zone="left", over_ms=1_000), CrowdWatch(threshold=12, over_ms=1_000))
    camera.show(12, seconds=15)
    assert camera.told == [("left", True, 8), (None, False, 12)]


def test_a_zone_that_is_gone_holds_nobody() -> None:
    camera = Camera(CrowdWatch(threshold=0, zone="elsewhere", under_ms=1_000))
    camera.show(12, seconds=3)
    assert camera.told == [("elsewhere", False, 0)]


def test_a_camera_that_is_analysed_every_ten_seconds_sees_crowds_too() -> None:
    camera = Camera(CrowdWatch(threshold=10))
    for number in range(6):
        frame = Frame("door", number, 1_000_000 + 10_000 * number, room())
        camera.facts += camera.analysis.process(frame, [], BODIES[:11], camera.scene)[1]
    assert camera.told == [(None, True, 11)]


def test_what_was_not_seen_does_not_count_as_time() -> None:
    camera = Camera(CrowdWatch(threshold=10, over_ms=3_000))
    camera.show(11, seconds=2)
    camera.now_ms += 60_000
    camera.show(11, seconds=2)
    assert camera.told == []
