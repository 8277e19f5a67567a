"""Workstations as REST shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, Field

from sightline.decisions.workstation_records import ActionEntry, Standing, StandingRecord, Workstation
from sightline.gateway.web.csv_table import csv_table
from sightline.gateway.gateway import Gateway
from sightline.gateway.workstations.workstation_desk import Seat

__all__ = [
    "ActionOut",
    "CapacityChange",
    "NewWorkstation",
    "SeatOut",
    "SitterOut",
    "StandingChange",
    "StandingOut",
    "WorkstationOut",
    "WorkstationToken",
    "action_out",
    "actions_table",
    "standing_out",
    "workstations_out",
]

COLUMNS = (
    "time", "workstation", "user", "action", "reason", "recognised", "phone", "live", "similarity", "picture",
)  # fmt: skip


class NewWorkstation(BaseModel):
    """A workstation to be."""

    name: str = Field(min_length=1, max_length=64, pattern=r"\S")


class SitterOut(BaseModel):
    """Somebody who may sit at a workstation. `references`: enrolled photographs; without one nobody is recognised.
    `why`: why they are paused or blocked."""

    person_id: str
    name: str
    state: Standing
    why: str
    references: int


class WorkstationOut(BaseModel):
    """A workstation. `people`: ids of those who may sit there; `sitters`: the same, with what is known of them."""

    id: str
    name: str
    people: list[str]
    sitters: list[SitterOut]
    has_token: bool
    connected: bool
    created_at: int


async def workstations_out(gateway: Gateway, workstations: Sequence[Workstation]) -> list[WorkstationOut]:
    """The workstations with the names of those who may sit there."""
    seated = {seat.workstation.id for seat in gateway.workstations.seats if seat.workstation}
    standings = {record.person_id: record for record in await gateway.store.workstations.standings()}
    return [
        WorkstationOut(
            id=one.id,
            name=one.name,
            people=list(one.people),
            sitters=await _sitters(gateway, one.people, standings),
            has_token=one.has_token,
            connected=one.id in seated,
            created_at=one.created_at_ms,
        )
        for one in workstations
    ]


async def _sitters(
    gateway: Gateway, person_ids: Iterable[str], standings: dict[str, StandingRecord]
) -> list[SitterOut]:
    people = [await gateway.directory.people.find(person_id) for person_id in person_ids]
    sitters = []
    for person in people:
        if person is not None:
            record = standings.get(person.id)
            state, why = (record.standing, record.reason) if record else (Standing.ACTIVE, "")
            sitters.append(
                SitterOut(person_id=person.id, name=person.name, state=state, why=why, references=person.references)
            )
    return sorted(sitters, key=lambda one: one.name.casefold())


class WorkstationToken(BaseModel):
    """A new token; it is shown this once."""

    workstation_id: str
    token: str = Field(description="Bearer token of this workstation, and of no other.")


class SeatOut(BaseModel):
    """Somebody at a workstation that is connected. `latency_ms`: from the arrival of a picture to its answer."""

    workstation_id: str | None
    workstation: str
    person_id: str | None
    user_name: str
    state: Standing
    connected_at: int
    action: str | None
    reason: str | None
    verdict_at: int | None
    latency_ms: int | None

    @classmethod
    def of(cls, seat: Seat) -> Self:
        return cls(
            workstation_id=seat.workstation.id if seat.workstation else None,
            workstation=seat.name,
            person_id=seat.person_id,
            user_name=seat.user_name,
            state=seat.standing,
            connected_at=seat.connected_at_ms,
            action=seat.verdict.action.value if seat.verdict else None,
            reason=seat.verdict.reason.value if seat.verdict else None,
            verdict_at=seat.verdict_at_ms,
            latency_ms=seat.latency_ms,
        )


class StandingChange(BaseModel):
    """Why somebody is paused, blocked, or let work again."""

    reason: str = Field(min_length=1, max_length=500)


class CapacityChange(BaseModel):
    """How many engines there may be."""

    max_pipelines: int = Field(ge=1, le=1000)


class StandingOut(BaseModel):
    """Somebody who is paused or blocked."""

    person_id: str
    name: str
    state: Standing
    reason: str
    by: str
    at: int


async def standing_out(gateway: Gateway, record: StandingRecord) -> StandingOut:
    """The record with a name."""
    person = await gateway.directory.people.find(record.person_id)
    return StandingOut(
        person_id=record.person_id,
        name=person.name if person else "",
        state=record.standing,
        reason=record.reason,
        by=record.by,
        at=record.at_ms,
    )


class ActionOut(BaseModel):
    """An entry of the action log. `user`: who should have sat there; `recognised`: who else did; names as they are now,
    `None` for nobody known, or somebody erased."""

    id: str
    at: int
    workstation: str
    action: str
    reason: str
    person_id: str | None
    user: str | None
    recognised_id: str | None
    recognised: str | None
    scores: dict[str, float | None]
    thresholds: dict[str, float]
    picture_url: str | None


async def action_out(gateway: Gateway, entry: ActionEntry) -> ActionOut:
    """The entry with names."""
    user = await gateway.directory.people.find(entry.person_id)
    recognised = await gateway.directory.people.find(entry.recognised_id)
    return ActionOut(
        id=entry.id,
        at=entry.at_ms,
        workstation=entry.workstation,
        action=entry.action.value,
        reason=entry.reason.value,
        person_id=entry.person_id,
        user=user.name if user else None,
        recognised_id=entry.recognised_id,
        recognised=recognised.name if recognised else None,
        scores=dict(entry.scores),
        thresholds=dict(entry.thresholds),
        picture_url=f"/api/workstations/actions/{entry.id}/picture" if entry.has_picture else None,
    )


def actions_table(entries: Iterable[ActionOut]) -> str:
    """The entries as CSV, a row each; times are UTC."""
    return csv_table(COLUMNS, (_row(entry) for entry in entries))


def _row(entry: ActionOut) -> tuple[object, ...]:
    time = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds")
    scores = (entry.scores.get(name) for name in ("phone", "live", "similarity"))
    picture = "yes" if entry.picture_url else "no"
    return (
        time, entry.workstation, entry.user, entry.action, entry.reason, entry.recognised, *scores, picture,
    )  # fmt: skip
