"""Writes what was counted to the store, a few times a minute."""

from __future__ import annotations

import asyncio

import structlog

from sightline.exceptions import SightlineError
from sightline.gateway.gateway import Gateway

__all__ = ["keep_history"]

INTERVAL_S = 10.0

log = structlog.get_logger(__name__)


async def keep_history(gateway: Gateway) -> None:
    """Works until cancelled, then writes the rest. What cannot be written is counted on."""
    try:
        while True:
            await asyncio.sleep(INTERVAL_S)
            await _write(gateway)
    finally:
        await _write(gateway)


async def _write(gateway: Gateway) -> None:
    rows = gateway.hours.take()
    try:
        await gateway.store.history.add(rows)
    except SightlineError as problem:
        gateway.hours.put_back(rows)
        log.error("history_not_written", problem=str(problem))
