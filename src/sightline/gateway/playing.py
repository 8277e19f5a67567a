"""Who is shown a camera by WebRTC now: media goes past the gateway, and still ends when its user may see it no more.

Kept in memory by the gateway through which the session was opened. One that ended by itself is forgotten when its token
would have expired.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from sightline.events.peer import EndSession
from sightline.gateway.engine_connection import EngineLink

__all__ = ["Playing"]

MAX_SESSIONS = 10_000
"""Over it the oldest is forgotten, and lives on in its engine."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    camera_id: str
    user_id: str
    until_ms: int | None


class Playing:
    """Sessions that show something. `reader_of` gives the engine that reads a camera, `None` without one."""

    def __init__(self, reader_of: Callable[[str], EngineLink | None]) -> None:
        self._reader_of = reader_of
        self._sessions: dict[str, _Session] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def began(self, session_id: str, camera_id: str, user_id: str, until_ms: int | None) -> None:
        """A session of a user, who has to show who they are again at `until_ms`."""
        self._sessions[session_id] = _Session(session_id, camera_id, user_id, until_ms)
        if len(self._sessions) > MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]

    def ended(self, session_id: str) -> None:
        """Its user has ended it."""
        self._sessions.pop(session_id, None)

    def end_of_user(self, user_id: str) -> None:
        """What this account may see has changed."""
        self._end(lambda session: session.user_id == user_id)

    def tick(self, now_ms: int) -> None:
        """Time has passed."""
        self._end(lambda session: session.until_ms is not None and now_ms >= session.until_ms)

    def _end(self, whose: Callable[[_Session], bool]) -> None:
        for session in [session for session in self._sessions.values() if whose(session)]:
            del self._sessions[session.id]
            engine = self._reader_of(session.camera_id)
            if engine is not None:
                task = asyncio.create_task(_tell(engine, session))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)


async def _tell(engine: EngineLink, session: _Session) -> None:
    try:
        await engine.send(EndSession(session_id=session.id, camera_id=session.camera_id))
    except (RuntimeError, OSError):
        log.info("engine_left_while_told", engine=engine.id)
