"""Peers that are shown a camera: each takes the packets of its quality from the one that everybody takes them from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from sightline.engine.video.live_video import LiveVideo, Watcher
from sightline.events.peer import Offer
from sightline.packets import EncodedPacket

__all__ = ["PlaySessions", "Players"]


class Players(Protocol):
    """The far end of sessions that show something, in threads of its own."""

    def play(
        self, session_id: str, camera_id: str, offer: str, ended: Callable[[], None]
    ) -> Future[tuple[str, Callable[[EncodedPacket], None]]]:
        """The answer, and where packets go; `ended` is called from another thread. Fails with `PeerRefused`."""


class PlaySessions:
    """Used from the event loop; `call_soon` hands something over to it, from any thread."""

    def __init__(
        self, players: Players, video: LiveVideo, call_soon: Callable[[Callable[[], None]], None]
    ) -> None:
        self._players = players
        self._video = video
        self._call_soon = call_soon
        self._watchers: dict[str, Watcher | None] = {}
        """`None` while the answer is under way."""

    async def open(self, offer: Offer) -> str:
        """The answer to an offer; packets follow by themselves. Raises `PeerRefused`."""
        session_id = offer.session_id
        self._watchers[session_id] = None
        answering = self._players.play(
            session_id, offer.camera_id, offer.offer, lambda: self._call_soon(lambda: self._end(session_id))
        )
        try:
            answer, put = await asyncio.wrap_future(answering)
        except BaseException:
            self._end(session_id)
            raise
        if session_id in self._watchers:  # else the peer was quick to leave
            self._watchers[session_id] = self._video.watch(
                offer.camera_id, offer.quality, max_side_px=offer.max_side, fps=offer.fps, take=put
            )
        return answer

    def _end(self, session_id: str) -> None:
        watcher = self._watchers.pop(session_id, None)
        if watcher is not None:
            self._video.leave(watcher)
