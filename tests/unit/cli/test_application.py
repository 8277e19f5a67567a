"""The command as a whole: flags, exit codes, help that teaches. What commands do is tested with the real program."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from sightline import __version__
from sightline.cli import app, application
from sightline.exceptions import Unavailable
from sightline.settings import Settings, flag_name

COMMANDS = [
    "demo", "serve", "doctor", "enroll", "identify", "people list", "people show", "people remove", "cameras add",
    "cameras list", "cameras remove", "cameras token", "recordings list", "recordings export", "recordings delete",
    "models list", "models pull", "models verify", "users add",
    "users list", "users passwd", "token", "settings", "version",
]  # fmt: skip


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(runner: CliRunner, command: str) -> None:
    done = runner.invoke(app, [*command.split(), "--help"], prog_name="sightline")
    assert done.exit_code == 0
    assert f"Usage: sightline {command} " in done.stdout


def test_serve_takes_every_setting_as_a_flag(runner: CliRunner) -> None:
    help_text = runner.invoke(app, ["serve", "--help"]).stdout
    assert [name for name in Settings.model_fields if flag_name(name) not in help_text] == []


def test_settings_are_shown_with_where_they_come_from(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sightline.yaml").write_text("token_minutes: 3\n")
    monkeypatch.setenv("SIGHTLINE_DATABASE_URL", "postgresql://sightline:s3cret@db/sightline")
    monkeypatch.setenv("SIGHTLINE_REDIS_URL", "redis://:s3cret@db:6379/0")
    done = runner.invoke(app, ["settings", "--json", "--home", str(tmp_path), "--port", "9000"])
    shown = json.loads(done.stdout)
    assert list(shown) == list(Settings.model_fields)
    assert shown["port"] == {"value": 9000, "from": "flag --port"}
    assert shown["token_minutes"] == {"value": 3, "from": f"file {tmp_path / 'sightline.yaml'}"}
    assert shown["log_level"] == {"value": "info", "from": "default"}
    assert shown["database_url"]["from"] == "environment SIGHTLINE_DATABASE_URL"
    assert "s3cret" not in done.stdout


def test_the_version_is_said(runner: CliRunner) -> None:
    assert runner.invoke(app, ["--version"]).stdout.strip() == f"sightline {__version__}"
    assert __version__ in runner.invoke(app, ["version"]).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["settings", "--port", "eighty"], "port (flag --port): must be a valid integer, not 'eighty'"),
        (["settings", "--config", "none.yaml"], "there is no settings file none.yaml"),
        (["identify"], "Missing argument"),
        (["settings", "--prot", "1"], "No such option"),
    ],
)
def test_what_is_asked_wrongly_exits_with_2(
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["sightline", *arguments])
    with pytest.raises(SystemExit) as exit_:
        application.run()
    assert exit_.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unavailable("the disk is full: make room"), "sightline: the disk is full: make room"),
        (OSError("cannot open rtsp://admin:s3cret@cam/"), "sightline: cannot open rtsp://***@cam/"),
        (KeyError("surprise"), "sightline: KeyError: 'surprise'. This is a defect"),
    ],
)
def test_an_error_is_one_line_unless_debug_is_asked_for(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(application, "app", fail)
    monkeypatch.setattr(sys, "argv", ["sightline", "people", "list"])
    with pytest.raises(SystemExit) as exit_:
        application.run()
    told = capsys.readouterr()
    assert exit_.value.code == 1
    assert told.err.startswith(words)
    assert len(told.err.splitlines()) == 1
    assert told.out == ""

    monkeypatch.setattr(sys, "argv", ["sightline", "--debug", "people", "list"])
    with pytest.raises(type(error)):
        application.run()
