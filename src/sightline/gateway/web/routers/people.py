"""People: records, photographs, watch lists, erasure."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response, UploadFile

from sightline.accounts import Right, require
from sightline.exceptions import Conflict, ImageError, NotFound
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.pushed.enrolment import Refusal, choose_face
from sightline.gateway.gateway import Gateway
from sightline.gateway.video.footage_of_people import footage_of
from sightline.gateway.web.people_resources import (
    EnrolmentResult,
    EnrolmentResults,
    NewPerson,
    PeoplePage,
    PersonChange,
    FootageOfSomebodyOut,
    PersonOut,
    ReceiptOut,
    ReferenceOut,
)
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.uploads import read_upload
from sightline.identities.subject import NewReference, Person

__all__ = ["router"]

router = APIRouter(prefix="/api/people", tags=["people"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_PEOPLE))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_PEOPLE))]
MAX_FILES = 50


@router.get("")
async def list_people(
    gateway: GatewayOf,
    caller: Seer,
    query: Annotated[str, Query(max_length=200)] = "",
    watch_list: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> PeoplePage:
    """A page of people by name."""
    people, total = await gateway.store.people.list(query=query, watch_list_id=watch_list, limit=limit, offset=offset)
    return PeoplePage(people=[PersonOut.of(person) for person in people], total=total)


@router.post("", status_code=201)
async def create_person(gateway: GatewayOf, caller: Manager, new: NewPerson) -> PersonOut:
    """A new person, on the watch lists given."""
    for list_id in new.watch_lists:
        await gateway.store.watch_lists.get(list_id)
    person = await gateway.store.people.create(
        first_name=new.first_name,
        last_name=new.last_name,
        age=new.age,
        description=new.description,
        now_ms=gateway.clock.now_ms(),
    )
    await _set_watch_lists(gateway, person, new.watch_lists)
    gateway.changes.person(person.id)
    await _audit(gateway, caller, "person_created", person.id)
    return PersonOut.of(await gateway.store.people.get(person.id))


@router.get("/{person_id}")
async def get_person(gateway: GatewayOf, caller: Seer, person_id: str) -> PersonOut:
    """One person."""
    return PersonOut.of(await gateway.store.people.get(person_id))


@router.patch("/{person_id}")
async def change_person(gateway: GatewayOf, caller: Manager, person_id: str, change: PersonChange) -> PersonOut:
    """Changes what is given."""
    stored = await gateway.store.people.get(person_id)
    for list_id in change.watch_lists or ():
        await gateway.store.watch_lists.get(list_id)
    given = change.model_fields_set
    person = await gateway.store.people.update(
        person_id,
        first_name=change.first_name or stored.first_name,
        last_name=stored.last_name if change.last_name is None else change.last_name,
        age=change.age if "age" in given else stored.age,
        description=stored.description if change.description is None else change.description,
    )
    if change.watch_lists is not None:
        await _set_watch_lists(gateway, person, change.watch_lists)
    gateway.changes.person(person_id)
    await _audit(gateway, caller, "person_changed", person_id, ", ".join(sorted(given)))
    return PersonOut.of(await gateway.store.people.get(person_id))


@router.get("/{person_id}/footage")
async def person_footage(gateway: GatewayOf, caller: Manager, person_id: str) -> FootageOfSomebodyOut:
    """Which recordings show this person, to be known before they are erased."""
    require(caller.user, Right.SEE_CAMERAS)
    return FootageOfSomebodyOut.of(await footage_of(gateway, await gateway.store.people.appearances(person_id)))


@router.delete("/{person_id}")
async def erase_person(
    gateway: GatewayOf,
    caller: Manager,
    person_id: str,
    footage: Annotated[bool, Query(description="Delete recordings that show them as well, and others in them.")] = False,
) -> ReceiptOut:
    """Erases a person: key, templates, samples, pictures, clips; the receipt says how much of each, and which recordings
    still show them. Those that go with `footage` are for somebody who may manage cameras."""
    if footage:
        require(caller.user, Right.MANAGE_CAMERAS)
    found = await footage_of(gateway, await gateway.store.people.appearances(person_id), delete=footage)
    receipt = await gateway.store.people.erase(person_id, now_ms=gateway.clock.now_ms())
    gateway.changes.person(person_id, erased=True)
    detail = f"{receipt.references} references, {found.deleted} pieces of recordings"
    await _audit(gateway, caller, "person_erased", person_id, detail)
    return ReceiptOut.of(receipt, found)


@router.get("/{person_id}/references")
async def list_references(gateway: GatewayOf, caller: Seer, person_id: str) -> list[ReferenceOut]:
    """The enrolled photographs."""
    return [ReferenceOut.of(reference) for reference in await gateway.store.people.references(person_id)]


@router.post("/{person_id}/references")
async def enrol(gateway: GatewayOf, caller: Manager, person_id: str, files: list[UploadFile]) -> EnrolmentResults:
    """Enrols photographs, one after the other; each is accepted, or refused with what a better one would be."""
    if len(files) > MAX_FILES:
        raise HTTPException(413, f"at most {MAX_FILES} photographs at a time")
    await gateway.store.people.get(person_id)
    results = [await _enrol_one(gateway, person_id, upload) for upload in files]
    accepted = sum(result.accepted for result in results)
    if accepted:
        gateway.changes.person(person_id)
    await _audit(gateway, caller, "person_enrolled", person_id, f"{accepted} of {len(results)} accepted")
    return EnrolmentResults(results=results)


@router.delete("/{person_id}/references/{reference_id}", status_code=204)
async def remove_reference(gateway: GatewayOf, caller: Manager, person_id: str, reference_id: str) -> None:
    """Removes a photograph."""
    await gateway.store.people.remove_reference(person_id, reference_id)
    gateway.changes.person(person_id)
    await _audit(gateway, caller, "reference_removed", person_id, reference_id)


@router.get("/{person_id}/references/{reference_id}/image", response_class=Response)
async def reference_image(gateway: GatewayOf, caller: Seer, person_id: str, reference_id: str) -> Response:
    """The face of an enrolled photograph."""
    if reference_id not in {reference.id for reference in await gateway.store.people.references(person_id)}:
        raise NotFound("reference", reference_id)
    return await _sample(gateway, caller, person_id, reference_id)


@router.get("/{person_id}/portrait", response_class=Response)
async def portrait(gateway: GatewayOf, caller: Seer, person_id: str) -> Response:
    """The best of the enrolled photographs."""
    references = await gateway.store.people.references(person_id)
    if not references:
        raise NotFound("portrait of person", person_id)
    return await _sample(gateway, caller, person_id, max(references, key=lambda reference: reference.quality).id)


async def _sample(gateway: Gateway, caller: Caller, person_id: str, reference_id: str) -> Response:
    jpeg = await gateway.store.people.sample(reference_id)
    await _audit(gateway, caller, "sample_viewed", person_id, reference_id)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


async def _enrol_one(gateway: Gateway, person_id: str, upload: UploadFile) -> EnrolmentResult:
    name = (upload.filename or "photograph")[:200]
    try:
        data = await read_upload(upload, gateway.settings)
        analysis = await gateway.analyst.analyse(data, identify=True)
        choice = choose_face(analysis.faces)
        if isinstance(choice, Refusal):
            return EnrolmentResult(file_name=name, accepted=False, reason_codes=choice.codes, reasons=choice.sentences)
        face = choice.face
        reference = await gateway.store.people.add_reference(
            person_id,
            NewReference(
                model_id=analysis.model_id,
                quality=face.quality,
                file_name=name,
                sha256=hashlib.sha256(data).hexdigest(),
                sample=face.probe,
                vector=face.vector,
            ),
            now_ms=gateway.clock.now_ms(),
        )
    except ImageError as problem:
        return EnrolmentResult(
            file_name=name, accepted=False, reason_codes=[problem.code.lower()], reasons=[str(problem)]
        )
    except Conflict as problem:
        return EnrolmentResult(
            file_name=name, accepted=False, reason_codes=["enrolled_already"], reasons=[str(problem)]
        )
    return EnrolmentResult(
        file_name=name,
        accepted=True,
        reason_codes=[],
        reasons=[],
        quality=face.quality,
        reference=ReferenceOut.of(reference),
    )


async def _set_watch_lists(gateway: Gateway, person: Person, wanted: list[str]) -> None:
    for list_id in set(wanted) - set(person.watch_lists):
        await gateway.store.watch_lists.add_person(list_id, person.id)
    for list_id in set(person.watch_lists) - set(wanted):
        await gateway.store.watch_lists.remove_person(list_id, person.id)


async def _audit(gateway: Gateway, caller: Caller, action: str, subject: str, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=subject, detail=detail, now_ms=gateway.clock.now_ms()
    )
