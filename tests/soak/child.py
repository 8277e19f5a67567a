"""A process of its own for clients, so that SIGSTOP can freeze them: asked over a pipe, one JSON line each way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tests.soak.history import Event

__all__ = ["Child", "answer_parent", "read_history", "write_history"]

ANSWER_S = 60.0
POLL_S = 0.05
REPOSITORY = Path(__file__).parents[2]

_histories = msgspec.json.Decoder(dict[str, list[Event]])


class Child:
    """`python -m module`, started with `config`. An async context manager; it is killed at the end."""

    def __init__(self, module: str, config: Mapping[str, Any]) -> None:
        self._module = module
        self._config = config

    async def __aenter__(self) -> Child:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, msgspec.json.encode(self._config).decode(),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY, limit=2**26,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def ask(self, what: str, **parameters: Any) -> Any:
        """Its answer. Raises `TimeoutError`, and `RuntimeError` when it has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode({"ask": what} | parameters) + b"\n")
        async with asyncio.timeout(ANSWER_S):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module} has ended")
        return msgspec.json.decode(line)

    async def until(self, what: str, is_so: Callable[[Any], bool], timeout_s: float = ANSWER_S) -> Any:
        """Asks until the answer is as wanted; returns it. Raises `TimeoutError` that shows the last one."""
        answer = None
        try:
            async with asyncio.timeout(timeout_s):
                while not is_so(answer := await self.ask(what)):  # noqa: ASYNC110  # asks over a pipe
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise TimeoutError(f"{self._module}: after {timeout_s:g} s {what} is still {answer!r:.500}") from None
        return answer

    def freeze(self) -> None:
        """It gets no time at all any more."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        os.kill(self._process.pid, signal.SIGCONT)

    async def histories(self, folder: Path) -> dict[str, list[Event]]:
        """What each client's application was shown, by device."""
        file = folder / f"{self._process.pid}.history.json"
        await self.ask("history", file=str(file))
        return read_history(file)


async def answer_parent(answers: Mapping[str, Callable[[dict[str, Any]], Awaitable[Any] | Any]]) -> None:
    """The child's side: answers until the parent is gone."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = msgspec.json.decode(line)
        answer = answers[asked["ask"]](asked)
        if isinstance(answer, Awaitable):
            answer = await answer
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


def write_history(file: str, histories: Mapping[str, list[Event]]) -> None:
    """For the parent."""
    Path(file).write_bytes(msgspec.json.encode(histories))


def read_history(file: Path) -> dict[str, list[Event]]:
    """What `write_history` wrote."""
    return _histories.decode(file.read_bytes())
