"""What is of no use a second later, carried between the gateways of one machine over sockets in a folder of theirs.

Each listens at a socket that is called by its id. Bound: `WAITING` messages for one gateway that were not sent yet.
Policy when full: the oldest is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

__all__ = ["LocalRelay"]

WAITING = 256
RETRY_S = 1.0
LENGTH_BYTES = 4
MAX_MESSAGE_BYTES = 32 * 1024 * 1024

log = structlog.get_logger(__name__)


class LocalRelay:
    """Sends to gateways by their ids, through `folder`. What is sent to one of another machine is dropped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, _Line] = {}
        self.is_up = False

    def send(self, gateway_id: str, data: bytes) -> None:
        """Sends soon; drops the oldest that waits where there is too much."""
        if not self.is_up:
            return
        line = self._lines.get(gateway_id)
        if line is None or line.task.done():
            self._lines = {id: one for id, one in self._lines.items() if not one.task.done()}
            line = self._lines[gateway_id] = _Line(self._folder / gateway_id)
        line.put(data)

    async def run(self, gateway_id: str, received: Callable[[bytes], None]) -> None:
        """Works until cancelled."""

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, OSError):
                while (size := int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")) <= MAX_MESSAGE_BYTES:
                    received(await reader.readexactly(size))

        path = self._folder / gateway_id
        server = await asyncio.start_unix_server(hear, str(path))
        self.is_up = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_up = False
            server.close()
            path.unlink(missing_ok=True)
            lines, self._lines = self._lines, {}
            for line in lines.values():
                line.task.cancel()
            await asyncio.gather(*(line.task for line in lines.values()), return_exceptions=True)


class _Line:
    """To one other gateway, until that is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: deque[bytes] = deque(maxlen=WAITING)
        self._to_send = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name="line to a gateway")

    def put(self, data: bytes) -> None:
        self._waiting.append(data)
        self._to_send.set()

    async def _run(self) -> None:
        """Ends when nobody is there; who sends after `RETRY_S` tries again."""
        try:
            _, writer = await asyncio.open_unix_connection(str(self._path))
            with contextlib.closing(writer):
                while True:
                    await self._to_send.wait()
                    self._to_send.clear()
                    while self._waiting:
                        data = self._waiting.popleft()
                        writer.write(len(data).to_bytes(LENGTH_BYTES, "big"))
                        writer.write(data)
                        await writer.drain()
        except OSError:
            await asyncio.sleep(RETRY_S)
