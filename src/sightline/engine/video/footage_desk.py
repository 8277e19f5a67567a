"""Answers what gateways ask of the recordings: which there are, one of them, and that some be deleted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import structlog

from sightline.engine.link.gateway_address import Gateways
from sightline.engine.video.footage_recorder import FootageRecorder
from sightline.events.footage import FindFootage, FootageListed, FootageSpans, ListFootage, SendFootage

__all__ = ["FootageDesk"]

CHUNK_BYTES = 256 * 1024
MAX_SENDING = 4
"""Pieces on their way at a time; more wait."""
PUT_TIMEOUT_S = 30.0

_log = structlog.get_logger(__name__)


class FootageDesk:
    """Used from the event loop. `answer` sends a message to the gateway."""

    def __init__(
        self,
        recorder: FootageRecorder | None,
        answer: Callable[[FootageListed | FootageSpans], None],
        gateways: Gateways,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._recorder = recorder
        self._answer = answer
        self._gateways = gateways
        self._tls = tls
        self._slots = asyncio.Semaphore(MAX_SENDING)
        self._tasks: set[asyncio.Task[None]] = set()

    def list(self, asked: ListFootage) -> None:
        """Answers by and by."""
        self._begin(self._list(asked))

    def find(self, asked: FindFootage) -> None:
        """Answers by and by, after it has deleted what is to go."""
        self._begin(self._find(asked))

    def send(self, asked: SendFootage) -> None:
        """Puts the piece by and by."""
        self._begin(self._send(asked))

    def close(self) -> None:
        """Nobody waits any more."""
        for task in self._tasks:
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _list(self, asked: ListFootage) -> None:
        recorder = self._recorder
        if recorder is None:
            self._answer(FootageListed(request_id=asked.request_id, stopped="this engine records nothing"))
            return
        pieces, truncated = await asyncio.to_thread(
            recorder.shelf.pieces, asked.camera_id, asked.since, asked.until, asked.most
        )
        self._answer(
            FootageListed(request_id=asked.request_id, pieces=pieces, truncated=truncated, stopped=recorder.stopped)
        )

    async def _find(self, asked: FindFootage) -> None:
        recorder = self._recorder
        if recorder is None:
            self._answer(FootageSpans(request_id=asked.request_id))
            return
        deleted = await asyncio.wrap_future(recorder.delete(asked.within)) if asked.delete else 0
        spans = await asyncio.to_thread(recorder.shelf.spans, asked.within)
        self._answer(FootageSpans(request_id=asked.request_id, spans=spans, deleted=deleted))

    async def _send(self, asked: SendFootage) -> None:
        path = None
        if self._recorder is not None:
            path = await asyncio.to_thread(self._recorder.shelf.piece, asked.camera_id, asked.starts_at)
        if path is None:
            self._answer(FootageListed(request_id=asked.request_id))
            return
        gateway = self._gateways.current
        async with self._slots, httpx.AsyncClient(trust_env=False, verify=self._tls or True) as client:
            try:
                size = (await asyncio.to_thread(path.stat)).st_size
                await client.put(
                    gateway.footage(asked.request_id),
                    content=_chunks(path),
                    headers={
                        **gateway.headers,
                        "Content-Type": "video/webm" if path.suffix == ".webm" else "video/mp4",
                        "Content-Length": str(size),
                    },
                    timeout=PUT_TIMEOUT_S,
                )
            except (httpx.HTTPError, OSError) as error:
                _log.info("a piece of a recording was not sent", reason=type(error).__name__)
                self._answer(FootageListed(request_id=asked.request_id))


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
