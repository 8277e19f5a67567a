"""Alerts on their way: who was told, declining one, and the test alert."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.duty_resources import (
    DeclineOut,
    DeclineRecorded,
    DeclineRequest,
    EscalationOut,
    StepOut,
    TestAlert,
)
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.routers.alerts import addressed

__all__ = ["router"]

router = APIRouter(prefix="/api/alerts", tags=["alerts"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_ALERTS))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_DUTY))]


@router.post("/test", status_code=201)
async def test_alert(gateway: GatewayOf, caller: Manager, wanted: TestAlert) -> dict[str, Any]:
    """Raises a test alert, which goes the way of a real one and is of the type `test`."""
    alert = await gateway.system_alerts.test(
        camera_id=wanted.camera_id,
        severity=wanted.severity,
        by=caller.user.name,
        to_responders=wanted.to_responders,
    )
    gateway.escalator.poke()
    await gateway.store.audit.record(
        actor=caller.user.name, action="test_alert", subject=alert.id, now_ms=gateway.clock.now_ms()
    )
    return await gateway.views.alert(alert)


@router.get("/{alert_id}/escalation")
async def escalation(gateway: GatewayOf, caller: Seer, alert_id: str) -> EscalationOut:
    """Who was told of an alert, when, how far they were from the camera, and what became of it."""
    await addressed(gateway, caller, alert_id)
    return EscalationOut(
        steps=[
            StepOut.of(step, await _name(gateway, step.user_id))
            for step in await gateway.store.escalations.steps(alert_id)
        ],
        declines=[
            DeclineOut.of(decline, await _name(gateway, decline.user_id))
            for decline in await gateway.store.escalations.declines(alert_id)
        ],
    )


@router.post("/{alert_id}/decline")
async def decline(gateway: GatewayOf, caller: Seer, alert_id: str, request: DeclineRequest) -> DeclineRecorded:
    """A person cannot take the alert; if it was theirs, the next one is told now."""
    await addressed(gateway, caller, alert_id)
    return DeclineRecorded(**await gateway.escalator.decline(caller.user, alert_id, request.reason))


async def _name(gateway: Gateway, user_id: str | None) -> str | None:
    user = await gateway.directory.users.find(user_id)
    return user.name if user else None
