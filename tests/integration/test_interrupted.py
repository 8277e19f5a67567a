"""Ctrl-C, whenever somebody changes their mind: no traceback of the command or of its children, and no crash."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

PATIENCE_S = 60
INTERRUPTED_WHILE_LOADING = """
import os, signal, sys

class Somebody:
    def find_spec(self, name, path=None, target=None):
        if name == "sightline.settings":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Somebody())
from sightline.cli import main

main()
"""


def command(home: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """The command in the foreground of a terminal of its own, as it were."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "sightline", *arguments],
        env={**inherited, "SIGHTLINE_HOME": str(home), "SIGHTLINE_LOG_FORMAT": "console", **variables},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Ctrl-C reaches the whole foreground; status and what was said from then on."""
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, output


def test_while_the_command_is_loaded() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_LOADING], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert (ended.returncode, ended.stdout + ended.stderr) == (130, "")


def test_while_the_server_and_its_children_begin(home: Path) -> None:
    process = command(home, "serve", "--port", "0")
    assert process.stdout is not None
    said = next(line for line in process.stdout if "engine_started" in line)
    status, output = interrupt(process)
    assert status == 0, said + output
    assert "Traceback" not in output
    assert "Error" not in output


def test_while_the_agent_waits_for_a_camera_that_says_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/desk"
        process = command(
            tmp_path, "agent", "--user", "Ada", "--source", source, "--status-port", "0", "--dry-run",
            SIGHTLINE_AGENT_TOKEN="slm_token",
        )  # fmt: skip
        silent.settimeout(PATIENCE_S)
        with silent.accept()[0]:
            assert interrupt(process) == (130, "")
