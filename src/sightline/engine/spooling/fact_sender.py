"""Sends facts, each after its pictures, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import httpx
import msgspec
import structlog

from sightline.engine.link.gateway_address import Gateways
from sightline.engine.spooling.outbox import FactOutbox
from sightline.engine.spooling.spool import Spooled
from sightline.events.fact import Fact, Kept, Sighting

__all__ = ["FactSender"]

PICTURE_TIMEOUT_S = 3.0
"""One attempt to put one picture."""
PICTURE_PATIENCE_S = 6.0
"""All attempts for the pictures of one fact. The alert matters more than its picture: the fact goes without."""
RETRY_DELAY_S = 0.25
MAX_UNDER_WAY = 4
"""Facts whose pictures are put at the same time, and no more: their bytes are in memory."""
_PASSING = (408, 425, 429)
"""Refusals among the 4xx that are about the moment, not about the picture."""

_log = structlog.get_logger(__name__)


class FactSender:
    """Takes facts out of the outbox and hands them to `send`, their pictures put before by HTTP."""

    def __init__(self, outbox: FactOutbox, gateways: Gateways, client: httpx.AsyncClient) -> None:
        self._outbox = outbox
        self._gateways = gateways
        self._client = client
        self.pictures_refused = 0

    async def warm_up(self) -> None:
        """Makes a request for nothing: the first one loads code for 40 ms, which the first alert need not pay."""
        with contextlib.suppress(httpx.HTTPError):
            await self._client.get(self._gateways.current.health, timeout=PICTURE_TIMEOUT_S)

    async def run(self, send: Callable[[Kept], Awaitable[None]]) -> None:
        """Sends until cancelled, or until `send` raises because the link is gone."""
        # Pictures of the next facts travel while an earlier fact still waits for its own; facts keep their order.
        ready: asyncio.Queue[asyncio.Task[Kept]] = asyncio.Queue(MAX_UNDER_WAY)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take(ready, tasks))
            while True:
                await send(await (await ready.get()))

    async def _take(self, ready: asyncio.Queue[asyncio.Task[Kept]], tasks: asyncio.TaskGroup) -> None:
        while True:
            spooled = await self._outbox.next()
            await ready.put(tasks.create_task(self._with_pictures_put(spooled)))

    async def _with_pictures_put(self, spooled: Spooled) -> Kept:
        """The fact, naming only those pictures that are at the gateway; a sighting carries its own."""
        fact = spooled.fact
        if isinstance(fact, Sighting):
            return fact
        present = {role: blob_id for role, blob_id in fact.blobs.items() if role in spooled.pictures}
        putting = [self._put(fact, role, blob_id, spooled.pictures[role]) for role, blob_id in present.items()]
        arrived = await asyncio.gather(*putting)
        kept = {role: blob_id for (role, blob_id), there in zip(present.items(), arrived, strict=True) if there}
        return fact if kept == fact.blobs else msgspec.structs.replace(fact, blobs=kept)

    async def _put(self, fact: Fact, role: str, blob_id: str, picture: bytes) -> bool:
        """Whether the gateway has the picture now."""
        problem = "no answer"
        try:
            async with asyncio.timeout(PICTURE_PATIENCE_S):
                while True:
                    status, problem = await self._attempt(blob_id, picture)
                    if 200 <= status < 300:
                        return True
                    if 300 <= status < 500 and status not in _PASSING:
                        break
                    await asyncio.sleep(RETRY_DELAY_S)
        except TimeoutError:
            pass
        self.pictures_refused += 1
        _log.error("a picture was not taken: its fact goes without", fact=fact.key, role=role, problem=problem)
        return False

    async def _attempt(self, blob_id: str, picture: bytes) -> tuple[int, str]:
        """HTTP status (0 when there was no answer) and the same in words."""
        try:
            answer = await self._client.put(
                self._gateways.current.blob(blob_id),
                content=picture,
                headers={**self._gateways.current.headers, "Content-Type": "image/jpeg"},
                timeout=PICTURE_TIMEOUT_S,
            )
        except httpx.HTTPError as error:
            return 0, type(error).__name__
        return answer.status_code, f"HTTP {answer.status_code}"
