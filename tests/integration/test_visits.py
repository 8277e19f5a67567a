"""Persons on a clip with a known ground truth, with the real models: every visit seen, nobody named, nothing looked for
where nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from sightline.detections.classes import OUR_NAMES, parse_classes
from sightline.detections.faces import Faces
from sightline.detections.objects import Objects
from sightline.engine.vision.analysis import Analyser, FaceDetector, ObjectDetector
from sightline.engine.vision.camera_analysis import CameraAnalysis, Result
from sightline.engine.vision.object_analysis import ObjectRules
from sightline.events.fact import Identified, ObjectSeen, Unknown
from sightline.events.scene import Scene, Zone
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.files import Runtime
from sightline.models.loading import load_object_detector
from sightline.models.store import ModelStore
from sightline.testing import ServerProcess
from tests.integration.real_server import alerts, until
from tests.integration.test_recognition import frames, photographs, read, reference

VISITS = ((60, 180), (240, 420), (510, 690), (750, 840), (930, 1170), (1260, 1350))
"""First and last of the frames, looked at every 30, in which somebody is there."""
EMPTY = ((0, 30), (210, 210), (450, 480), (720, 720), (870, 900), (1230, 1230), (1380, 1380))
EARLY = 30
"""Frames by which somebody may come before the first look at which they were noted."""
ANALYSED_FPS = 2.5
PATIENCE_S = 60.0


@dataclass
class Counted:
    """A detector that counts its looks."""

    detector: ObjectDetector
    looks: int = 0

    def __post_init__(self) -> None:
        self.name, self.device, self.labels = self.detector.name, self.detector.device, self.detector.labels

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        self.looks += 1
        return self.detector.detect(image, min_score=min_score)


@dataclass
class CountedFaces:
    """A detector of faces that counts its looks."""

    detector: FaceDetector
    looks: int = 0

    def __post_init__(self) -> None:
        self.name, self.device = self.detector.name, self.detector.device

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        self.looks += 1
        return self.detector.detect(image, scale=scale, min_score=min_score)


@dataclass
class Room:
    """The clip's room, watched from beginning to end."""

    results: dict[int, Result] = field(default_factory=dict)

    @property
    def people(self) -> dict[int, int]:
        """How many persons were shown, by frame."""
        return {
            number: sum(one.label == "person" for one in result.observation.objects)
            for number, result in self.results.items()
        }


@pytest.fixture(scope="module")
def store(models_home: Path) -> ModelStore:
    return ModelStore(models_home / "models")


@pytest.fixture(scope="module")
def analyser(store: ModelStore) -> Analyser:
    return Analyser(CenterFace.load(store), DlibResnet.load(store))


@pytest.fixture(scope="module")
def detector(assets: Path, store: ModelStore) -> ObjectDetector:
    path = str(assets / "models" / "FastestDet.onnx")
    return load_object_detector(store, path, Runtime(), parse_classes(OUR_NAMES))


@pytest.fixture(scope="module")
def room(assets: Path, analyser: Analyser, detector: ObjectDetector) -> Room:
    enrolled = [
        reference(path.parent.name, analyser.analyse_image(read(path))[0], path.name)
        for path in photographs(assets)[:4]
    ]
    gallery = Gallery.of(enrolled, DlibResnet.dimensions)
    scene = Scene(zones=(Zone(name="everywhere", polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))),))
    camera, watched = CameraAnalysis("room", analyser, objects=detector), Room()
    for frame in frames(assets / "videos" / "one-by-one-person-detection.mp4", ANALYSED_FPS):
        watched.results[frame.frame_id] = camera.process(frame, gallery, scene)
    return watched


def told(room: Room, kind: type) -> list[int]:
    """The frames in which facts of this kind were told."""
    return [number for number, result in room.results.items() for fact in result.facts if isinstance(fact.what, kind)]


def test_every_visit_is_seen_and_nothing_between_them(room: Room) -> None:
    seen = [
        number
        for number, result in room.results.items()
        for fact in result.facts
        if isinstance(fact.what, ObjectSeen) and fact.what.label == "person" and fact.what.zone is None
    ]
    for first, last in VISITS:
        assert any(first - EARLY <= number <= last for number in seen), (first, last, seen)
    assert all(any(first - EARLY <= number <= last + EARLY for first, last in VISITS) for number in seen), seen
    assert len(seen) <= len(VISITS) + 1, "a visit is hardly ever told twice"


def test_persons_are_there_in_nearly_every_frame_of_a_visit_and_never_two_at_once(room: Room) -> None:
    during = [count for number, count in room.people.items() if any(a <= number <= b for a, b in VISITS)]
    assert sum(count > 0 for count in during) / len(during) >= 0.95
    assert max(room.people.values()) == 1


def test_an_empty_room_is_empty(room: Room) -> None:
    empty = [count for number, count in room.people.items() if any(a <= number <= b for a, b in EMPTY)]
    assert len(empty) >= 15
    assert not any(empty)


def test_persons_without_a_usable_face_are_never_named(room: Room) -> None:
    assert told(room, Identified) == []
    assert told(room, Unknown) == []
    assert all(not face.person_id for result in room.results.values() for face in result.observation.faces)


def test_who_is_in_the_picture_is_counted_there_and_in_its_zone(room: Room) -> None:
    for number, result in room.results.items():
        crowd = result.observation.crowd
        assert crowd is not None
        assert (crowd.body_count, crowd.zones["everywhere"]) == (room.people[number],) * 2
        assert (crowd.density_score > 0) is (crowd.body_count > 0)


def still(assets: Path, seconds: int, fps: int) -> Iterator[Frame]:
    """The empty room with the noise of a camera."""
    picture, noise = read(assets / "images" / "none" / "empty_room.jpg"), np.random.default_rng(1)
    grains = [noise.normal(0, 2, picture.shape).astype(np.int16) for _ in range(4)]
    for number in range(seconds * fps):
        image = np.clip(picture.astype(np.int16) + grains[number % len(grains)], 0, 255).astype(np.uint8)
        yield Frame("room", number, 1_000_000 + 1000 * number // fps, image)


def test_a_still_scene_takes_a_fifth_of_the_looks_at_most(
    assets: Path, analyser: Analyser, detector: ObjectDetector
) -> None:
    objects, faces = Counted(detector), CountedFaces(analyser.detector)
    seconds, fps = 30, 5
    camera = CameraAnalysis("room", Analyser(faces, analyser.embedder), objects=objects)
    for frame in still(assets, seconds, fps):
        camera.process(frame, None, Scene())
    assert objects.looks <= seconds * ObjectRules().fps / 5
    assert faces.looks <= seconds * fps / 5


async def test_a_visit_raises_the_alert_that_the_cameras_view_asks_for(
    assets: Path, start_server: Callable[..., ServerProcess]
) -> None:
    server = start_server({"object_model": str(assets / "models" / "FastestDet.onnx"), "liveness_model": "none"})
    view = {
        "zones": [{"name": "Room", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}],
        "rules": [{"label": "person", "zone": "Room", "severity": "critical"}],
    }
    async with server.client() as http:
        clip = assets / "videos" / "one-by-one-person-detection.mp4"
        camera = (await http.post("/api/cameras", json={"name": "Room", "source": f"file:{clip}"})).json()
        (await http.put(f"/api/cameras/{camera['id']}/view", json=view)).raise_for_status()
        (alert,) = await until(lambda: alerts(http), "alert", timeout_s=PATIENCE_S)
        assert (alert["type"], alert["severity"], alert["person"]) == ("person_detected", "critical", None)
        assert alert["why"]["zone"] == "Room"
        for picture in ("snapshot_url", "probe_url"):
            assert (await http.get(alert[picture])).content.startswith(b"\xff\xd8")
