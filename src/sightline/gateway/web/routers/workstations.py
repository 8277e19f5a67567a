"""Workstations: who may sit there, who does, who is paused or blocked, and what was done."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.responses import Response

from sightline.accounts import Right
from sightline.decisions.workstation import Action
from sightline.decisions.workstation_records import Standing
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.auth import hash_machine_token, new_machine_token
from sightline.gateway.gateway import Gateway
from sightline.gateway.workstations.pipeline_view import pipelines_out
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.workstation_resources import (
    ActionOut,
    CapacityChange,
    NewWorkstation,
    SeatOut,
    StandingChange,
    StandingOut,
    WorkstationOut,
    WorkstationToken,
    action_out,
    actions_table,
    standing_out,
    workstations_out,
)

__all__ = ["router"]

router = APIRouter(
    prefix="/api/workstations",
    tags=["workstations"],
    responses={403: {"model": Denial}, 404: {"model": Denial}, 409: {"model": Denial}},
)
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_USERS))]

MAX_TABLE_ROWS = 10_000
STANDINGS = {
    "pause": Standing.PAUSED,
    "resume": Standing.ACTIVE,
    "block": Standing.BLOCKED,
    "unblock": Standing.ACTIVE,
}


@router.get("")
async def list_workstations(gateway: GatewayOf, caller: Admin) -> list[WorkstationOut]:
    """All of them, by name."""
    return await workstations_out(gateway, await gateway.store.workstations.list())


@router.post("", status_code=201)
async def create_workstation(gateway: GatewayOf, caller: Admin, new: NewWorkstation) -> WorkstationOut:
    """A workstation without a token, at which nobody may sit yet."""
    made = await gateway.store.workstations.create(name=new.name.strip(), now_ms=gateway.clock.now_ms())
    await _audit(gateway, caller, "workstation_created", made.id)
    return (await workstations_out(gateway, [made]))[0]


@router.get("/connected")
async def connected(gateway: GatewayOf, caller: Admin) -> list[SeatOut]:
    """Who sits where now, in the order of their coming."""
    return [SeatOut.of(seat) for seat in gateway.workstations.seats]


@router.get("/capacity")
async def capacity(gateway: GatewayOf, caller: Admin) -> dict[str, Any]:
    """How many there is room for, how many there are, and the engines that look at their pictures."""
    return pipelines_out(gateway)


@router.put("/capacity")
async def change_capacity(gateway: GatewayOf, caller: Admin, change: CapacityChange) -> dict[str, Any]:
    """Until the next start, so many engines at most; workstations there is no room for any more are closed, the newest
    first. For good, `max_pipelines` in the settings says it."""
    gateway.capacity.max_pipelines = change.max_pipelines
    await _audit(gateway, caller, "workstation_capacity_changed", "", str(change.max_pipelines))
    gateway.signals.poke()
    if gateway.pool is not None:
        gateway.pool.poke()
    return pipelines_out(gateway)


@router.get("/standings")
async def standings(gateway: GatewayOf, caller: Admin) -> list[StandingOut]:
    """Everybody who is paused or blocked, the newest first."""
    return [await standing_out(gateway, record) for record in await gateway.store.workstations.standings()]


@router.post("/users/{person_id}/{step}", status_code=204)
async def change_standing(
    gateway: GatewayOf,
    caller: Admin,
    person_id: str,
    step: Literal["pause", "resume", "block", "unblock"],
    change: StandingChange,
) -> None:
    """Somebody is paused, blocked, or may work again, wherever they sit; their workstation is told at once."""
    standing = STANDINGS[step]
    await gateway.store.workstations.set_standing(
        person_id, standing, reason=change.reason, by=caller.user.name, now_ms=gateway.clock.now_ms()
    )
    gateway.changes.standing(person_id, standing)
    await _audit(gateway, caller, f"workstation_user_{step}", person_id)


@router.get("/actions", response_model=list[ActionOut])
async def actions(
    gateway: GatewayOf,
    caller: Admin,
    person_id: str | None = None,
    workstation: str | None = None,
    action: Action | None = None,
    from_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    to_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    before_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    before_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    format: Literal["json", "csv"] = "json",
) -> list[ActionOut] | Response:
    """What was done, the newest first; `before_ms` and `before_id` are `at` and `id` of the last one of the page
    before. `format=csv` gives a table of up to 10,000, whatever the limit; that it was taken is recorded."""
    if (before_ms is None) is not (before_id is None):
        raise HTTPException(422, "give before_ms and before_id together")
    found = await gateway.store.workstation_actions.search(
        person_id=person_id,
        workstation=workstation,
        action=action.value if action else None,
        from_ms=from_ms,
        to_ms=to_ms,
        before=(before_ms, before_id) if before_ms is not None and before_id is not None else None,
        limit=MAX_TABLE_ROWS if format == "csv" else limit,
    )
    shown = [await action_out(gateway, entry) for entry in found]
    if format == "json":
        return shown
    await _audit(gateway, caller, "workstation_actions_exported", person_id or "", workstation or "")
    return Response(
        actions_table(shown),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="sightline-workstation-actions.csv"',
            "Cache-Control": "private, no-store",
        },
    )


@router.get("/actions/{action_id}/picture", response_class=Response)
async def action_picture(gateway: GatewayOf, caller: Admin, action_id: str) -> Response:
    """The evidence, a JPEG; that somebody looked at it is recorded."""
    picture = await gateway.store.workstation_actions.picture(action_id)
    await _audit(gateway, caller, "workstation_picture_seen", action_id)
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.delete("/{workstation_id}", status_code=204)
async def delete_workstation(gateway: GatewayOf, caller: Admin, workstation_id: str) -> None:
    """It may connect no more, and is disconnected; its entries in the action log stay."""
    await gateway.store.workstations.delete(workstation_id)
    gateway.changes.workstation_token(workstation_id)
    await _audit(gateway, caller, "workstation_deleted", workstation_id)


@router.post("/{workstation_id}/token", status_code=201)
async def issue_token(gateway: GatewayOf, caller: Admin, workstation_id: str) -> WorkstationToken:
    """A token for a workstation; the one before it is void, and a connection that was made with it ends."""
    token = new_machine_token()
    await gateway.store.workstations.set_token(workstation_id, hash_machine_token(token))
    gateway.changes.workstation_token(workstation_id)
    await _audit(gateway, caller, "workstation_token_issued", workstation_id)
    return WorkstationToken(workstation_id=workstation_id, token=token)


@router.delete("/{workstation_id}/token", status_code=204)
async def revoke_token(gateway: GatewayOf, caller: Admin, workstation_id: str) -> None:
    """It may not connect any more, and is disconnected; it stays, and may be given another token."""
    await gateway.store.workstations.set_token(workstation_id, None)
    gateway.workstations.token_changed(workstation_id)
    await _audit(gateway, caller, "workstation_token_revoked", workstation_id)


@router.put("/{workstation_id}/people/{person_id}", status_code=204)
async def allow(gateway: GatewayOf, caller: Admin, workstation_id: str, person_id: str) -> None:
    """Somebody may sit there."""
    await gateway.store.workstations.allow(workstation_id, person_id)
    await _audit(gateway, caller, "workstation_user_allowed", person_id, workstation_id)


@router.delete("/{workstation_id}/people/{person_id}", status_code=204)
async def disallow(gateway: GatewayOf, caller: Admin, workstation_id: str, person_id: str) -> None:
    """Somebody may not sit there any more; who does is told with the next picture."""
    await gateway.store.workstations.disallow(workstation_id, person_id)
    await _audit(gateway, caller, "workstation_user_disallowed", person_id, workstation_id)


async def _audit(gateway: Gateway, caller: Caller, action: str, subject: str, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=subject, detail=detail, now_ms=gateway.clock.now_ms()
    )
