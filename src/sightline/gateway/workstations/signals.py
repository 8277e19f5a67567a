"""Where the signals of workstations stand (`sightline.decisions.workstation_signals`): a port, and one in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sightline.decisions.workstation_signals import ClientStatus, Signs

__all__ = ["MemoryBoard", "SignalBoard"]


class SignalBoard(Protocol):
    """Where it is written. Both raise `Unavailable`."""

    async def read(self) -> Signs:
        """What stands there now."""

    async def write(
        self,
        *,
        clients: Mapping[str, ClientStatus | None],
        system_full: bool | None = None,
        gpus_full: bool | None = None,
    ) -> None:
        """Changes some of it; a client's `None` takes the entry away, a flag's leaves it as it is."""


class MemoryBoard:
    """A board of this process's own."""

    def __init__(self) -> None:
        self._signs = Signs()

    async def read(self) -> Signs:
        """See `SignalBoard`."""
        return self._signs

    async def write(
        self,
        *,
        clients: Mapping[str, ClientStatus | None],
        system_full: bool | None = None,
        gpus_full: bool | None = None,
    ) -> None:
        """See `SignalBoard`."""
        old = self._signs
        changed = {**old.clients, **{user: word for user, word in clients.items() if word is not None}}
        kept = {user: word for user, word in changed.items() if user not in clients or clients[user] is not None}
        self._signs = Signs(
            kept,
            old.system_full if system_full is None else system_full,
            old.gpus_full if gpus_full is None else gpus_full,
        )
