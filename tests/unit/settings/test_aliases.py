"""Older names of environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.environment_aliases import MODEL_ALIASES
from sightline.exceptions import ConfigurationError
from sightline.settings import Settings, load


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path))
    for variable in MODEL_ALIASES:
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_they_stand_for_settings_that_there_are() -> None:
    assert set(MODEL_ALIASES.values()) <= set(Settings.model_fields)


def test_they_count_more_than_the_file_and_less_than_our_own(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_home / "sightline.yaml").write_text("face_model: from-the-file\nobject_model: from-the-file\n")
    monkeypatch.setenv("FACE_MODEL_PATH", "/models/face.onnx")
    monkeypatch.setenv("BODY_MODEL_PATH", "/models/body.onnx")
    monkeypatch.setenv("SIGHTLINE_OBJECT_MODEL", "yolox")
    loaded = load()
    assert (loaded.settings.face_model, loaded.settings.object_model) == ("/models/face.onnx", "yolox")
    assert loaded.origins["face_model"] == "environment FACE_MODEL_PATH"
    assert loaded.origins["object_model"] == "environment SIGHTLINE_OBJECT_MODEL"


@pytest.mark.parametrize(
    ("gpu", "tensorrt", "device"),
    [("True", "False", "cuda"), ("true", "1", "tensorrt"), ("no", "", "cpu"), ("", "yes", "tensorrt")],
)
def test_the_device_follows_both_switches(
    monkeypatch: pytest.MonkeyPatch, gpu: str, tensorrt: str, device: str
) -> None:
    monkeypatch.setenv("USE_GPU", gpu)
    monkeypatch.setenv("TENSORRT_ENABLED", tensorrt)
    assert load().settings.device == device


def test_a_switch_is_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USE_GPU", "perhaps")
    with pytest.raises(ConfigurationError, match="USE_GPU must be true or false, not 'perhaps'"):
        load()
