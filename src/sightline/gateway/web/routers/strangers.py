"""Strangers: people whom nobody has enrolled, grouped by their faces."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from sightline.accounts import Right, require
from sightline.exceptions import SightlineError
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.past_resources import (
    Enrolled,
    Enrolment,
    Merging,
    Splitting,
    StrangerChange,
    StrangerOut,
    StrangerPage,
    StrangerReceipt,
    Timeline,
)
from sightline.gateway.past.past_views import timeline
from sightline.gateway.video.footage_of_people import FootageOfSomebody, footage_of
from sightline.gateway.web.people_resources import FootageOfSomebodyOut, NewPerson, PersonRef, ReferenceOut
from sightline.gateway.web.resources import Denial
from sightline.identities.sighting import StrangerErasure, StrangerState

__all__ = ["router"]

router = APIRouter(prefix="/api/strangers", tags=["past"], responses={403: {"model": Denial}, 409: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_PEOPLE))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_PEOPLE))]


@router.get("")
async def list_strangers(
    gateway: GatewayOf, caller: Seer, state: StrangerState | None = None,
    before: Annotated[int | None, Query(ge=0)] = None, limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> StrangerPage:  # fmt: skip
    """Strangers with their best picture and how often they were seen, the newest number first; `before` is the last
    number of the page before. Those that were merged into others are listed by `state=merged` only."""
    found = await gateway.store.strangers.list(state=state, before=before, limit=limit)
    return StrangerPage(strangers=[StrangerOut.of(stranger) for stranger in found])


@router.get("/{stranger_id}")
async def get_stranger(gateway: GatewayOf, caller: Seer, stranger_id: str) -> StrangerOut:
    """One stranger."""
    return StrangerOut.of(await gateway.store.strangers.get(stranger_id))


@router.get("/{stranger_id}/sightings")
async def stranger_timeline(
    gateway: GatewayOf, caller: Seer, stranger_id: str,
    from_ms: Annotated[int | None, Query(alias="from", ge=0)] = None,
    to_ms: Annotated[int | None, Query(alias="to", ge=0)] = None, before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Timeline:  # fmt: skip
    """Where a stranger was seen, with what was merged into them."""
    await gateway.store.strangers.get(stranger_id)
    return await timeline(gateway, stranger_id=stranger_id, from_ms=from_ms, to_ms=to_ms, before=before, limit=limit)


@router.patch("/{stranger_id}")
async def change_stranger(gateway: GatewayOf, caller: Manager, stranger_id: str, change: StrangerChange) -> StrangerOut:
    """Ignores a stranger, who then raises no more alerts, or takes that back."""
    ignored = change.state is StrangerState.IGNORED
    stranger = await gateway.store.strangers.ignore(stranger_id, ignored=ignored)
    await _audit(gateway, caller, "stranger_ignored" if ignored else "stranger_not_ignored", stranger.number)
    return StrangerOut.of(stranger)


@router.post("/{stranger_id}/merge")
async def merge_strangers(gateway: GatewayOf, caller: Manager, stranger_id: str, merging: Merging) -> StrangerOut:
    """The two are one person. Answers the one that stays; `unmerge` undoes it."""
    number = (await gateway.store.strangers.get(stranger_id)).number
    stranger = await gateway.store.strangers.merge(stranger_id, merging.into)
    await _audit(gateway, caller, "strangers_merged", number, f"into {stranger.number}")
    return StrangerOut.of(stranger)


@router.post("/{stranger_id}/unmerge")
async def unmerge_stranger(gateway: GatewayOf, caller: Manager, stranger_id: str) -> StrangerOut:
    """Undoes a merging: the stranger has its own sightings again."""
    stranger = await gateway.store.strangers.unmerge(stranger_id)
    await _audit(gateway, caller, "stranger_unmerged", stranger.number)
    return StrangerOut.of(stranger)


@router.post("/{stranger_id}/split", status_code=201)
async def split_stranger(gateway: GatewayOf, caller: Manager, stranger_id: str, splitting: Splitting) -> StrangerOut:
    """Takes a sighting that shows somebody else out; answers the new stranger that it is of."""
    stranger = await gateway.store.strangers.split(
        stranger_id, splitting.sighting_id, now_ms=gateway.clock.now_ms()
    )
    gateway.changes.past()
    await _audit(gateway, caller, "stranger_split", stranger.number, splitting.sighting_id)
    return StrangerOut.of(stranger)


@router.post("/{stranger_id}/enrol", status_code=201)
async def enrol_stranger(gateway: GatewayOf, caller: Manager, stranger_id: str, enrolment: Enrolment) -> Enrolled:
    """The stranger is this person: the best samples become photographs of theirs, and every sighting names them."""
    stranger = await gateway.store.strangers.get(stranger_id)
    person_id = enrolment.person_id or await _person(gateway, enrolment.person)
    try:
        references = await gateway.store.strangers.enrol(stranger_id, person_id, now_ms=gateway.clock.now_ms())
    except SightlineError:
        if enrolment.person is not None:  # made a moment ago for this alone
            await gateway.store.people.erase(person_id, now_ms=gateway.clock.now_ms())
        raise
    gateway.changes.person(person_id)
    gateway.changes.past()
    await _audit(gateway, caller, "stranger_enrolled", stranger.number, person_id)
    person = await gateway.store.people.get(person_id)
    return Enrolled(
        person=PersonRef(id=person.id, name=person.name),
        references=[ReferenceOut.of(reference) for reference in references],
    )


@router.get("/{stranger_id}/footage")
async def stranger_footage(gateway: GatewayOf, caller: Manager, stranger_id: str) -> FootageOfSomebodyOut:
    """Which recordings show this stranger, to be known before they are erased."""
    require(caller.user, Right.SEE_CAMERAS)
    return FootageOfSomebodyOut.of(await footage_of(gateway, await gateway.store.strangers.appearances(stranger_id)))


@router.delete("/{stranger_id}")
async def erase_stranger(
    gateway: GatewayOf,
    caller: Manager,
    stranger_id: str,
    footage: Annotated[bool, Query(description="Delete recordings that show them as well, and others in them.")] = False,
) -> StrangerReceipt:
    """Erases a stranger: keys, templates, samples, and the pictures of the alerts about them; the receipt says which
    recordings still show them. Those that go with `footage` are for somebody who may manage cameras."""
    if footage:
        require(caller.user, Right.MANAGE_CAMERAS)
    found = await footage_of(gateway, await gateway.store.strangers.appearances(stranger_id), delete=footage)
    receipt = await gateway.store.strangers.erase(stranger_id, now_ms=gateway.clock.now_ms())
    gateway.changes.past()
    await _audit(gateway, caller, "stranger_erased", receipt.number, _erased(receipt, found))
    return StrangerReceipt.of(receipt, found)


def _erased(receipt: StrangerErasure, footage: FootageOfSomebody) -> str:
    return f"{receipt.sightings} sightings, {footage.deleted} pieces of recordings"


async def _person(gateway: Gateway, new: NewPerson | None) -> str:
    assert new is not None  # one of the two is given
    for list_id in new.watch_lists:
        await gateway.store.watch_lists.get(list_id)
    person = await gateway.store.people.create(
        first_name=new.first_name, last_name=new.last_name, age=new.age, description=new.description,
        now_ms=gateway.clock.now_ms(),
    )  # fmt: skip
    for list_id in set(new.watch_lists):
        await gateway.store.watch_lists.add_person(list_id, person.id)
    return person.id


async def _audit(gateway: Gateway, caller: Caller, action: str, number: int, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=f"stranger {number}", detail=detail,
        now_ms=gateway.clock.now_ms(),
    )  # fmt: skip
