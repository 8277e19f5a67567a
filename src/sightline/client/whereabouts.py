"""Whether the user is on duty, and where they are: said once by the application, and again on every new connection."""

from __future__ import annotations

from typing import Any

from sightline.client.effects import Deliver, Effect, Send
from sightline.client.events import DutyStatus

__all__ = ["Whereabouts"]

FIX_LIFE_MS = 120_000
"""A position older than this is not said again: nobody can say that somebody is still there."""


class Whereabouts:
    """What was said last. `open` is whether there is a connection to say it on."""

    def __init__(self) -> None:
        self._on: bool | None = None
        self._said_at: int | None = None
        self._duty_id: str | None = None
        self._location: dict[str, Any] | None = None
        self._located_at_ms = 0

    def switch(self, on: bool, id: str, *, open: bool) -> list[Effect]:
        """The user is on duty from now on, or not."""
        self._on, self._said_at, self._duty_id = on, None, id
        return [Send("duty", {"on": on}, id)] if open else []

    def locate(self, location: dict[str, Any] | None, now_ms: int, *, open: bool) -> list[Effect]:
        """The device is here now: `latitude`, `longitude`, `accuracy_m?`; `None`: nothing more is said."""
        self._location, self._located_at_ms = location, now_ms
        return [Send("location_update", location)] if open and location is not None else []

    def begin(self, id: str, now_ms: int) -> list[Effect]:
        """There is a new connection."""
        said: list[Effect] = []
        if self._location is not None and now_ms - self._located_at_ms < FIX_LIFE_MS:
            said.append(Send("location_update", self._location))
        if self._on is not None:
            self._duty_id = id
            # With the time of the server's answer: what was said or scheduled since then stays as it is.
            at = {} if self._said_at is None else {"at": self._said_at}
            said.append(Send("duty", {"on": self._on, **at}, id))
        return said

    def answered(self, status: DutyStatus, id: str | None) -> list[Effect]:
        """The server's `duty_status`: what holds, also where somebody else said something newer."""
        if id == self._duty_id:
            self._on, self._said_at = status.on, status.at
        return [Deliver(status)]

    def refused(self, id: str) -> None:
        """The server's `error`, perhaps the answer to `duty`: it is not said again."""
        if id == self._duty_id:
            self._on = self._said_at = self._duty_id = None
