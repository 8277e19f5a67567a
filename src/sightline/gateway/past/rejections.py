"""Saying that somebody is not this person, and taking it back: stored, told to engines, recorded."""

from __future__ import annotations

from sightline.gateway.gateway import Gateway
from sightline.gateway.web.access import Caller
from sightline.gateway.web.past_resources import NegativeOut
from sightline.identities.sighting import NegativeRecord

__all__ = ["negative_out", "reject_alert", "reject_sighting", "undo"]


async def reject_alert(gateway: Gateway, caller: Caller, alert_id: str) -> NegativeOut:
    """Remembers that an alert named the wrong person. Raises `NotFound`, `Conflict`."""
    negative = await gateway.store.negatives.reject_alert(
        alert_id, by=caller.user.id, now_ms=gateway.clock.now_ms()
    )
    return await _told(gateway, caller, "person_rejected", negative)


async def reject_sighting(gateway: Gateway, caller: Caller, sighting_id: str, person_id: str) -> NegativeOut:
    """Remembers that a sighting does not show this person. Raises `NotFound`."""
    negative = await gateway.store.negatives.reject_sighting(
        sighting_id, person_id, by=caller.user.id, now_ms=gateway.clock.now_ms()
    )
    return await _told(gateway, caller, "person_rejected", negative)


async def undo(gateway: Gateway, caller: Caller, negative_id: str) -> NegativeOut:
    """Takes it back. Raises `NotFound`."""
    negative = await gateway.store.negatives.undo(negative_id)
    return await _told(gateway, caller, "rejection_undone", negative)


async def negative_out(gateway: Gateway, negative: NegativeRecord) -> NegativeOut:
    """A negative with the name of who said it."""
    by = await gateway.directory.users.find(negative.by)
    return NegativeOut.of(negative, by.name if by is not None else None)


async def _told(gateway: Gateway, caller: Caller, action: str, negative: NegativeRecord) -> NegativeOut:
    gateway.changes.person(negative.person_id)
    gateway.changes.past()
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=negative.person_id,
        detail=f"{negative.source} {negative.source_id}", now_ms=gateway.clock.now_ms(),
    )  # fmt: skip
    return await negative_out(gateway, negative)
