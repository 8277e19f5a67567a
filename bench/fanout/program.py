"""A program under measurement, in a process of its own: commands and answers are lines of JSON on its pipes."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench import processes

__all__ = ["Program", "allow_many_files"]

STOP_S = 10.0
ANSWER_S = 120.0
LINE_BYTES = 16 * 1024 * 1024


class Program:
    """Runs while in its `async with` block, confined to one core."""

    def __init__(self, command: Sequence[str], *, core: int, folder: Path | None = None) -> None:
        self._command = command
        self._core = core
        self._folder = folder

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=LINE_BYTES, cwd=self._folder
        )
        processes.pin(self._process.pid, self._core)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    @property
    def cpu_s(self) -> float:
        """CPU time of the process so far, in all its threads."""
        return processes.cpu_seconds(self._process.pid)

    @property
    def memory_kib(self) -> int:
        """What it holds in memory (VmRSS)."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise ProcessLookupError(self._process.pid)

    async def ask(self, **command: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer. Raises `RuntimeError` when the program has ended, or says that
        there was a problem."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        """The next line that it writes. Raises `TimeoutError` when there is none for long."""
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_S):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command[-1]} has ended")
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            raise RuntimeError(answer["problem"])
        return answer


def allow_many_files() -> int:
    """Raises this process's soft limit of open files as far as it may go; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
