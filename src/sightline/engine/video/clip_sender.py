"""Puts finished clips, one after the other, once the gateway has said that an alert wants them.

A clip waits for the acceptance of all its facts. One that an earlier process finished has nobody left who knows them:
the gateway is asked by putting it, and says 404 where no alert wants it. Lost attempts are made again for ever, slower
and slower; the recorder's folder is the bound.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from sightline.engine.link.gateway_address import Gateways
from sightline.engine.video.clip_recorder import FinishedClip
from sightline.events.fact import Fact

__all__ = ["ClipSender"]

CHUNK_BYTES = 256 * 1024
PUT_TIMEOUT_S = 30.0
"""Without a byte going or coming."""
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 30.0
_REFUSED = (400, 404, 409, 410, 413, 415)
"""Answers after which nothing changes by trying again."""
_MEDIA_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Clip:
    unaccepted: set[str] = field(default_factory=set)
    wanted: bool | None = None
    finished: FinishedClip | None = None
    known: bool = False
    """This process made it, and knows all its facts."""


class ClipSender:
    """The clips of one engine between recording and delivery. Used from the event loop; `facts_waiting` counts facts
    that no gateway has accepted."""

    def __init__(self, gateways: Gateways, facts_waiting: Callable[[], int]) -> None:
        self._gateways = gateways
        self._facts_waiting = facts_waiting
        self._clips: dict[str, _Clip] = {}
        self._keys: dict[str, str] = {}
        self._changed = asyncio.Event()
        self.dropped: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Finished clips that are not put yet."""
        return sum(clip.finished is not None for clip in self._clips.values())

    def told(self, fact: Fact) -> None:
        """A fact goes to the gateway; its clip waits for the answer."""
        if fact.clip is None:
            return
        clip = self._clips.setdefault(fact.clip.blob_id, _Clip(known=True))
        clip.unaccepted.add(fact.key)
        self._keys[fact.key] = fact.clip.blob_id

    def accepted(self, key: str, wanted: bool | None) -> None:
        """The gateway has the fact with this key, and says whether an alert wants its clip."""
        clip = self._clips.get(self._keys.pop(key, ""))
        if clip is None:
            return
        clip.unaccepted.discard(key)
        if wanted is None:
            clip.known = False
        else:
            clip.wanted = clip.wanted or wanted
        self._changed.set()

    def finished(self, clip: FinishedClip) -> None:
        """The file is there."""
        self._clips.setdefault(clip.blob_id, _Clip()).finished = clip
        self._changed.set()

    async def run(self, client: httpx.AsyncClient) -> None:
        """Puts clips until cancelled."""
        delay_s = FIRST_RETRY_S
        while True:
            self._changed.clear()
            ready = next((clip for clip in self._clips.values() if self._is_ready(clip)), None)
            if ready is None or ready.finished is None:
                await self._something()
            elif await self._deliver(ready, ready.finished, client):
                delay_s = FIRST_RETRY_S
            else:
                await asyncio.sleep(delay_s)
                delay_s = min(LAST_RETRY_S, 2 * delay_s)

    async def _something(self) -> None:
        """Waits for news, and looks again now and then: the outbox does not say when it is empty."""
        try:
            async with asyncio.timeout(LAST_RETRY_S if not self.waiting else FIRST_RETRY_S):
                await self._changed.wait()
        except TimeoutError:
            return

    def _is_ready(self, clip: _Clip) -> bool:
        if clip.finished is None:
            return False
        return (clip.known and not clip.unaccepted) or self._facts_waiting() == 0

    async def _deliver(self, clip: _Clip, finished: FinishedClip, client: httpx.AsyncClient) -> bool:
        """Whether the clip is dealt with."""
        if clip.known and not clip.unaccepted and clip.wanted is False:
            await self._forget(finished)
            return True
        if not await asyncio.to_thread(finished.path.exists):
            await self._forget(finished)  # dropped for want of room, and counted then
            return True
        status = await self._put(finished, client)
        if 200 <= status < 300 or status in _REFUSED:
            if status not in (200, 201, 204, 404):
                self.dropped["clips"] += 1
                _log.error("a clip was not taken", clip=finished.blob_id, status=status)
            await self._forget(finished)
            return True
        return False

    async def _put(self, finished: FinishedClip, client: httpx.AsyncClient) -> int:
        """The HTTP status, 0 when there was no answer."""
        gateway = self._gateways.current
        try:
            size = (await asyncio.to_thread(finished.path.stat)).st_size
            answer = await client.put(
                gateway.blob(finished.blob_id),
                content=_chunks(finished.path),
                params={"duration_ms": finished.duration_ms} if finished.duration_ms is not None else None,
                headers={
                    **gateway.headers,
                    "Content-Type": _MEDIA_TYPES[finished.path.suffix],
                    "Content-Length": str(size),
                },
                timeout=PUT_TIMEOUT_S,
            )
        except (httpx.HTTPError, OSError) as error:
            _log.info("a clip was not put yet", clip=finished.blob_id, reason=type(error).__name__)
            return 0
        return answer.status_code

    async def _forget(self, finished: FinishedClip) -> None:
        self._clips.pop(finished.blob_id, None)
        await asyncio.to_thread(lambda: finished.path.unlink(missing_ok=True))


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
