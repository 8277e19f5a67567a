"""Presentation attacks with the real models: prints and screens are told from living faces over a track."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.engine.vision.analysis import Analyser, LivenessScorer
from sightline.engine.vision.camera_analysis import CameraAnalysis, Result
from sightline.events.fact import Attack
from sightline.events.observation import TrackedFace
from sightline.events.scene import Liveness, Scene
from sightline.frames import Frame
from sightline.identities.gallery import Gallery
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.files import Runtime
from sightline.models.loading import load_liveness
from sightline.models.store import ModelStore
from tests.integration.test_recognition import frames, read

NETWORKS = ("minifasnet_v2_2.7_80x80.onnx", "minifasnet_v1se_4.0_80x80.onnx")
REQUIRE = Scene(liveness=Liveness.REQUIRE)


@pytest.fixture(scope="module")
def store(models_home: Path) -> ModelStore:
    return ModelStore(models_home / "models")


@pytest.fixture(scope="module")
def analyser(store: ModelStore) -> Analyser:
    return Analyser(CenterFace.load(store), DlibResnet.load(store))


@pytest.fixture(scope="module")
def scorer(assets: Path, store: ModelStore) -> LivenessScorer:
    return load_liveness(store, [str(assets / "models" / name) for name in NETWORKS], Runtime())


def shown(analyser: Analyser, scorer: LivenessScorer, path: Path, gallery: Gallery | None = None) -> list[Result]:
    """A picture held before the camera for three seconds, or a clip, analysed five times a second."""
    camera = CameraAnalysis("desk", analyser, liveness=scorer)
    if path.suffix == ".jpg":
        picture = read(path)
        held = [Frame("desk", number, 1_000_000 + 200 * number, picture) for number in range(15)]
    else:
        held = list(frames(path))
    return [camera.process(frame, gallery, REQUIRE) for frame in held]


def attacks(results: list[Result]) -> int:
    return sum(isinstance(fact.what, Attack) for result in results for fact in result.facts)


def judged(results: list[Result]) -> list[TrackedFace]:
    return [face for result in results for face in result.observation.faces if face.live is not None]


@pytest.mark.parametrize("name", ["attack_F1.jpg", "attack_F2.jpg"])
def test_a_print_and_a_screen_are_attacks_told_once(
    assets: Path, analyser: Analyser, scorer: LivenessScorer, name: str
) -> None:
    results = shown(analyser, scorer, assets / "images" / "spoof" / name)
    assert attacks(results) == 1
    assert not any(face.person_id for result in results for face in result.observation.faces)
    assert 0 <= (judged(results)[-1].live or 0) < 0.5


def test_a_living_face_is_none(assets: Path, analyser: Analyser, scorer: LivenessScorer) -> None:
    results = shown(analyser, scorer, assets / "images" / "spoof" / "live_T1.jpg")
    assert attacks(results) == 0
    assert (judged(results)[-1].live or 0) > 0.9


def test_people_at_their_desks_are_no_attacks_hands_before_their_faces_or_not(
    assets: Path, analyser: Analyser, scorer: LivenessScorer
) -> None:
    clips = sorted((assets / "videos" / "webcam").glob("*.mkv"))
    assert len(clips) >= 5
    results = {clip.stem: shown(analyser, scorer, clip) for clip in clips}
    assert {name: attacks(one) for name, one in results.items()} == dict.fromkeys(results, 0)
    assert all(judged(one) for one in results.values())
