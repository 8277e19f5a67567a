"""Snoozes and maintenance windows: times in which a camera's events are recorded and its alerts are not raised."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.duty_resources import NewQuietPeriod, QuietPeriodOut
from sightline.gateway.web.resources import Denial

__all__ = ["router"]

router = APIRouter(prefix="/api/snoozes", tags=["snoozes"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_ALERTS))]
Snoozer = Annotated[Caller, Depends(caller_with(Right.SNOOZE_ALERTS))]


@router.get("")
async def list_snoozes(gateway: GatewayOf, caller: Seer) -> list[QuietPeriodOut]:
    """Those that are not over, by their beginning: what is quiet must not be forgotten."""
    shown = []
    for period in await gateway.store.quiet_periods.list(gateway.clock.now_ms()):
        user = await gateway.directory.users.find(period.by)
        shown.append(QuietPeriodOut.of(period, user.name if user else None))
    return shown


@router.post("", status_code=201)
async def create_snooze(gateway: GatewayOf, caller: Snoozer, new: NewQuietPeriod) -> QuietPeriodOut:
    """A snooze of a camera, or of one type of its alerts; or maintenance, of all cameras too."""
    now_ms = gateway.clock.now_ms()
    from_ms = now_ms if new.from_ms is None else new.from_ms
    if new.until_ms <= max(from_ms, now_ms):
        raise HTTPException(422, "until_ms: a time without alerts ends in the future, and after it has begun")
    period = await gateway.store.quiet_periods.create(
        kind=new.kind,
        camera_id=new.camera_id,
        alert_type=new.alert_type,
        from_ms=from_ms,
        until_ms=new.until_ms,
        reason=new.reason,
        by=caller.user.id,
        now_ms=now_ms,
    )
    await _audit(gateway, caller, f"{new.kind.value}_created", period.id, period.camera_id or "all cameras")
    return QuietPeriodOut.of(period, None if caller.is_local else caller.user.name)


@router.delete("/{period_id}", status_code=204)
async def delete_snooze(gateway: GatewayOf, caller: Snoozer, period_id: str) -> None:
    """Ends it now."""
    await gateway.store.quiet_periods.delete(period_id)
    await _audit(gateway, caller, "snooze_deleted", period_id)


async def _audit(gateway: GatewayOf, caller: Caller, action: str, subject: str, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=subject, detail=detail, now_ms=gateway.clock.now_ms()
    )
