"""Older names of environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.environment_aliases import MODEL_ALIASES, PLAIN_ALIASES
from sightline.exceptions import ConfigurationError
from sightline.settings import Settings
from sightline.settings_sources import load


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path))
    for variable in (*MODEL_ALIASES, *PLAIN_ALIASES, "DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_they_stand_for_settings_that_there_are() -> None:
    assert {*MODEL_ALIASES.values(), *PLAIN_ALIASES.values()} <= set(Settings.model_fields)


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


def test_the_names_of_the_server_of_workstations_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("MaxPipeline", "3"), ("MaxClientPerPipeline", "7"), ("GPU_MEM_THRESHOLD", "0.6"), ("NAMESPACE", "office"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    settings = load().settings
    assert (settings.max_pipelines, settings.max_clients_per_pipeline) == (3, 7)
    assert (settings.gpu_mem_threshold, settings.namespace) == (0.6, "office")


def test_a_switch_is_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USE_GPU", "perhaps")
    with pytest.raises(ConfigurationError, match="USE_GPU must be true or false, not 'perhaps'"):
        load()


def test_the_settings_of_the_older_server_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    older = {
        "HOST": "0.0.0.0", "PORT": "8123", "DEBUG": "False", "CONFIDENCE_THRESHOLD": "0.4", "CROWD_THRESHOLD": "7",
        "MAX_FRAME_SIZE": "800", "MAX_CONCURRENT_CONNECTIONS": "12", "LOG_LEVEL": "WARNING",
        "LOG_FILE": "./logs/app.log",
    }  # fmt: skip
    for name, value in older.items():
        monkeypatch.setenv(name, value)
    settings = load().settings
    assert (settings.host, settings.port, settings.log_level) == ("0.0.0.0", 8123, "warning")
    assert settings.log_file == Path("logs/app.log")
    assert (settings.confidence_threshold, settings.crowd_threshold) == (0.4, 7)
    assert (settings.max_frame_side, settings.max_frame_connections) == (800, 12)
    monkeypatch.setenv("DEBUG", "True")
    assert load().settings.log_level == "debug"
    monkeypatch.setenv("DEBUG", "some:other:program")
    assert load().settings.log_level == "warning"


def test_a_value_that_does_not_fit_names_the_older_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDENCE_THRESHOLD", "high")
    with pytest.raises(ConfigurationError, match="environment CONFIDENCE_THRESHOLD"):
        load()
