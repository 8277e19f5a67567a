"""What REST takes and gives about duty, times without alerts, and escalations. Times are ms since the epoch."""

from __future__ import annotations

import zoneinfo
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sightline.accounts import Role
from sightline.deliveries.records import Decline, Step
from sightline.deliveries.roster import DutyException, DutyReason, Roster, Shift
from sightline.events.alert import AlertState, AlertType, Severity, Verdict
from sightline.events.quiet import QuietKind, QuietPeriod
from sightline.gateway.web.resources import Latitude, Longitude
from sightline.gateway.routing.responders import DutyState

__all__ = [
    "DeclineOut",
    "DeclineRecorded",
    "DeclineRequest",
    "DutyExceptionModel",
    "DutyOut",
    "DutySwitch",
    "EscalationOut",
    "NewQuietPeriod",
    "QuietPeriodOut",
    "RosterIn",
    "RosterOut",
    "ShiftModel",
    "StepOut",
    "TestAlert",
]

Millis = Annotated[int, Field(ge=0, le=253_402_300_799_999)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


def _known_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone; write it like Europe/Berlin") from error
    return value


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ShiftModel(_In):
    """A weekly shift: `weekday` 0 is Monday, minutes count from local midnight. One that ends no later than it starts
    ends on the next day."""

    weekday: Annotated[int, Field(ge=0, le=6)]
    start_minute: Annotated[int, Field(ge=0, le=1439)]
    end_minute: Annotated[int, Field(ge=0, le=1440)]


class DutyExceptionModel(_In):
    """On duty, or not, in a span of time, whatever the weekly schedule says; of two that overlap the later counts."""

    from_ms: Millis
    until_ms: Millis
    on: bool
    reason: Reason = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until_ms <= self.from_ms:
            raise ValueError("until_ms must be after from_ms")
        return self


class RosterIn(_In):
    """A user's roster, whole. Without `timezone` the server's applies; the duty post is where they are expected to be
    while their device does not say where it is."""

    timezone: Zone | None = None
    shifts: Annotated[list[ShiftModel], Field(max_length=100)] = []
    exceptions: Annotated[list[DutyExceptionModel], Field(max_length=500)] = []
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _whole_post(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a duty post has both latitude and longitude, or neither")
        return self

    def roster(self, user_id: str, default_zone: str) -> Roster:
        """The roster of this user."""
        return Roster(
            user_id=user_id,
            timezone=self.timezone or default_zone,
            shifts=tuple(Shift(**shift.model_dump()) for shift in self.shifts),
            exceptions=tuple(DutyException(**exception.model_dump()) for exception in self.exceptions),
            latitude=self.latitude,
            longitude=self.longitude,
        )


class RosterOut(BaseModel):
    """A user's roster."""

    timezone: str
    shifts: list[ShiftModel]
    exceptions: list[DutyExceptionModel]
    latitude: float | None
    longitude: float | None

    @classmethod
    def of(cls, roster: Roster) -> RosterOut:
        return cls.model_validate(roster, from_attributes=True)


class DutyOut(BaseModel):
    """A user who may handle alerts: whether they are on duty and what says so, whether they can be told, and how old
    the last position of their device is. Where they are is for routing only, and shown to nobody."""

    user_id: str
    name: str
    role: Role
    on_duty: bool
    reason: DutyReason
    connected: bool
    push: bool
    fix_age_ms: int | None
    roster: RosterOut | None

    @classmethod
    def of(cls, state: DutyState) -> DutyOut:
        return cls(
            user_id=state.user.id,
            name=state.user.name,
            role=state.user.role,
            on_duty=state.duty.on,
            reason=state.duty.reason,
            connected=state.connected,
            push=state.push,
            fix_age_ms=state.fix_age_ms,
            roster=RosterOut.of(state.roster) if state.roster is not None else None,
        )


class DutySwitch(_In):
    """On duty from now on, or not, until the schedule next says something new."""

    on: bool


class QuietPeriodOut(BaseModel):
    """A time in which events are recorded and alerts are not raised. `by` is the id of who said so; `by_name` is null
    when that account is gone."""

    id: str
    kind: QuietKind
    camera_id: str | None
    alert_type: AlertType | None
    from_ms: int
    until_ms: int
    reason: str
    by: str
    by_name: str | None
    created_at: int

    @classmethod
    def of(cls, period: QuietPeriod, by_name: str | None) -> QuietPeriodOut:
        return cls(
            id=period.id,
            kind=period.kind,
            camera_id=period.camera_id,
            alert_type=period.alert_type,
            from_ms=period.from_ms,
            until_ms=period.until_ms,
            reason=period.reason,
            by=period.by,
            by_name=by_name,
            created_at=period.created_at_ms,
        )


class NewQuietPeriod(_In):
    """A snooze of one camera, or maintenance of one or (`camera_id` null) all. Without `from_ms` it begins now."""

    kind: QuietKind = QuietKind.SNOOZE
    camera_id: str | None = None
    alert_type: AlertType | None = None
    from_ms: Millis | None = None
    until_ms: Millis
    reason: Reason = ""

    @model_validator(mode="after")
    def _of_a_camera(self) -> Self:
        if self.kind is QuietKind.SNOOZE and self.camera_id is None:
            raise ValueError("a snooze is for one camera: give camera_id, or plan maintenance for all")
        return self


class StepOut(BaseModel):
    """Who was told; `user_id` null is everybody. `distance_m` is from the camera."""

    level: int
    user_id: str | None
    name: str | None
    reason: str
    outside: bool
    distance_m: float | None
    told_at: int
    outcome: str | None
    ended_at: int | None

    @classmethod
    def of(cls, step: Step, name: str | None) -> StepOut:
        return cls(
            level=step.level,
            user_id=step.user_id,
            name=name,
            reason=step.reason,
            outside=step.outside,
            distance_m=step.distance_m,
            told_at=step.told_at_ms,
            outcome=step.outcome,
            ended_at=step.ended_at_ms,
        )


class DeclineOut(BaseModel):
    """Who said that they cannot take an alert, and why, in their own words."""

    user_id: str
    name: str | None
    at: int
    reason: str

    @classmethod
    def of(cls, decline: Decline, name: str | None) -> DeclineOut:
        return cls(user_id=decline.user_id, name=name, at=decline.at_ms, reason=decline.reason)


class EscalationOut(BaseModel):
    """Who was told of an alert, in order; empty for one that was told to everybody at once. `declines` are of anybody,
    also of people who had not been told yet."""

    steps: list[StepOut]
    declines: list[DeclineOut]


class DeclineRequest(_In):
    """A person cannot take the alert."""

    reason: Reason = ""


class DeclineRecorded(BaseModel):
    """How the alert stands now."""

    alert_id: str
    state: AlertState
    by: str | None
    at: int | None
    verdict: Verdict | None
    declined: bool


class TestAlert(_In):
    """A test of the way to people, as if of a camera. With `to_responders` it goes from the nearest to the next."""

    __test__ = False  # pytest collects classes of this name

    camera_id: str | None = None
    severity: Severity = Severity.WARNING
    to_responders: bool = True
