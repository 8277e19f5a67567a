"""With real child processes: what keeps an engine running, and what ends with the gateway."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.clock import SystemClock
from sightline.gateway.engines import supervisor
from sightline.gateway.engines.supervisor import EngineSupervisor

CHILD = """
import pathlib, sys
lines = [sys.stdin.readline().strip() for _ in range(2)]
with pathlib.Path(sys.argv[1]).open("a") as file:
    file.write(" ".join(lines) + "\\n")
sys.stdin.read()
"""
STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stdin.read(); signal.pause()"


def supervised(*arguments: str) -> EngineSupervisor:
    return EngineSupervisor([sys.executable, *arguments], ["token", "settings"], SystemClock())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # a child process has no event for it
            await asyncio.sleep(0.01)


async def test_child_is_handed_its_lines_and_ends_with_the_context(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    child = supervised("-c", CHILD, str(heard))
    assert child.report()["state"] == "down"
    async with child.running():
        await until(heard.exists)
        pid = child.pid
        assert pid is not None
        assert (child.report()["state"], child.report()["pid"]) == ("starting", pid)
        await until(lambda: heard.read_text() == "token settings\n")
    assert child.pid is None
    assert child.report()["reason"] == "stopped"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_killed_child_is_started_again(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    child = supervised("-c", CHILD, str(heard))
    async with child.running():
        for lives in range(1, 4):
            await until(lambda wanted=lives: heard.exists() and len(heard.read_text().splitlines()) == wanted)
            assert child.report()["restarts"] == lives - 1
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            await until(lambda wanted=lives: child.report()["restarts"] == wanted)
        assert "killed by signal 9" in child.report()["reason"]


async def test_child_that_always_fails_is_tried_less_and_less(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    really_sleep = asyncio.sleep

    async def sleep(delay_s: float) -> None:
        pauses.append(delay_s)
        await really_sleep(0)

    monkeypatch.setattr(supervisor.asyncio, "sleep", sleep)
    child = EngineSupervisor(["/no/such/program"], [], SystemClock())
    async with child.running():
        while len(pauses) < 9:
            await really_sleep(0.001)
    assert tuple(pauses[:9]) == (*supervisor.BACKOFF_S, 30.0, 30.0)
    assert "it could not be started" in child.report()["reason"]


async def test_child_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_TIMEOUT_S", 0.3)
    child = supervised("-c", STUBBORN)
    async with child.running():
        await until(lambda: child.pid is not None)
        pid = child.pid
        assert pid is not None
        await until(lambda: _ignores_sigterm(pid))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _ignores_sigterm(pid: int) -> bool:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigIgn:"):
            return bool(int(line.split()[1], 16) & (1 << (signal.SIGTERM - 1)))
    return False
