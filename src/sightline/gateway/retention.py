"""Forgets what is older than the retention time, and puts pictures right that a crash left, once an hour."""

from __future__ import annotations

import asyncio

import structlog

from sightline.exceptions import SightlineError
from sightline.gateway.gateway import Gateway

__all__ = ["keep_retention"]

INTERVAL_S = 3600.0
DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


async def keep_retention(gateway: Gateway) -> None:
    """Prunes the log until cancelled. A failure is logged and tried again: retention must not end the server."""
    while True:
        before_ms = gateway.clock.now_ms() - gateway.settings.retention_days * DAY_MS
        try:
            pruned = await gateway.store.log.prune(before_ms)
            if pruned:
                log.info("log_pruned", entries=pruned)
            forgotten = await gateway.past.prune()
            if forgotten:
                log.info("sightings_pruned", sightings=forgotten)
            await gateway.store.history.prune(gateway.clock.now_ms() - gateway.settings.history_days * DAY_MS)
            await gateway.store.pictures.heal(gateway.clock.now_ms())
        except SightlineError as problem:
            log.error("retention_failed", problem=str(problem))
        await asyncio.sleep(INTERVAL_S)
