"""What REST takes and gives about people, their references and faces. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from sightline.gateway.video.footage_of_people import FootageOfSomebody
from sightline.gateway.web.resources import Age, Body, Name, Words
from sightline.identities.subject import ErasureReceipt, Person, Reference

__all__ = [
    "EnrolmentResult",
    "EnrolmentResults",
    "IdentifiedFace",
    "IdentifyResult",
    "NewPerson",
    "FootageSpanOut",
    "PeoplePage",
    "PersonChange",
    "FootageOfSomebodyOut",
    "PersonOut",
    "PersonRef",
    "ReceiptOut",
    "ReferenceOut",
    "SeenOut",
]


class PersonOut(BaseModel):
    """Somebody enrolled; `references` counts the enrolled photographs."""

    id: str
    first_name: str
    last_name: str
    name: str
    age: int | None
    description: str
    created_at: int
    references: int
    watch_lists: list[str]
    portrait_url: str | None

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        return cls(
            id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            name=person.name,
            age=person.age,
            description=person.description,
            created_at=person.created_at_ms,
            references=person.references,
            watch_lists=list(person.watch_lists),
            portrait_url=f"/api/people/{person.id}/portrait" if person.references else None,
        )


class PeoplePage(BaseModel):
    """A page of people, and how many there are in all."""

    people: list[PersonOut]
    total: int


class NewPerson(Body):
    """A person to make; photographs are enrolled afterwards."""

    first_name: Name
    last_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    age: Age | None = None
    description: Words = ""
    watch_lists: list[str] = []


class PersonChange(Body):
    """What of a person is changed; fields not given stay."""

    first_name: Name | None = None
    last_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] | None = None
    age: Age | None = None
    description: Words | None = None
    watch_lists: list[str] | None = None


class ReferenceOut(BaseModel):
    """An enrolled photograph."""

    id: str
    quality: float
    file_name: str
    created_at: int
    image_url: str

    @classmethod
    def of(cls, reference: Reference) -> ReferenceOut:
        return cls(
            id=reference.id,
            quality=reference.quality,
            file_name=reference.file_name,
            created_at=reference.created_at_ms,
            image_url=f"/api/people/{reference.person_id}/references/{reference.id}/image",
        )


class EnrolmentResult(BaseModel):
    """What became of one photograph; each reason says what a better one would be."""

    file_name: str
    accepted: bool
    reason_codes: list[str]
    reasons: list[str]
    quality: float | None = None
    reference: ReferenceOut | None = None


class EnrolmentResults(BaseModel):
    """What became of each photograph, in the order given."""

    results: list[EnrolmentResult]


class FootageSpanOut(BaseModel):
    """Pieces of one camera's recordings that follow one another."""

    camera_id: str
    camera: str = Field(description="Its name; empty once the camera was removed.")
    starts_at: int
    ends_at: int
    pieces: int
    size_bytes: int


class SeenOut(BaseModel):
    """When a camera saw somebody, with some seconds before and after."""

    camera_id: str
    camera: str = Field(description="Its name; empty once the camera was removed.")
    starts_at: int
    ends_at: int


class FootageOfSomebodyOut(BaseModel):
    """Recordings that show somebody, and others who were there: by camera, the oldest first."""

    spans: list[FootageSpanOut]
    pieces: int
    size_bytes: int
    unreached_engines: list[str] = Field(description="Engines that may have more and could not be asked.")
    seen: list[SeenOut] = Field(description="When cameras saw them, where engines could not be asked; else empty.")

    @classmethod
    def of(cls, found: FootageOfSomebody) -> FootageOfSomebodyOut:
        names = found.cameras
        return cls(
            spans=[
                FootageSpanOut(
                    camera_id=camera_id,
                    camera=names.get(camera_id, ""),
                    starts_at=span.starts_at,
                    ends_at=span.ends_at,
                    pieces=span.pieces,
                    size_bytes=span.size_bytes,
                )
                for camera_id, span in found.spans
            ],
            pieces=sum(span.pieces for _, span in found.spans),
            size_bytes=sum(span.size_bytes for _, span in found.spans),
            unreached_engines=found.unreached,
            seen=[
                SeenOut(camera_id=camera_id, camera=names.get(camera_id, ""), starts_at=since, ends_at=until)
                for camera_id, (since, until) in found.seen
            ],
        )


class ReceiptOut(BaseModel):
    """What was erased of a person: `recordings` are pieces. `footage` is what still shows them, and no part of a
    receipt that is handed over."""

    person_id: str
    erased_at: int
    references: int
    alerts: int
    events: int
    pictures: int
    sightings: int
    negatives: int
    recordings: int
    footage: FootageOfSomebodyOut

    @classmethod
    def of(cls, receipt: ErasureReceipt, footage: FootageOfSomebody) -> ReceiptOut:
        return cls(
            person_id=receipt.person_id,
            erased_at=receipt.erased_at_ms,
            references=receipt.references,
            alerts=receipt.alerts,
            events=receipt.events,
            pictures=receipt.pictures,
            sightings=receipt.sightings,
            negatives=receipt.negatives,
            recordings=footage.deleted,
            footage=FootageOfSomebodyOut.of(footage),
        )


class PersonRef(BaseModel):
    """A person named in an answer."""

    id: str
    name: str


class IdentifiedFace(BaseModel):
    """A face of a picture. `person` is null when it is nobody of the gallery; `reasons` are failed quality gates."""

    bbox: list[float]
    confidence: float
    person: PersonRef | None
    similarity: float | None
    quality: float
    reasons: list[str]


class IdentifyResult(BaseModel):
    """The faces of a picture of `width` × `height` pixels."""

    width: int
    height: int
    faces: list[IdentifiedFace]
