"""Watch lists: part of the gallery plus what happens on a hit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.watch_list_resources import NewWatchList, WatchListChange, WatchListOut

__all__ = ["router"]

router = APIRouter(prefix="/api/watch-lists", tags=["watch lists"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_PEOPLE))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_PEOPLE))]


@router.get("")
async def list_watch_lists(gateway: GatewayOf, caller: Seer) -> list[WatchListOut]:
    """All watch lists."""
    return [WatchListOut.of(watch_list) for watch_list in await gateway.store.watch_lists.list()]


@router.post("", status_code=201)
async def create_watch_list(gateway: GatewayOf, caller: Manager, new: NewWatchList) -> WatchListOut:
    """A new watch list; 409 when the name is taken."""
    watch_list = await gateway.store.watch_lists.create(
        name=new.name,
        severity=new.severity,
        enabled=new.enabled,
        now_ms=gateway.clock.now_ms(),
        require_live=new.require_live,
    )
    await _changed(gateway, caller, "watch_list_created", watch_list.id)
    return WatchListOut.of(watch_list)


@router.patch("/{list_id}")
async def change_watch_list(gateway: GatewayOf, caller: Manager, list_id: str, change: WatchListChange) -> WatchListOut:
    """Changes what is given."""
    stored = await gateway.store.watch_lists.get(list_id)
    watch_list = await gateway.store.watch_lists.update(
        list_id,
        name=change.name or stored.name,
        severity=change.severity or stored.severity,
        enabled=stored.enabled if change.enabled is None else change.enabled,
        require_live=stored.require_live if change.require_live is None else change.require_live,
    )
    await _changed(gateway, caller, "watch_list_changed", list_id)
    return WatchListOut.of(watch_list)


@router.delete("/{list_id}", status_code=204)
async def delete_watch_list(gateway: GatewayOf, caller: Manager, list_id: str) -> None:
    """Removes a watch list; its people stay enrolled."""
    await gateway.store.watch_lists.delete(list_id)
    await _changed(gateway, caller, "watch_list_deleted", list_id)


@router.put("/{list_id}/people/{person_id}", status_code=204)
async def add_person(gateway: GatewayOf, caller: Manager, list_id: str, person_id: str) -> None:
    """Puts a person on the list; no error when they are on it."""
    await gateway.store.watch_lists.add_person(list_id, person_id)
    gateway.directory.people.changed(person_id)
    await _changed(gateway, caller, "watch_list_joined", list_id, person_id)


@router.delete("/{list_id}/people/{person_id}", status_code=204)
async def remove_person(gateway: GatewayOf, caller: Manager, list_id: str, person_id: str) -> None:
    """Takes a person off the list."""
    await gateway.store.watch_lists.remove_person(list_id, person_id)
    gateway.directory.people.changed(person_id)
    await _changed(gateway, caller, "watch_list_left", list_id, person_id)


async def _changed(gateway: Gateway, caller: Caller, action: str, list_id: str, detail: str = "") -> None:
    gateway.changes.watch_list(list_id)
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=list_id, detail=detail, now_ms=gateway.clock.now_ms()
    )
