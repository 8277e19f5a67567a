"""What an engine of another make says over the native protocol: each report is passed on, accepted, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sightline.deliveries.session import Effect, Report
from sightline.events.wire import encode_message
from sightline.exceptions import WireError
from sightline.gateway.delivery.outbox import Outbox
from sightline.gateway.dialects.refusals import refuse
from sightline.gateway.gateway import Gateway

__all__ = ["EngineRequests"]


class EngineRequests:
    """One connected engine of another make. `end` closes its connection."""

    def __init__(self, gateway: Gateway, outbox: Outbox, name: str, end: Callable[[int, str], None]) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._name = name
        self._end = end

    def begin(self, capabilities: list[str]) -> None:
        """From now on it is told what to do."""
        self._gateway.foreign_engines.join(self._name, self, capabilities)

    async def perform(self, effect: Effect) -> None:
        """Raises `SightlineError` when that cannot be done now."""
        if isinstance(effect, Report):
            try:
                await self._gateway.foreign_engines.report(self._name, effect.report, effect.id)
            except WireError as problem:
                refuse(self._outbox, problem.code, str(problem), problem.path, effect.id)

    def tell(self, type: str, data: Mapping[str, Any], id: str | None = None) -> None:
        """Sends it a message."""
        self._outbox.put_control(encode_message(type, data, id=id))

    def end(self, code: int, reason: str) -> None:
        """Closes the connection."""
        self._end(code, reason)

    def close(self) -> None:
        """The connection is closed."""
        self._gateway.foreign_engines.leave(self._name, self)
