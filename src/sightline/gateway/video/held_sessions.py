"""Who sends or is shown video by WebRTC now: media goes past the gateway, and still ends with the right to it.

Kept in memory by the gateway through which the session was opened, until its engine says that it is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from sightline.events.peer import EndSession
from sightline.gateway.engines.engine_connection import EngineLink

__all__ = ["HeldSessions"]

MAX_SESSIONS = 10_000
"""Over it the oldest is forgotten, and lives on in its engine."""
EXPIRED = "its token has expired"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    camera_id: str
    holder: str
    until_ms: int | None


class HeldSessions:
    """Sessions and their holders: an account's id, or the name of a machine token. `reader_of` gives the engine that
    reads a camera, `None` without one."""

    def __init__(self, reader_of: Callable[[str], EngineLink | None]) -> None:
        self._reader_of = reader_of
        self._sessions: dict[str, _Session] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def began(self, session_id: str, camera_id: str, holder: str, until_ms: int | None = None) -> None:
        """A session of somebody who has to show who they are again at `until_ms`."""
        self._sessions[session_id] = _Session(session_id, camera_id, holder, until_ms)
        engine = self._reader_of(camera_id)
        if engine is not None:
            engine.on_session_ended[session_id] = lambda reason: self.ended(session_id)
        if len(self._sessions) > MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]

    def ended(self, session_id: str) -> None:
        """It is over."""
        self._sessions.pop(session_id, None)

    def end_of(self, holder: str, reason: str) -> None:
        """What this account or token may do has changed."""
        self._end(lambda session: session.holder == holder, reason)

    def tick(self, now_ms: int) -> None:
        """Time has passed."""
        self._end(lambda session: session.until_ms is not None and now_ms >= session.until_ms, EXPIRED)

    def _end(self, whose: Callable[[_Session], bool], reason: str) -> None:
        for session in [session for session in self._sessions.values() if whose(session)]:
            del self._sessions[session.id]
            engine = self._reader_of(session.camera_id)
            if engine is not None:
                task = asyncio.create_task(_tell(engine, session, reason))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)


async def _tell(engine: EngineLink, session: _Session, reason: str) -> None:
    try:
        await engine.send(EndSession(session_id=session.id, camera_id=session.camera_id, reason=reason))
    except (RuntimeError, OSError):
        log.info("engine_left_while_told", engine=engine.id)
