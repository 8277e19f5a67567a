from __future__ import annotations

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli.application import app
from sightline.engine.spooling.spool_disk import SpoolDisk
from sightline.engine.standing import Standing
from sightline.exceptions import Unavailable
from sightline.service.engine_record import SPOOL_FOLDER, write_record
from sightline.service.lock import RunningServer, ServerLock


@pytest.mark.parametrize(
    ("age_ms", "problem", "code", "words"),
    [
        (0, "", 0, "reads 2 cameras, load 50%; linked to https://gateway.example"),
        (0, "refused", 0, "no link to https://gateway.example: refused"),
        (3_600_000, "", 1, "has stood still for 36"),
    ],
)
def test_of_an_engine(tmp_path: Path, age_ms: int, problem: str, code: int, words: str) -> None:
    spool = SpoolDisk(tmp_path / SPOOL_FOLDER)
    standing = Standing("https://gateway.example", problem, 2, 0.5, 0, [])
    write_record(tmp_path, standing, round(time.time() * 1000) - age_ms)
    result = CliRunner().invoke(app, ["health", "--home", str(tmp_path)])
    spool.close()
    assert result.exit_code == code
    assert words in f"{result.output}{result.exception}"


def test_of_nothing_and_of_a_server_that_does_not_answer(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["health", "--home", str(tmp_path)])
    assert isinstance(result.exception, Unavailable) and "no server and no engine" in str(result.exception)
    with ServerLock(tmp_path / "run") as lock:
        lock.publish(RunningServer("http://127.0.0.1:9", 7, "token"))
        result = CliRunner().invoke(app, ["health", "--home", str(tmp_path)])
    assert isinstance(result.exception, Unavailable) and "process 7, does not answer" in str(result.exception)
