"""A job is looked at by a connected engine, which fetches the files and puts the result."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from starlette.websockets import WebSocketDisconnect

from sightline.analyses import AnalysisJob
from sightline.events.still import Examine, Examined, StopExamining
from sightline.exceptions import Unavailable
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engines import ENGINE_GONE, Engines
from sightline.gateway.pushed.analyses import Interrupted

__all__ = ["EngineExamining"]

PATIENCE_S = 30.0
BUSY_PAUSE_S = 2.0
SPARE_S = 120.0
"""What a job may take beyond its time: fetching, putting, and the end of what was begun."""


class EngineExamining:
    """Implements `Examining`."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def examine(self, job: AnalysisJob, told: Callable[[Examined], None], *, max_seconds: float) -> None:
        """Raises `Unavailable`, `Interrupted`."""
        try:
            async with asyncio.timeout(max_seconds + SPARE_S):
                word = await self._asked(job, told, max_seconds)
                while word.state == "busy":
                    await asyncio.sleep(BUSY_PAUSE_S)
                    word = await self._asked(job, told, max_seconds)
        except TimeoutError:
            raise Unavailable("the engine did not finish in time") from None
        if word.reason == ENGINE_GONE:
            raise Interrupted(ENGINE_GONE)
        if word.state == "failed":
            raise Unavailable(word.reason)

    async def _asked(self, job: AnalysisJob, told: Callable[[Examined], None], max_seconds: float) -> Examined:
        """The last word of the engine that is asked."""
        engine = await self._engines.least_loaded(PATIENCE_S)
        words: asyncio.Queue[Examined] = asyncio.Queue()
        engine.examining[job.id] = words
        over = False
        request = Examine(
            job_id=job.id,
            files=[file.name for file in job.files],
            fps=job.fps,
            annotate=job.annotate,
            max_seconds=max_seconds,
        )
        try:
            await engine.send(request)
            while (word := await words.get()).state == "running":
                told(word)
            over = True
            return word
        except (WebSocketDisconnect, RuntimeError, OSError):
            over = True
            raise Interrupted(ENGINE_GONE) from None
        finally:
            engine.examining.pop(job.id, None)
            if not over:
                await self._stop(engine, job.id)

    @staticmethod
    async def _stop(engine: EngineLink, job_id: str) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            await engine.send(StopExamining(job_id=job_id))
