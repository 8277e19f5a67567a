"""Workstations as REST shows them."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from sightline.decisions.workstation_records import ActionEntry, Standing, StandingRecord, Workstation
from sightline.gateway.gateway import Gateway
from sightline.gateway.workstation_desk import Seat

__all__ = [
    "ActionOut",
    "NewWorkstation",
    "SeatOut",
    "StandingChange",
    "StandingOut",
    "WorkstationOut",
    "WorkstationToken",
    "action_out",
]


class NewWorkstation(BaseModel):
    """A workstation to be."""

    name: str = Field(min_length=1, max_length=64, pattern=r"\S")


class WorkstationOut(BaseModel):
    """A workstation. `people`: ids of those who may sit there."""

    id: str
    name: str
    people: list[str]
    has_token: bool
    connected: bool
    created_at: int

    @classmethod
    def of(cls, workstation: Workstation, gateway: Gateway) -> Self:
        seated = {seat.workstation.id for seat in gateway.workstations.seats if seat.workstation}
        return cls(
            id=workstation.id,
            name=workstation.name,
            people=list(workstation.people),
            has_token=workstation.has_token,
            connected=workstation.id in seated,
            created_at=workstation.created_at_ms,
        )


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


class StandingOut(BaseModel):
    """Somebody who is paused or blocked."""

    person_id: str
    state: Standing
    reason: str
    by: str
    at: int

    @classmethod
    def of(cls, record: StandingRecord) -> Self:
        return cls(
            person_id=record.person_id, state=record.standing, reason=record.reason, by=record.by, at=record.at_ms
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
