"""Forgets what is too old, entries of the log first, and puts pictures right that a crash left, once an hour."""

from __future__ import annotations

import asyncio

import structlog

from sightline.exceptions import SightlineError
from sightline.gateway.gateway import Gateway

__all__ = ["forget_records", "keep_retention"]

INTERVAL_S = 3600.0
RETRY_S = 60.0
DAY_MS = 86_400_000
FORGOTTEN_AT_ONCE = 500
"""Alerts and events deleted in one transaction: others write between two."""

log = structlog.get_logger(__name__)


async def keep_retention(gateway: Gateway) -> None:
    """Prunes the log and deletes records until cancelled. A failure is logged and tried again: retention must not end
    the server."""
    while True:
        if not await _is_mine(gateway):
            await asyncio.sleep(RETRY_S)
            continue
        before_ms = gateway.clock.now_ms() - gateway.settings.retention_days * DAY_MS
        try:
            pruned = await gateway.store.log.prune(before_ms)
            if pruned:
                log.info("log_pruned", entries=pruned)
                gateway.changes.records_forgotten()
            forgotten = await gateway.past.prune()
            if forgotten:
                log.info("sightings_pruned", sightings=forgotten)
            await forget_records(gateway)
            await gateway.store.history.prune(gateway.clock.now_ms() - gateway.settings.history_days * DAY_MS)
            clips_before_ms = gateway.clock.now_ms() - gateway.settings.clip_days * DAY_MS
            while await gateway.store.clips.prune(clips_before_ms, most=FORGOTTEN_AT_ONCE):
                pass
            actions_before_ms = gateway.clock.now_ms() - gateway.settings.workstation_action_days * DAY_MS
            while await gateway.store.workstation_actions.prune(actions_before_ms):
                pass
            await gateway.store.pictures.heal(gateway.clock.now_ms())
        except SightlineError as problem:
            log.error("retention_failed", problem=str(problem))
        await asyncio.sleep(INTERVAL_S)


async def _is_mine(gateway: Gateway) -> bool:
    """Of several gateways one does it, until it does not claim it any more."""
    try:
        return await gateway.cluster.claim("retention", INTERVAL_S + RETRY_S)
    except SightlineError as problem:
        log.error("retention_failed", problem=str(problem))
        return False


async def forget_records(gateway: Gateway) -> None:
    """Deletes every event and every alert that is over and older than the administrator wants. Raises `StoreError`."""
    before_ms = gateway.clock.now_ms() - gateway.settings.record_days * DAY_MS
    alerts = events = 0
    while True:
        forgotten = await gateway.store.alerts.forget(before_ms, most=FORGOTTEN_AT_ONCE)
        alerts, events = alerts + forgotten.alerts, events + forgotten.events
        if forgotten.alerts < FORGOTTEN_AT_ONCE and forgotten.events < FORGOTTEN_AT_ONCE:
            break
    if alerts or events:
        log.info("records_forgotten", alerts=alerts, events=events)
        gateway.changes.records_forgotten()
