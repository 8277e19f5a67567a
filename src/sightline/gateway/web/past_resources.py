"""What REST takes and gives about the past: sightings, searches, strangers, negatives. Times are milliseconds since the
epoch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sightline.gateway.past.past import SearchResult
from sightline.gateway.video.footage_of_people import FootageOfSomebody
from sightline.gateway.web.people_resources import FootageOfSomebodyOut, NewPerson, PersonRef, ReferenceOut
from sightline.identities.sighting import NegativeRecord, Sighting, Stranger, StrangerErasure, StrangerState
from sightline.identities.timeline import CameraStay, Visit

__all__ = [
    "CameraRef",
    "CameraStayOut",
    "Enrolled",
    "Enrolment",
    "HitOut",
    "Indexing",
    "Merging",
    "NegativeOut",
    "NewRejection",
    "ProbeFace",
    "SearchOut",
    "SightingOut",
    "SightingPage",
    "Splitting",
    "StrangerChange",
    "StrangerOut",
    "StrangerPage",
    "StrangerReceipt",
    "StrangerRefOut",
    "Timeline",
    "VisitOut",
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CameraRef(BaseModel):
    """A camera named in an answer; the name is empty once the camera was removed."""

    id: str
    name: str


class StrangerRefOut(BaseModel):
    """A stranger named in an answer."""

    id: str
    number: int


class SightingOut(BaseModel):
    """What a track of a face left: `person` or `stranger` is whom it shows, as far as that is known.

    `similarity` is to the nearest enrolled person, `live` how much it looked bona fide, `width` the face's width in px.
    """

    id: str
    camera: CameraRef
    first_seen: int
    last_seen: int
    person: PersonRef | None
    stranger: StrangerRefOut | None
    similarity: float | None
    quality: float
    live: float | None
    width: float
    samples: int
    track_id: str
    picture_url: str

    @classmethod
    def of(cls, sighting: Sighting, camera: CameraRef, person: PersonRef | None) -> SightingOut:
        stranger = None
        if sighting.stranger_id is not None and sighting.stranger_number is not None:
            stranger = StrangerRefOut(id=sighting.stranger_id, number=sighting.stranger_number)
        return cls(
            id=sighting.id,
            camera=camera,
            first_seen=sighting.first_seen_ms,
            last_seen=sighting.last_seen_ms,
            person=person,
            stranger=stranger,
            similarity=sighting.similarity,
            quality=sighting.quality,
            live=sighting.live,
            width=sighting.width_px,
            samples=sighting.samples,
            track_id=sighting.track_id,
            picture_url=f"/api/sightings/{sighting.id}/picture",
        )


class SightingPage(BaseModel):
    """Sightings, newest first; `next` is what to pass as `before` for those after them, null at the end."""

    sightings: list[SightingOut]
    next: str | None


class HitOut(BaseModel):
    """A sighting and how similar it is to what was searched for."""

    similarity: float
    sighting: SightingOut


class ProbeFace(BaseModel):
    """The face of an uploaded picture that was searched for: the largest of `faces`."""

    bbox: list[float]
    quality: float
    reasons: list[str]
    faces: int


class Indexing(BaseModel):
    """The search has so many of all sightings in its memory so far."""

    indexed: int
    total: int


class SearchOut(BaseModel):
    """Hits, the most similar first. `indexing` is there while some sightings were not searched yet. `other_models`: so
    many sightings, of all cameras and times, were left by another embedder and cannot be compared with the probe."""

    hits: list[HitOut]
    probe: ProbeFace | None
    indexing: Indexing | None
    other_models: int

    @classmethod
    def of(cls, result: SearchResult, hits: list[HitOut], probe: ProbeFace | None) -> SearchOut:
        behind = result.indexed < result.total
        indexing = Indexing(indexed=result.indexed, total=result.total) if behind else None
        return cls(hits=hits, probe=probe, indexing=indexing, other_models=result.other_models)


class VisitOut(BaseModel):
    """A stretch of time before one camera, with the best picture of it."""

    camera: CameraRef
    from_: Annotated[int, Field(alias="from")]
    to: int
    sightings: int
    picture_url: str

    model_config = ConfigDict(populate_by_name=True)

    @classmethod
    def of(cls, visit: Visit, camera: CameraRef) -> VisitOut:
        return cls(
            camera=camera,
            from_=visit.from_ms,
            to=visit.to_ms,
            sightings=len(visit.sightings),
            picture_url=f"/api/sightings/{visit.best.id}/picture",
        )


class CameraStayOut(BaseModel):
    """All sightings before one camera; `seen_ms` is how long they lasted together."""

    camera: CameraRef
    sightings: int
    seen_ms: int
    first_seen: int
    last_seen: int

    @classmethod
    def of(cls, stay: CameraStay, camera: CameraRef) -> CameraStayOut:
        return cls(
            camera=camera,
            sightings=stay.sightings,
            seen_ms=stay.seen_ms,
            first_seen=stay.first_seen_ms,
            last_seen=stay.last_seen_ms,
        )


class Timeline(BaseModel):
    """Where somebody was: the path from camera to camera, oldest first; each camera with its totals; the sightings,
    newest first. `next` is what to pass as `before` for older ones, null where these are all."""

    path: list[VisitOut]
    cameras: list[CameraStayOut]
    sightings: list[SightingOut]
    next: str | None


class StrangerOut(BaseModel):
    """A group of sightings of somebody whom nobody has enrolled. `merged` are the numbers of the groups that were
    merged into it, `merged_into` the number of the one that it was merged into."""

    id: str
    number: int
    state: StrangerState
    created_at: int
    sightings: int
    first_seen: int | None
    last_seen: int | None
    merged: list[int]
    merged_into: int | None
    picture_url: str | None

    @classmethod
    def of(cls, stranger: Stranger) -> StrangerOut:
        best = stranger.best_sighting_id
        return cls(
            id=stranger.id,
            number=stranger.number,
            state=stranger.state,
            created_at=stranger.created_at_ms,
            sightings=stranger.sightings,
            first_seen=stranger.first_seen_ms,
            last_seen=stranger.last_seen_ms,
            merged=list(stranger.merged),
            merged_into=stranger.merged_into,
            picture_url=f"/api/sightings/{best}/picture" if best is not None else None,
        )


class StrangerPage(BaseModel):
    """Strangers, the newest number first."""

    strangers: list[StrangerOut]


class StrangerChange(_In):
    """An ignored stranger raises no more alerts; an open one does again."""

    state: Literal[StrangerState.OPEN, StrangerState.IGNORED]


class Merging(_In):
    """Into whom a stranger is merged."""

    into: str


class Splitting(_In):
    """A sighting that shows somebody else."""

    sighting_id: str


class Enrolment(_In):
    """Who the stranger is: a person already enrolled, or a new one."""

    person_id: str | None = None
    person: NewPerson | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Enrolment:
        if (self.person_id is None) == (self.person is None):
            raise ValueError("give either person_id or person")
        return self


class Enrolled(BaseModel):
    """The person that a stranger became, and the samples that are now their photographs."""

    person: PersonRef
    references: list[ReferenceOut]


class StrangerReceipt(BaseModel):
    """What was erased of a stranger, `recordings` in pieces; `footage` is what still shows them."""

    number: int
    erased_at: int
    sightings: int
    alerts: int
    pictures: int
    recordings: int
    footage: FootageOfSomebodyOut

    @classmethod
    def of(cls, receipt: StrangerErasure, footage: FootageOfSomebody) -> StrangerReceipt:
        return cls(
            number=receipt.number,
            erased_at=receipt.erased_at_ms,
            sightings=receipt.sightings,
            alerts=receipt.alerts,
            pictures=receipt.pictures,
            recordings=footage.deleted,
            footage=FootageOfSomebodyOut.of(footage),
        )


class NewRejection(_In):
    """Not this person: an alert that named them, or a sighting and whom it does not show."""

    alert_id: str | None = None
    sighting_id: str | None = None
    person_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_them(cls, given: Any) -> Any:
        named = {name for name, value in given.items() if value is not None} if isinstance(given, dict) else set()
        if named not in ({"alert_id"}, {"sighting_id", "person_id"}):
            raise ValueError("give either alert_id, or sighting_id and person_id")
        return given


class NegativeOut(BaseModel):
    """What was remembered: `source` (`alert` or `sighting`) and its id say of what face."""

    id: str
    person_id: str
    source: str
    source_id: str
    by: str | None
    created_at: int

    @classmethod
    def of(cls, negative: NegativeRecord, by: str | None) -> NegativeOut:
        return cls(
            id=negative.id,
            person_id=negative.person_id,
            source=negative.source,
            source_id=negative.source_id,
            by=by,
            created_at=negative.created_at_ms,
        )
