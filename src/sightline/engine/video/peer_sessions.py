"""Video sessions as the gateway asks for them: each offer is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Protocol

import structlog

from sightline.engine.video.play_sessions import Players
from sightline.events.peer import Answer, EndSession, Offer, PushedPicture, SessionEnded
from sightline.exceptions import PeerRefused

__all__ = ["PeerSessions", "Peers"]

NO_SESSIONS = "this engine has no such video sessions"

_log = structlog.get_logger(__name__)


class Peers(Players, Protocol):
    """The far end of video sessions, in threads of its own. Every method returns at once."""

    def publish(self, session_id: str, camera_id: str, offer: str) -> Future[str]:
        """The answer to a peer that brings a camera's pictures. Fails with `PeerRefused`."""

    on_ended: Callable[[str, str], None]
    """Told session and reason, from any thread, of every end that nobody here asked for."""

    def push(self, session_id: str, camera_id: str, timestamp_ms: int, jpeg: bytes) -> None:
        """A camera's next picture, from a device that pushes pictures."""

    def end(self, session_id: str, camera_id: str, reason: str = "") -> None:
        """Ends this session of this camera, because its user wants that, or for a reason that somebody wanted."""

    def camera_gone(self, camera_id: str) -> None:
        """This engine does not read this camera any more: ends all sessions of it."""

    def close(self) -> None:
        """Ends everything; may take a moment."""


class PeerSessions:
    """Answers with `answer`, in the event loop. `reads` says whether this engine reads a camera."""

    def __init__(
        self,
        peers: Peers | None,
        answer: Callable[[Answer | SessionEnded], None],
        reads: Callable[[str], bool],
        play: Callable[[Offer], Awaitable[str]] | None = None,
    ) -> None:
        """`play` answers those who want to see a camera; without it nobody is shown one."""
        self._play = play
        self._peers = peers
        self._answer = answer
        self._reads = reads
        self._tasks: set[asyncio.Task[None]] = set()

    def offered(self, offer: Offer) -> None:
        """Somebody wants a session; the answer comes through `answer`."""
        task = asyncio.get_running_loop().create_task(self._answered(offer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self, message: EndSession) -> None:
        """Whoever opened a session has had enough, or may hold it no more."""
        if self._peers is None:
            self._answer(SessionEnded(session_id=message.session_id, reason=NO_SESSIONS))
        else:
            self._peers.end(message.session_id, message.camera_id, message.reason)

    def pushed(self, message: PushedPicture) -> None:
        """A device's next picture."""
        if self._peers is None or not self._reads(message.camera_id):
            self._answer(SessionEnded(session_id=message.session_id, reason="this engine does not read that camera"))
            return
        self._peers.push(message.session_id, message.camera_id, message.timestamp, message.jpeg)

    def camera_gone(self, camera_id: str) -> None:
        """A camera was taken away."""
        if self._peers is not None:
            self._peers.camera_gone(camera_id)

    async def close(self) -> None:
        """Ends every session."""
        for task in self._tasks:
            task.cancel()
        if self._peers is not None:
            await asyncio.to_thread(self._peers.close)

    async def _answered(self, offer: Offer) -> None:
        if self._peers is None or (offer.direction == "play" and self._play is None):
            self._refuse(offer, NO_SESSIONS, "NOT_SUPPORTED")
            return
        if not self._reads(offer.camera_id):
            self._refuse(offer, "this engine does not read that camera", "NOT_READ_HERE")
            return
        try:
            answer = await self._opened(self._peers, offer)
        except PeerRefused as refusal:
            self._refuse(offer, str(refusal), refusal.code)
            return
        except Exception:  # noqa: BLE001  # whatever an offer provokes must not cost the asker an answer
            _log.exception("answering an offer failed")
            self._refuse(offer, "this session cannot begin: the engine's log says why", "PROCESSING_ERROR")
            return
        _log.info("a video session began", session=offer.session_id, camera=offer.camera_id, direction=offer.direction)
        self._answer(Answer(request_id=offer.request_id, answer=answer))

    async def _opened(self, peers: Peers, offer: Offer) -> str:
        if offer.direction == "play" and self._play is not None:
            return await self._play(offer)
        return await asyncio.wrap_future(peers.publish(offer.session_id, offer.camera_id, offer.offer))

    def _refuse(self, offer: Offer, error: str, code: str) -> None:
        self._answer(Answer(request_id=offer.request_id, error=error, error_code=code))
