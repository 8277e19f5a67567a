"""Writes down what workstations were told to do, after they were told: the entry first, then its evidence.

Bounds: `MAX_WAITING` entries, `MAX_PICTURES` of them with a picture. Policy when full: a newer entry goes without its
picture, and then the newest entry is not kept, which is logged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import structlog

from sightline.decisions.workstation_records import NewAction
from sightline.events.still import DrawnBox
from sightline.exceptions import SightlineError
from sightline.gateway.ports import Analyst, Store

__all__ = ["ActionLog", "Shown"]

MAX_PICTURES = 64
MAX_WAITING = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture that something was decided by, and what to draw into it."""

    image: bytes
    boxes: tuple[DrawnBox, ...]


class ActionLog:
    """`note` what was done; `run` writes."""

    def __init__(self, store: Store, analyst: Analyst) -> None:
        self._store = store
        self._analyst = analyst
        self._waiting: deque[tuple[NewAction, Shown | None]] = deque()
        self._pictures = 0
        self._awake = asyncio.Event()

    def note(self, action: NewAction, shown: Shown | None = None) -> None:
        """Takes an entry at once; it is written soon."""
        if len(self._waiting) >= MAX_WAITING:
            log.error("action_not_kept", workstation=action.workstation, action=action.action.value)
            return
        if shown is not None and (action.person_id is None or self._pictures >= MAX_PICTURES):
            shown = None
        self._pictures += shown is not None
        self._waiting.append((action, shown))
        self._awake.set()

    async def run(self) -> None:
        """Writes until cancelled; then what is left, without pictures."""
        try:
            while True:
                await self._awake.wait()
                self._awake.clear()
                while self._waiting:
                    await self._write_next()
        finally:
            for action, _ in self._waiting:
                await self._recorded(action)

    async def _write_next(self) -> None:
        action, shown = self._waiting[0]
        action_id = await asyncio.shield(self._recorded(action))
        self._waiting.popleft()
        self._pictures -= shown is not None
        if action_id is None or shown is None:
            return
        try:
            picture = await self._analyst.draw(shown.image, list(shown.boxes))
            await self._store.workstation_actions.attach(action_id, picture, recognised_id=action.recognised_id)
        except SightlineError as problem:  # the engine went away, or the store is full: the entry stays without it
            log.warning("evidence_not_kept", action_id=action_id, problem=str(problem))

    async def _recorded(self, action: NewAction) -> str | None:
        try:
            return await self._store.workstation_actions.record(action)
        except SightlineError as problem:  # the store is full, overloaded or broken
            log.error("action_not_kept", workstation=action.workstation, problem=str(problem))
            return None
