from __future__ import annotations

import queue
from dataclasses import replace

import cv2
import numpy as np

from sightline.clock import SystemClock
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.watching import Watching
from sightline.engine.performance import Performance
from sightline.engine.vision.analysis_pool import Analysed, AnalysisPool
from sightline.engine.vision.camera_analysis import Result
from sightline.events.engine_link import Watch
from sightline.events.fact import Sighting
from sightline.events.scene import Scene
from sightline.frames import Frame
from sightline.identities.gallery import Gallery
from sightline.privacy import FaceBlur
from tests.scripted_engine import FACT_EVERY, ScriptedAnalysis


class Blurring(ScriptedAnalysis):
    """Makes what leaves of a frame white."""

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        white = np.full_like(frame.image, 255)
        return replace(super().process(frame, gallery, scene), leaving=replace(frame, image=white))


class Bench:
    """A pool with one worker over scripted analyses."""

    def __init__(self) -> None:
        self.mailboxes = Mailboxes()
        self.watching = Watching()
        self.performance = Performance(1, 0.0)
        self.delivered: queue.Queue[Analysed] = queue.Queue()
        self.crashes: queue.Queue[tuple[str, str]] = queue.Queue()
        self.sighted: queue.Queue[tuple[Sighting, ...]] = queue.Queue()
        self.made: list[str] = []
        self.blurred: list[Frame] = []
        self.pool = AnalysisPool(
            self.mailboxes,
            self._new,
            lambda: Gallery.empty(4),
            lambda camera_id: Scene(),
            self.watching,
            self.performance,
            SystemClock(),
            deliver=self.delivered.put,
            sighted=self.sighted.put,
            crashed=lambda camera_id, what: self.crashes.put((camera_id, what)),
            workers=1,
            blurred=self.blurred.append,
        )

    def _new(self, camera_id: str) -> ScriptedAnalysis:
        self.made.append(camera_id)
        return Blurring(camera_id, "run") if camera_id == "blurring" else ScriptedAnalysis(camera_id, "run")

    def put(self, camera_id: str, frame_id: int, blur: FaceBlur = FaceBlur.OFF) -> None:
        self.mailboxes.put(Frame(camera_id, frame_id, 1_000, np.full((90, 120, 3), 90, np.uint8), blur=blur))

    def __enter__(self) -> Bench:
        self.pool.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.mailboxes.close()
        self.pool.join(5)


def test_a_camera_keeps_its_analysis_from_frame_to_frame() -> None:
    with Bench() as bench:
        results = []
        for frame_id in range(FACT_EVERY * 2):
            bench.put("hall", frame_id)
            results.append(bench.delivered.get(timeout=5))
        assert [len(result.facts) for result in results] == [0, 0, 1, 0, 0, 1]
        assert bench.made == ["hall"]
        bench.pool.forget("hall")
        bench.put("hall", 99)
        bench.delivered.get(timeout=5)
        assert bench.made == ["hall", "hall"]


def test_a_camera_that_is_read_no_more_leaves_its_sightings() -> None:
    with Bench() as bench:
        for camera_id in ("hall", "yard"):
            bench.put(camera_id, 1)
            bench.delivered.get(timeout=5)
        bench.pool.forget("hall")
        (hall,) = bench.sighted.get(timeout=5)
    (yard,) = bench.sighted.get(timeout=5)
    assert (hall.camera_id, yard.camera_id) == ("hall", "yard"), "at the end of the pool all the others do"
    picture = cv2.imdecode(np.frombuffer(hall.sample, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (8, 8, 3)


def test_facts_get_encoded_pictures_with_ids_of_their_own() -> None:
    with Bench() as bench:
        facts = []
        for frame_id in range(FACT_EVERY * 2):
            bench.put("hall", frame_id)
            facts += bench.delivered.get(timeout=5).facts
    blob_ids = [blob_id for pictured in facts for blob_id in pictured.fact.blobs.values()]
    assert len(set(blob_ids)) == 4
    for pictured in facts:
        assert set(pictured.pictures) == set(pictured.fact.blobs) == {"snapshot", "probe"}
        snapshot = cv2.imdecode(np.frombuffer(pictured.pictures["snapshot"], np.uint8), cv2.IMREAD_COLOR)
        assert snapshot is not None and snapshot.shape == (90, 120, 3)
    assert facts[0].fact.key == "run:hall:1"


def test_a_picture_is_made_only_for_those_who_look() -> None:
    with Bench() as bench:
        bench.put("hall", 1)
        assert bench.delivered.get(timeout=5).pictures == ()
        bench.watching.watch(Watch(camera_id="hall"))
        bench.put("hall", 2)
        analysed = bench.delivered.get(timeout=5)
        (picture,) = analysed.pictures
        assert picture.frame_id == analysed.observation.frame_id == 2


def test_of_a_camera_whose_faces_are_blurred_only_what_was_blurred_is_seen() -> None:
    with Bench() as bench:
        for camera_id in ("blurring", "hall"):
            bench.watching.watch(Watch(camera_id=camera_id))
        bench.put("blurring", 1, FaceBlur.UNKNOWN)
        (picture,) = bench.delivered.get(timeout=5).pictures
        shown = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None and shown.min() > 250
        bench.put("hall", 2, FaceBlur.ALL)
        assert bench.delivered.get(timeout=5).pictures == (), "nobody has blurred it"
        bench.put("hall", 3)
        assert len(bench.delivered.get(timeout=5).pictures) == 1
    assert [(frame.frame_id, int(frame.image.min())) for frame in bench.blurred] == [(1, 255)]


def test_a_crash_costs_neither_the_worker_nor_the_other_cameras() -> None:
    with Bench() as bench:
        bench.put("poison", 1)
        assert bench.crashes.get(timeout=5) == ("poison", "ValueError: this camera's pictures are poison")
        bench.put("hall", 1)
        assert bench.delivered.get(timeout=5).observation.camera_id == "hall"
        bench.put("poison", 2)
        assert bench.crashes.get(timeout=5)[0] == "poison"


def test_stages_are_measured() -> None:
    with Bench() as bench:
        bench.put("hall", 1)
        bench.delivered.get(timeout=5)
    medians = bench.performance.medians_ms()
    assert medians["detect"] == 2.0
    assert {"wait", "encode", "total"} <= set(medians)
