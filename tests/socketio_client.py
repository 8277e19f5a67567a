"""The real `socket.io-client`, in a Node process of its own, driven from a test."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sightline.deliveries.pushed import FRAME_MESSAGES
from sightline.events.spoken import GATEWAY_TYPES

__all__ = ["FOLDER", "SocketIoClient", "install", "socketio_client"]

FOLDER = Path(__file__).parent / "node"
PATIENCE_S = 20.0
LINE_BYTES = 4 * 1024 * 1024


class SocketIoClient:
    """Says what a test tells it to, and answers nothing by itself."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.heard: list[tuple[str, Any]] = []

    async def _command(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()

    async def connect(self, url: str, **options: Any) -> None:
        await self._command(do="connect", url=url, options=options)

    async def emit(self, type: str, **data: Any) -> None:
        await self._command(do="emit", type=type, data=data)

    async def emit_value(self, type: str, data: Any) -> None:
        await self._command(do="emit", type=type, data=data)

    async def close(self) -> None:
        await self._command(do="close")

    async def hear(self) -> tuple[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, "the client's process has ended"
        message = json.loads(line)
        self.heard.append((message["event"], message.get("data")))
        self._check(message["event"], message.get("data"))
        return self.heard[-1]

    @staticmethod
    def _check(event: str, data: Any) -> None:
        """Whatever a gateway says is said as the reference says it: in the words of the session, or of frames."""
        if event == "error" and isinstance(data.get("details"), str) or event in FRAME_MESSAGES.keys() - {"error"}:
            msgspec.convert({"event": event, "data": data}, FRAME_MESSAGES[event])
        elif event in GATEWAY_TYPES:
            kind = GATEWAY_TYPES[event]
            answers = "request_id" in kind.__struct_fields__  # else it was added to the answer
            said = {name: value for name, value in data.items() if answers or name != "request_id"}
            msgspec.convert(said, kind)

    async def next(self, event: str) -> Any:
        """The data of the next event of this name; what comes before it is in `heard`."""
        while True:
            name, data = await self.hear()
            if name == event:
                return data

    def all(self, event: str) -> list[Any]:
        return [data for name, data in self.heard if name == event]


@contextlib.asynccontextmanager
async def socketio_client() -> AsyncIterator[SocketIoClient]:
    """A client that has not connected. Skips where there is no Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here to run socket.io-client with")
    await asyncio.to_thread(install)
    process = await asyncio.create_subprocess_exec(
        node, str(FOLDER / "client.mjs"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=LINE_BYTES
    )
    try:
        yield SocketIoClient(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


def install() -> None:
    """What the lockfile says, once; two test runs do not install at the same time."""
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = FOLDER / "node_modules" / ".package-lock.json"
        if not done.exists() or done.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
            done.touch()
