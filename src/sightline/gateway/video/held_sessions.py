"""Who sends or is shown video by WebRTC now: media goes past the gateway, and still ends with the right to it.

Kept in memory by the gateway through which the session was opened, until its engine says that it is over, or its camera
is another process's, or nobody's for a while: a session lives in the process that answered it, and ends with it.
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
UNREAD_MS = 60_000
"""An engine that is away for longer has given up its cameras, and their sessions with them."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    camera_id: str
    holder: str
    until_ms: int | None
    process: str


class HeldSessions:
    """Sessions and their holders: an account's id, or the name of a machine token. `reader_of` gives the engine that
    reads a camera, `None` without one."""

    def __init__(self, reader_of: Callable[[str], EngineLink | None]) -> None:
        self._reader_of = reader_of
        self._sessions: dict[str, _Session] = {}
        self._unread_since_ms: dict[str, int] = {}
        """By camera that has sessions and no engine."""
        self._telling: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def began(self, session_id: str, camera_id: str, holder: str, until_ms: int | None = None) -> None:
        """A session of somebody who has to show who they are again at `until_ms`."""
        engine = self._reader_of(camera_id)
        process = engine.hello.process if engine is not None else ""
        self._sessions[session_id] = _Session(session_id, camera_id, holder, until_ms, process)
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
        self._release_dead(now_ms)
        self._end(lambda session: session.until_ms is not None and now_ms >= session.until_ms, EXPIRED)

    def _release_dead(self, now_ms: int) -> None:
        cameras = {session.camera_id for session in self._sessions.values()}
        readers = {camera_id: self._reader_of(camera_id) for camera_id in cameras}
        self._unread_since_ms = {
            camera_id: self._unread_since_ms.get(camera_id, now_ms)
            for camera_id, engine in readers.items()
            if engine is None
        }
        for session in list(self._sessions.values()):
            engine = readers[session.camera_id]
            if engine is None:
                is_dead = now_ms - self._unread_since_ms[session.camera_id] >= UNREAD_MS
            else:
                is_dead = engine.hello.process != session.process
            if is_dead:
                del self._sessions[session.id]

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
