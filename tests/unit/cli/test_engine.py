from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli.application import app
from sightline.exceptions import ConfigurationError

HERE = "http://127.0.0.1:9"
THERE = "https://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which gateway?"),
        (["--gateway", HERE], "an engine needs its token"),
        (["--gateway", "somewhere", "--token", "slm_x"], "is no gateway"),
        (["--gateway", HERE, "--token", "a", "--token-file", "b"], "not both"),
        (["--gateway", HERE, "--token-file", "/nowhere"], "cannot be read"),
        (["--gateway", HERE, "--token", "a", "--ca-file", "ca.pem"], "begin with https:"),
        (["--gateway", THERE, "--token", "a", "--ca-file", "/nowhere"], "cannot be used as an authority"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["engine", "--home", str(tmp_path), *arguments])
    assert isinstance(result.exception, ConfigurationError)
    assert words in str(result.exception)


def test_an_empty_authority_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    arguments = ["engine", "--gateway", THERE, "--token", "a", "--ca-file", str(empty)]
    assert "no certificate" in str(CliRunner().invoke(app, arguments).exception)


def test_the_environment_may_say_where_and_who(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_ENGINE_GATEWAY", "nowhere, https://b.example")
    monkeypatch.setenv("SIGHTLINE_ENGINE_TOKEN", "slm_x")
    result = CliRunner().invoke(app, ["engine", "--home", str(tmp_path)])
    assert "'nowhere' is no gateway" in str(result.exception)
