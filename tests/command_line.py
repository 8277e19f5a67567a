"""The `sightline` command on a home folder: a process of its own, forked from one that has imported the program.

Importing is most of what a short command costs. `test_cli` also starts it as a shell does.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["answer", "environment", "sightline"]

ANSWER_TIMEOUT_S = 60
IMPORTED = ["sightline.cli", "sightline.service.offline"]

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(IMPORTED)


def environment(home: Path) -> dict[str, str]:
    """Of a command on this home folder: nothing of the machine's own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    return {**inherited, "SIGHTLINE_HOME": str(home), "COLUMNS": "200"}


def sightline(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command, and sees to it that no error ever shows a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin)
        process = _forks.Process(target=_become, args=(arguments, environment(home), streams))
        process.start()
        process.join(ANSWER_TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["sightline", *arguments], ANSWER_TIMEOUT_S, stderr=streams[2].read_bytes())
        stdout, stderr = (path.read_text() for path in streams[1:])
        done = subprocess.CompletedProcess(["sightline", *arguments], process.exitcode, stdout, stderr)
        process.close()
    if "--debug" not in arguments:
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def answer(home: Path, *arguments: str, stdin: str = "") -> str:
    """What a command prints that must succeed."""
    done = sightline(home, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def _become(arguments: Sequence[str], variables: Mapping[str, str], streams: Sequence[Path]) -> None:
    """In the fork: the command, as if a shell had started it with its input and output in files."""
    from sightline.cli import main

    os.environ.clear()
    os.environ.update(variables)
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - the process's own
    sys.argv = ["sightline", *arguments]
    main()
