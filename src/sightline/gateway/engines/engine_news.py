"""What everybody who looks at the system is told of its engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_roster import EngineRoster
from sightline.gateway.hub import Hub

__all__ = ["EngineNews"]


class EngineNews:
    """Engines that come and go, and what is wrong with the system as a whole."""

    def __init__(self, roster: EngineRoster, hub: Hub) -> None:
        self._roster = roster
        self._hub = hub

    def system_status(self, further: Sequence[str] = ()) -> dict[str, Any]:
        """The data of `system_status_update`: what is wrong with the system as a whole."""
        warnings = [
            f"{engine.id}: {warning}"
            for engine in self._roster.links
            for warning in (engine.status.warnings if engine.status else [])
        ]
        peers = list(self._roster.peers())
        theirs = [engine for peer in peers for engine in peer.engines]
        warnings += [f"{engine.id}: {warning}" for engine in theirs for warning in engine.warnings]
        return {
            "gateways": 1 + len(peers),
            "engines": len(self._roster.links) + len(theirs),
            "warnings": [*warnings, *further],
        }

    def say_warnings(self, further: Sequence[str] = ()) -> None:
        """A full spool, a full disk: everybody who looks at this system is told, not only who asks."""
        self._hub.announce("system_status_update", self.system_status(further))

    def announce(self, engine: EngineLink, status: str, reason: str) -> None:
        """An engine is `connected` or `disconnected`, for this reason."""
        self._hub.announce(
            "ai_engine_status",
            {
                "engine_id": engine.id,
                "status": status,
                "reason": reason,
                "capabilities": [model.task for model in engine.models if model.loaded],
                "load": engine.status.load if engine.status else None,
            },
        )
