"""What the gateway needs of a store for workstations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sightline.decisions.workstation_records import (
    ActionEntry,
    NewAction,
    Sitter,
    Standing,
    StandingRecord,
    Workstation,
)

__all__ = ["WorkstationActions", "Workstations"]


class Workstations(Protocol):
    """Workstations, the people allowed there, and how these stand."""

    async def list(self) -> Sequence[Workstation]: ...
    async def get(self, workstation_id: str) -> Workstation: ...
    async def create(self, *, name: str, now_ms: int) -> Workstation: ...
    async def delete(self, workstation_id: str) -> None: ...
    async def set_token(self, workstation_id: str, token_hash: str | None) -> None: ...
    async def by_token(self, token_hash: str) -> Workstation | None: ...
    async def allow(self, workstation_id: str, person_id: str) -> None: ...
    async def disallow(self, workstation_id: str, person_id: str) -> None: ...

    async def sitter(self, workstation_id: str | None, user_name: str) -> Sitter | None:
        """Who this is among those allowed at the workstation; without one, among everybody enrolled."""

    async def set_standing(self, person_id: str, standing: Standing, *, reason: str, by: str, now_ms: int) -> None: ...
    async def standings(self) -> Sequence[StandingRecord]: ...


class WorkstationActions(Protocol):
    """The action log."""

    async def record(self, new: NewAction) -> str:
        """The id of the entry."""

    async def attach(self, action_id: str, picture: bytes, *, recognised_id: str | None = None) -> bool:
        """Keeps the evidence, sealed; false when somebody who is in it was erased meanwhile."""

    async def picture(self, action_id: str) -> bytes: ...

    async def search(
        self, *, person_id: str | None = None, workstation: str | None = None, action: str | None = None,
        from_ms: int | None = None, to_ms: int | None = None, before: tuple[int, str] | None = None, limit: int = 50,
    ) -> Sequence[ActionEntry]:  # fmt: skip
        """The newest first; `before` is `(at_ms, id)` of the last one of the page before."""

    async def prune(self, before_ms: int) -> int:
        """Destroys entries from before, and answers how many."""
