from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.exceptions import Unavailable
from sightline.service.lock import RunningServer, ServerLock, running_server

SERVER = RunningServer("http://127.0.0.1:1", 5, "token")
OWNER = """
import pathlib, sys
from sightline.service.lock import RunningServer, ServerLock
with ServerLock(pathlib.Path(sys.argv[1]) / "run") as lock:
    lock.publish(RunningServer("http://127.0.0.1:2", 6, "t"))
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    with ServerLock(tmp_path / "run"):
        with pytest.raises(Unavailable, match=str(tmp_path)), ServerLock(tmp_path / "run"):
            pass
        with ServerLock(tmp_path / "another" / "run"):
            pass
    with ServerLock(tmp_path / "run"):
        pass


def test_server_is_found_while_it_runs_and_has_said_where(tmp_path: Path) -> None:
    assert running_server(tmp_path) is None
    with ServerLock(tmp_path / "run") as lock:
        assert running_server(tmp_path) is None
        lock.publish(SERVER)
        assert running_server(tmp_path) == SERVER
        lock.publish(SERVER)
    assert running_server(tmp_path) is None
    assert not (tmp_path / "run" / "server.json").exists()


def test_only_the_owner_may_read_the_token(tmp_path: Path) -> None:
    with ServerLock(tmp_path / "run") as lock:
        lock.publish(SERVER)
        assert (tmp_path / "run").stat().st_mode & 0o077 == 0
        for file in (tmp_path / "run").iterdir():
            assert file.stat().st_mode & 0o077 == 0


def test_damaged_note_is_no_server(tmp_path: Path) -> None:
    with ServerLock(tmp_path / "run"):
        (tmp_path / "run" / "server.json").write_text("{")
        assert running_server(tmp_path) is None


def test_lock_ends_with_its_process_however_that_dies(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"mine\n"
        running = running_server(tmp_path)
        assert running is not None
        assert running.url == "http://127.0.0.1:2"
        with pytest.raises(Unavailable), ServerLock(tmp_path / "run"):
            pass
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    assert (tmp_path / "run" / "server.json").exists(), "nobody tidied up"
    assert running_server(tmp_path) is None
    with ServerLock(tmp_path / "run"):
        assert running_server(tmp_path) is None, "what the dead one left is gone"


def test_failure_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ServerLock(tmp_path / "run"):
        raise ZeroDivisionError
    with ServerLock(tmp_path / "run"):
        pass
