"""The models of a process: loaded, kept, replaced, and what is said when they cannot be."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from sightline.engine.vision.stills import Look
from sightline.events.engine_link import UseModels
from sightline.exceptions import Unavailable
from sightline.identities.similarity import Similarity
from sightline.models.manifest import FASTESTDET, ModelTask
from sightline.service.vision import VisionLoader, consensus_rules, load_vision, model_store
from sightline.settings import Settings
from tests.unit.models.graphs_made import answering, embedder

FACES, EMBEDDER, OBJECTS, LIVENESS = range(4)
"""The order of reports."""


@pytest.fixture
def settings(models_home: Path, tmp_path: Path) -> Settings:
    models = tmp_path / "models"
    models.mkdir()
    for file in (models_home / "models").iterdir():
        (models / file.name).symlink_to(file)
    return Settings(home=tmp_path, object_model="none", liveness_model=("none",))


def put(settings: Settings, name: str, content: bytes) -> str:
    (settings.models_folder / name).write_bytes(content)
    return name


def test_what_is_switched_off_or_missing_leaves_the_rest(settings: Settings) -> None:
    vision = load_vision(settings.model_copy(update={"object_model": "fastestdet"}))
    reports = vision.reports
    assert [report.loaded for report in reports] == [True, True, False, False]
    assert "sightline models pull fastestdet" in reports[OBJECTS].reason
    assert reports[LIVENESS].reason == "switched off in the settings"
    assert vision.faces is not None
    assert vision.objects is None


def test_without_a_model_of_faces_every_question_says_what_is_missing(tmp_path: Path) -> None:
    vision = load_vision(Settings(home=tmp_path))
    with pytest.raises(Unavailable, match="centerface is not here; run: sightline models pull; .*dlib"):
        vision.analyser.look(np.zeros((9, 9, 3), np.uint8), Look(("faces",), 9, 9), None)


def test_a_wish_that_changes_nothing_loads_nothing(settings: Settings) -> None:
    loader = VisionLoader(settings)
    first, again = loader.load(UseModels()), loader.load(UseModels(face_model="centerface"))
    assert first.key == again.key
    assert first.embedding_model == "dlib-face-resnet29"
    assert not loader.changed()


def test_a_model_that_cannot_be_loaded_leaves_the_one_before(settings: Settings) -> None:
    loader = VisionLoader(settings)
    first = loader.load(UseModels())
    wish = UseModels(face_model="nowhere.onnx", embedding_model=put(settings, "broken.onnx", b"no model"))
    after = loader.load(wish)
    assert (after.key, after.embedding_model) == (first.key, first.embedding_model)
    assert [report.loaded for report in after.reports[:2]] == [True, True]
    assert after.reports[FACES].reason.endswith("; centerface goes on")
    assert "broken.onnx is not an ONNX file" in after.reports[EMBEDDER].reason


def test_a_file_that_appears_or_changes_is_noticed_once_loaded_no_more(settings: Settings) -> None:
    loader = VisionLoader(settings)
    wish = UseModels(object_model="late.onnx")
    assert not loader.load(wish).reports[OBJECTS].loaded
    assert not loader.changed()
    put(settings, "late.onnx", answering({"out": np.zeros((1, 84, 8400))}))
    assert loader.changed()
    loaded = loader.load(wish)
    assert loaded.reports[OBJECTS].loaded
    assert not loader.changed()
    put(settings, "late.onnx", answering({"out": np.zeros((1, 85, 8400))}))
    assert loader.changed()
    assert loader.load(wish).key != loaded.key


def test_a_file_counts_once_its_record_is_here_too(settings: Settings) -> None:
    loader, store = VisionLoader(settings), model_store(settings)
    wish = UseModels(object_model="fastestdet")
    loader.load(wish)
    store.path(FASTESTDET).write_bytes(b"half of a pull")
    assert loader.changed()
    assert not loader.load(wish).reports[OBJECTS].loaded
    (settings.models_folder / f"{FASTESTDET.file}.json").write_bytes(b"{}")
    assert loader.changed()


def test_a_model_that_is_added_is_noticed_by_its_name(settings: Settings) -> None:
    loader, store = VisionLoader(settings), model_store(settings)
    wish = UseModels(object_model="my-yolo")
    assert not loader.load(wish).reports[OBJECTS].loaded
    content = answering({"out": np.zeros((1, 84, 8400))})
    store.add(content, name="my-yolo", task=ModelTask.OBJECT_DETECTOR, licence="MIT")
    assert loader.changed()
    assert loader.load(wish).reports[OBJECTS].name == "my-yolo"


def test_another_embedder_is_prepared_beside_and_then_not_loaded_again(settings: Settings) -> None:
    loader = VisionLoader(settings)
    name = put(settings, "mine.onnx", embedder(128, normalising=True))
    preparing = loader.load(UseModels(prepare=name))
    assert preparing.embedding_model == "dlib-face-resnet29"
    assert preparing.prepared is not None
    assert preparing.prepared_analyser is not None
    assert preparing.prepared.model_id == preparing.prepared_analyser.model_id
    shutil.copystat(settings.models_folder / name, settings.models_folder / name)
    serving = loader.load(UseModels(embedding_model=name))
    assert serving.analyser.model_id == preparing.prepared.model_id
    assert serving.embedding_model == name
    assert serving.template_size == 128
    assert serving.prepared is None


def test_an_embedder_that_cannot_be_prepared_says_why(settings: Settings) -> None:
    sight = VisionLoader(settings).load(UseModels(prepare="sface"))
    assert sight.prepared is not None
    assert "sightline models pull sface" in sight.prepared.problem
    assert sight.prepared_analyser is None


@pytest.mark.parametrize("device", ["cuda", "tensorrt", "openvino"])
def test_a_device_that_is_not_here_is_said_and_the_cpu_used(settings: Settings, device: str) -> None:
    vision = load_vision(settings.model_copy(update={"device": device}))
    for report in vision.reports[:2]:
        if report.device == device:
            pytest.skip(f"this machine has {device}")
        assert (report.loaded, report.device) == (True, "cpu")
        assert report.reason.startswith(f"{device} was asked for and is not to be had here: the CPU is used")


def test_the_rules_follow_the_embedders_distances() -> None:
    settings = Settings()
    measured = consensus_rules(settings, Similarity(0.5, 15))
    wider = consensus_rules(settings, Similarity(1.0, 7))
    assert wider.known_distance == pytest.approx(2 * measured.known_distance)
    assert wider.margin == pytest.approx(2 * measured.margin)
    assert wider.other_face_distance == pytest.approx(2 * measured.other_face_distance)
    assert wider.votes == measured.votes
