"""The demo camera through the real models: what a visitor sees is recognised, not staged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.camera_analysis import CameraAnalysis, FactDraft
from sightline.events.fact import Identified, Unknown
from sightline.frames import Frame
from sightline.identities.gallery import Gallery, Reference
from sightline.ingest.demo import DemoScene
from sightline.ingest.demo_script import SCENE_S, figures_at
from sightline.ingest.demo_walkers import PICTURE_FILES, Walker
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.store import ModelStore

SCENES = 5
STEP_S = 0.2
START_MS = 1_800_000_000_000


@pytest.fixture(scope="module")
def facts(models_home: Path) -> list[FactDraft]:
    """Everything that is recognised in the first scenes, at five frames a second of the scene's own time."""
    pictures = models_home / "models"
    store = ModelStore(pictures)
    analyser = Analyser(CenterFace.load(store), DlibResnet.load(store))
    photo = cv2.imread(str(pictures / PICTURE_FILES[Walker.COLLINS]))
    assert photo is not None
    (face,) = analyser.analyse_image(np.asarray(photo, np.uint8))
    vector = np.frombuffer(face.vector, "<f4").astype(np.float32)
    gallery = Gallery.of([Reference("r1", Walker.COLLINS, vector)], len(vector))
    return list(_recognised(DemoScene(pictures), CameraAnalysis("demo", analyser), gallery))


def _recognised(scene: DemoScene, analysis: CameraAnalysis, gallery: Gallery) -> Iterator[FactDraft]:
    for number in range(round(SCENES * SCENE_S / STEP_S)):
        at_s = number * STEP_S
        if number % 2 and not figures_at(at_s) and not figures_at(at_s - 2.0):
            continue  # an empty hall at half the rate: the test has better things to do
        frame = Frame("demo", number, START_MS + round(at_s * 1000), scene.render(at_s))
        yield from analysis.process(frame, gallery).facts


def second_of(fact: FactDraft) -> float:
    return (fact.timestamp - START_MS) / 1000


def test_a_named_and_an_unknown_person_appear_within_ten_seconds(facts: list[FactDraft]) -> None:
    named = [second_of(fact) for fact in facts if isinstance(fact.what, Identified)]
    unknown = [second_of(fact) for fact in facts if isinstance(fact.what, Unknown)]
    assert named[0] < 10
    assert unknown[0] < 10


def test_in_every_scene_each_is_recognised_as_who_they_are(facts: list[FactDraft]) -> None:
    for scene in range(SCENES):
        begin_s = scene * SCENE_S
        cast = {figure.walker for figure in figures_at(begin_s + 5.5)}
        here = [fact.what for fact in facts if begin_s <= second_of(fact) < begin_s + SCENE_S]
        named = {what.person_id for what in here if isinstance(what, Identified)}
        assert named == ({Walker.COLLINS} if Walker.COLLINS in cast else set()), scene
        assert any(isinstance(what, Unknown) for what in here) == (Walker.HOPPER in cast), scene


def test_the_stranger_is_the_same_stranger_each_time(facts: list[FactDraft]) -> None:
    strangers = [fact.what.subject_id for fact in facts if isinstance(fact.what, Unknown)]
    assert len(strangers) >= 2
    assert len(set(strangers)) == 1
