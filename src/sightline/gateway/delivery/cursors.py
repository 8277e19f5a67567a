"""Where devices stand in the log, written in bundles: a thousand devices that confirm one alert are one write.

A cursor need not be on disk before the next message: one that a crash loses is an older one, and its device is sent
again what it had, as the promise says (at least once). Only the newest of each device waits here, so there are never
more of them than devices that were connected since the last write.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from sightline.clock import Clock
from sightline.deliveries.entry import Cursor
from sightline.exceptions import SightlineError
from sightline.gateway.delivery.rest import rest_s
from sightline.gateway.ports import Log

__all__ = ["Cursors"]

RETRY_S = 1.0

log = structlog.get_logger(__name__)

_Device = tuple[str, str]
"""A user's id, and one of their devices."""


class Cursors:
    """The cursors of every dialect. Used from the event loop."""

    def __init__(self, store: Log, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._moved: dict[_Device, Cursor] = {}
        self._writing: dict[_Device, Cursor] = {}
        self._awake = asyncio.Event()

    def move(self, user_id: str, device: str, cursor: Cursor) -> None:
        """A device has everything up to here. Never backwards within an epoch."""
        known = self._moved.get((user_id, device)) or self._writing.get((user_id, device))
        if known is None or known.epoch != cursor.epoch or known.offset < cursor.offset:
            self._moved[user_id, device] = cursor
        self._awake.set()

    async def of(self, user_id: str, device: str) -> Cursor | None:
        """Where a device stands, if it is known. Raises `SightlineError`."""
        waiting = self._moved.get((user_id, device)) or self._writing.get((user_id, device))
        return waiting or await self._store.cursor(user_id, device)

    async def run(self) -> None:
        """Writes what moved, until cancelled; then what is left. A failure is logged and tried again."""
        try:
            while True:
                await self._awake.wait()
                self._awake.clear()
                began_s = self._clock.monotonic_s()
                try:
                    await self._write()
                except SightlineError as problem:
                    log.warning("cursors_not_written", problem=str(problem), again_in_s=RETRY_S)
                    self._awake.set()
                    await asyncio.sleep(RETRY_S)
                else:
                    await asyncio.sleep(rest_s(self._clock.monotonic_s() - began_s))
        finally:
            with contextlib.suppress(SightlineError):
                await self._write()

    async def _write(self) -> None:
        """Everything that waits, in one transaction. Raises `SightlineError`; then it waits as before."""
        self._writing = self._writing | self._moved
        self._moved = {}
        if self._writing:
            await self._store.advance(self._writing, now_ms=self._clock.now_ms())
            self._writing = {}
