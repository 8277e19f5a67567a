"""Who pushes frames to this gateway, and what operators are told of it."""

from __future__ import annotations

import asyncio
from typing import Literal

import structlog

from sightline.clock import Clock
from sightline.events.alert import AlertType
from sightline.exceptions import SightlineError
from sightline.gateway.dialects.admission import ConnectionLimit
from sightline.gateway.pushed.frame_desk import FrameDesk
from sightline.gateway.system_alerts import SystemAlerts

__all__ = ["PushedFrames"]

TELL_EVERY_S = 300.0
"""After an alert of a kind: for so long no other of this kind is raised. Each client hears of each fault at once."""

Kind = Literal["connection_limit", "processing_error"]
TYPES = {"connection_limit": AlertType.CONNECTION_LIMIT, "processing_error": AlertType.PROCESSING_ERROR}

log = structlog.get_logger(__name__)


class PushedFrames:
    """Counts the connections that push frames (at most `max_connections`), and raises alerts about them."""

    def __init__(self, desk: FrameDesk, system_alerts: SystemAlerts, clock: Clock, *, max_connections: int) -> None:
        self.desk = desk
        self._system_alerts = system_alerts
        self._clock = clock
        self._max_connections = max_connections
        self._clients: set[str] = set()
        self._told_s: dict[Kind, float] = {}
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._clients)

    def enter(self, client_id: str) -> None:
        """One more. Raises `ConnectionLimit`."""
        if client_id not in self._clients and len(self._clients) >= self._max_connections:
            raise ConnectionLimit("the server's analysis of frames", self._max_connections)
        self._clients.add(client_id)

    def leave(self, client_id: str) -> None:
        """It is closed. Nothing happens when it never entered."""
        self._clients.discard(client_id)

    async def tell(self, kind: Kind, reason: str) -> None:
        """Raises an alert, unless there was one of this kind lately."""
        now_s = self._clock.monotonic_s()
        if now_s - self._told_s.get(kind, -TELL_EVERY_S) < TELL_EVERY_S:
            return
        self._told_s[kind] = now_s
        try:
            await self._system_alerts.of_frames(TYPES[kind], self.desk.level(kind), reason)
        except SightlineError as problem:  # the store is full, overloaded or broken: the client was told
            log.error("alert_not_raised", kind=kind, problem=str(problem))

    def tell_soon(self, kind: Kind, reason: str) -> None:
        """As `tell`, without waiting for it."""
        task = asyncio.create_task(self.tell(kind, reason))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
