"""Continuous recordings, which lie with the engines that made them: every engine is asked, pieces are handed through.

A piece comes from its engine by `PUT` and goes to whoever asked as it comes, through a few buffers and no disk. A
camera that moved from one engine to another has pieces on both. In a cluster a gateway knows the recordings of the
engines that are linked to it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocketDisconnect

from sightline.events.footage import (
    FindFootage,
    FootageListed,
    FootagePiece,
    FootageSpan,
    FootageSpans,
    ListFootage,
    SendFootage,
)
from sightline.events.spans import Span
from sightline.exceptions import NotFound, Unavailable
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engines import Engines

__all__ = ["FootageDesk", "FootageFound", "FootageWithin", "PieceStream"]

LIST_TIMEOUT_S = 10.0
DELETE_TIMEOUT_S = 45.0
BEGIN_TIMEOUT_S = 15.0
CHUNK_TIMEOUT_S = 30.0
MAX_BUFFERED_CHUNKS = 8


@dataclass(frozen=True, slots=True)
class FootageFound:
    """Pieces of one camera, each with its engine, the oldest first. `stopped` says why nothing is being recorded,
    `silent` names engines that did not answer."""

    pieces: list[tuple[str, FootagePiece]]
    truncated: bool
    stopped: str
    silent: list[str]


@dataclass(frozen=True, slots=True)
class FootageWithin:
    """What there is within some times: each with its camera. `deleted` counts pieces that went, `silent` names engines
    that did not answer."""

    spans: list[tuple[str, FootageSpan]]
    deleted: int
    silent: list[str]


@dataclass(slots=True)
class PieceStream:
    """A piece on its way: `chunks` end with None; `gone` is set once nobody reads any more."""

    media_type: str
    size_bytes: int
    chunks: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(MAX_BUFFERED_CHUNKS))
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> AsyncIterator[bytes]:
        """What comes. Raises `Unavailable` when it is cut off, which ends the answer early."""
        try:
            while True:
                async with asyncio.timeout(CHUNK_TIMEOUT_S):
                    chunk = await self.chunks.get()
                if chunk is None:
                    return
                yield chunk
        except TimeoutError:
            raise Unavailable("the engine stopped sending the recording") from None
        finally:
            self.gone.set()


class FootageDesk:
    """Who asks meets who has it."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._awaited: dict[str, asyncio.Future[PieceStream]] = {}

    async def list(self, camera_id: str, since_ms: int, until_ms: int) -> FootageFound:
        """What there is of a camera in that time. Raises `Unavailable` when no engine is there to be asked."""
        engines = self._recorders()
        if not engines:
            raise Unavailable("no engine is connected: recordings lie with the engines")
        request = ListFootage(request_id=secrets.token_hex(8), camera_id=camera_id, since=since_ms, until=until_ms)
        answers = await asyncio.gather(*(_ask(engine, request, LIST_TIMEOUT_S) for engine in engines))
        pieces: list[tuple[str, FootagePiece]] = []
        truncated, stopped, silent = False, "", []
        for engine, answer in zip(engines, answers, strict=True):
            if answer is None:
                silent.append(engine.id)
                continue
            assert isinstance(answer, FootageListed)
            pieces += [(engine.id, piece) for piece in answer.pieces]
            truncated |= answer.truncated
            if camera_id in engine.cameras:
                stopped = answer.stopped
        pieces.sort(key=lambda found: found[1].starts_at)
        return FootageFound(pieces, truncated, stopped, silent)

    async def within(self, times: Mapping[str, Sequence[Span]], *, delete: bool = False) -> FootageWithin:
        """What the engines here have of these times (`merged`), by camera; with `delete`, what is left of it when they
        have deleted it."""
        engines = self._recorders() if times else []
        wanted = {camera_id: [*spans] for camera_id, spans in times.items()}
        request = FindFootage(request_id=secrets.token_hex(8), within=wanted, delete=delete)
        patience_s = DELETE_TIMEOUT_S if delete else LIST_TIMEOUT_S
        answers = await asyncio.gather(*(_ask(engine, request, patience_s) for engine in engines))
        spans: list[tuple[str, FootageSpan]] = []
        deleted, silent = 0, []
        for engine, answer in zip(engines, answers, strict=True):
            if answer is None:
                silent.append(engine.id)
                continue
            assert isinstance(answer, FootageSpans)
            deleted += answer.deleted
            spans += [(camera_id, span) for camera_id, found in answer.spans.items() for span in found]
        spans.sort(key=lambda found: (found[0], found[1].starts_at))
        return FootageWithin(spans, deleted, silent)

    async def fetch(self, engine_id: str, camera_id: str, starts_at_ms: int) -> PieceStream:
        """A piece, as it comes. Raises `NotFound` when it is gone, `Unavailable` when its engine is."""
        engine = self._engines.find(engine_id)
        if engine is None:
            raise Unavailable(f"the engine {engine_id!r}, where this recording lies, is not connected")
        request = SendFootage(request_id=secrets.token_hex(16), camera_id=camera_id, starts_at=starts_at_ms)
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[PieceStream] = loop.create_future()
        self._awaited[request.request_id] = begun
        refused = asyncio.create_task(engine.ask(request, BEGIN_TIMEOUT_S))
        try:
            either: list[asyncio.Future[Any]] = [begun, refused]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if begun.done():
                return begun.result()
            refused.result()
            raise NotFound("recording", f"{camera_id}/{starts_at_ms}")
        finally:
            del self._awaited[request.request_id]
            refused.cancel()
            await asyncio.gather(refused, return_exceptions=True)

    async def receive(
        self, request_id: str, media_type: str, size_bytes: int, chunks: AsyncIterator[bytes]
    ) -> None:
        """An engine puts a piece. Raises `NotFound` when nobody waits for it (any more)."""
        awaited = self._awaited.get(request_id)
        if awaited is None or awaited.done():
            raise NotFound("request for a recording", request_id)
        stream = PieceStream(media_type, size_bytes)
        awaited.set_result(stream)
        async for chunk in chunks:
            await self._put(stream, chunk)
        await self._put(stream, None)

    async def _put(self, stream: PieceStream, chunk: bytes | None) -> None:
        putting, gone = asyncio.create_task(stream.chunks.put(chunk)), asyncio.create_task(stream.gone.wait())
        try:
            await asyncio.wait([putting, gone], timeout=CHUNK_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if not putting.done():
                raise NotFound("reader of a recording", "any more")
        finally:
            for task in (putting, gone):
                task.cancel()
            await asyncio.gather(putting, gone, return_exceptions=True)

    def _recorders(self) -> Sequence[EngineLink]:
        return [engine for engine in self._engines.links if engine.hello.capacity > 0]


async def _ask(
    engine: EngineLink, request: ListFootage | FindFootage, timeout_s: float
) -> FootageListed | FootageSpans | None:
    try:
        answer = await engine.ask(request, timeout_s)
    except (Unavailable, WebSocketDisconnect):
        return None
    assert isinstance(answer, FootageListed | FootageSpans)
    return answer
