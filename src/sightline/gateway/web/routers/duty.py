"""The duty roster: who is on duty when, and where they then are. Everybody may change their own part of it."""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends

from sightline.accounts import Right, User, require
from sightline.exceptions import Conflict, NotFound
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.duty_resources import DutyOut, DutySwitch, RosterIn
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial

__all__ = ["local_zone", "router"]

router = APIRouter(prefix="/api/duty", tags=["duty"], responses={403: {"model": Denial}})
Handler = Annotated[Caller, Depends(caller_with(Right.HANDLE_ALERTS))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_DUTY))]

ME = "me"
LOCAL_TIME = Path("/etc/localtime")


@router.get("")
async def list_duty(gateway: GatewayOf, caller: Manager) -> list[DutyOut]:
    """Everybody who may handle alerts, by name: whether they are on duty, and whether they can be told."""
    return [DutyOut.of(state) for state in await gateway.responders.states()]


@router.get("/{user_id}")
async def get_duty(gateway: GatewayOf, caller: Handler, user_id: str) -> DutyOut:
    """One user (`me`: the caller); others only for who manages duty."""
    user = await _whose(gateway, caller, user_id)
    return await _state(gateway, user)


@router.put("/{user_id}/roster")
async def put_roster(gateway: GatewayOf, caller: Handler, user_id: str, new: RosterIn) -> DutyOut:
    """A weekly schedule, exceptions to it and a duty post, instead of what there was."""
    user = await _whose(gateway, caller, user_id)
    await gateway.store.duty.put_roster(new.roster(user.id, gateway.settings.timezone or local_zone()))
    await _changed(gateway, caller, "duty_roster_changed", user)
    return await _state(gateway, user)


@router.delete("/{user_id}/roster", status_code=204)
async def delete_roster(gateway: GatewayOf, caller: Handler, user_id: str) -> None:
    """From now on only the user's own word counts."""
    user = await _whose(gateway, caller, user_id)
    await gateway.store.duty.remove_roster(user.id)
    await _changed(gateway, caller, "duty_roster_removed", user)


@router.put("/{user_id}/switch")
async def switch(gateway: GatewayOf, caller: Handler, user_id: str, wanted: DutySwitch) -> DutyOut:
    """On duty from now on, or not, until the schedule next says something new."""
    user = await _whose(gateway, caller, user_id)
    await gateway.responders.switch(user, on=wanted.on)
    await _changed(gateway, caller, "duty_switched", user, "on" if wanted.on else "off")
    return await _state(gateway, user)


async def _whose(gateway: Gateway, caller: Caller, user_id: str) -> User:
    """The user that is meant, if the caller may see to their duty."""
    if user_id in (ME, caller.user.id):
        if caller.is_local:
            raise Conflict("the owner of the installation is nobody's account: name a user")
        return caller.user
    require(caller.user, Right.MANAGE_DUTY)
    user = await gateway.store.users.get(user_id)
    if not user.may(Right.HANDLE_ALERTS):
        raise Conflict(f"{user.name!r} may not handle alerts, and is never on duty")
    return user


async def _state(gateway: Gateway, user: User) -> DutyOut:
    for state in await gateway.responders.states():
        if state.user.id == user.id:
            return DutyOut.of(state)
    raise NotFound("user", user.id)


async def _changed(gateway: Gateway, caller: Caller, action: str, user: User, detail: str = "") -> None:
    gateway.escalator.poke()
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=user.id, detail=detail, now_ms=gateway.clock.now_ms()
    )


def local_zone() -> str:
    """The machine's time zone by its IANA name; UTC where it has none."""
    linked = str(LOCAL_TIME.resolve()).partition("/zoneinfo/")[2]
    for name in (os.environ.get("TZ", ""), linked.removeprefix("posix/")):
        if name and name in zoneinfo.available_timezones():
            return name
    return "UTC"
