"""`sightline models`: what it cannot do, it says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli.application import app
from sightline.exceptions import SightlineError

ADD = ("add", "nowhere.onnx", "--name", "x", "--licence", "MIT", "--task")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("pull", "--tier", "best"), "there is no tier best; there are: embedded, recommended, small-extras"),
        (("pull", "another"), "there is no model another; known: centerface"),
        (("pull", "minifasnet-v2"), "SIGHTLINE_MODEL_MIRROR"),
        ((*ADD, "dreaming"), "there is no task dreaming"),
        (("add", "http://x", *ADD[2:], "liveness"), "must be https"),
        (("add", "https://x", *ADD[2:], "liveness"), "--sha256 and --bytes"),
        (("add", "x", "--name", "x", "--task", "liveness", "--licence", "CC-BY-NC-4.0"), "--accept-licence"),
        (("use",), "say which model to change"),
        (("verify",), "not all models are here"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], problem: str) -> None:
    done = CliRunner().invoke(app, ["models", *words, "--home", str(tmp_path)])
    assert isinstance(done.exception, SightlineError)
    assert problem in str(done.exception)


def test_a_file_with_another_hash_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "mine.onnx"
    file.write_bytes(b"something")
    words = [
        "models",
        "add",
        str(file),
        "--name",
        "x",
        "--task",
        "liveness",
        "--licence",
        "MIT",
        "--home",
        str(tmp_path),
    ]
    other = hashlib.sha256(b"something else").hexdigest()
    done = CliRunner().invoke(app, [*words, "--sha256", other])
    assert "does not have the expected hash" in str(done.exception)
    assert not (tmp_path / "models").exists()
