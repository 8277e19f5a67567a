"""What REST takes and gives: the models behind the OpenAPI description. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sightline.accounts import RIGHTS, Role, User
from sightline.cameras import Camera, CameraState, CameraStatus, has_credentials, redact
from sightline.decisions.watch_list import WatchList
from sightline.events.alert import AlertState, Severity, Verdict
from sightline.identities.subject import ErasureReceipt, Person, Reference

__all__ = [
    "AckRequest",
    "AlertPage",
    "CameraChange",
    "CameraOut",
    "CameraTest",
    "CameraTestResult",
    "Denial",
    "EnrolmentResult",
    "EnrolmentResults",
    "IdentifiedFace",
    "IdentifyResult",
    "NewCamera",
    "NewPerson",
    "NewUser",
    "NewWatchList",
    "PasswordChange",
    "PeoplePage",
    "PersonChange",
    "PersonOut",
    "PersonRef",
    "ReceiptOut",
    "Recorded",
    "ReferenceOut",
    "SignedIn",
    "StatusOut",
    "UserChange",
    "UserOut",
    "WatchListChange",
    "WatchListOut",
    "WhoAmI",
]

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Password = Annotated[str, StringConstraints(min_length=10, max_length=256)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
AnalysisRate = Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)]
Age = Annotated[int, Field(ge=0, le=150)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Denial(BaseModel):
    """Why a request was refused, in plain words."""

    detail: str
    code: str | None = None


# ── accounts ──


class WhoAmI(BaseModel):
    """The user who asks, and what they may do."""

    id: str
    name: str
    role: Role
    rights: list[str]

    @classmethod
    def of(cls, user: User) -> WhoAmI:
        return cls(id=user.id, name=user.name, role=user.role, rights=sorted(RIGHTS[user.role]))


class SignedIn(BaseModel):
    """An access token; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    user: WhoAmI


class UserOut(BaseModel):
    """An account as administrators see it."""

    id: str
    name: str
    role: Role
    disabled: bool
    created_at: int

    @classmethod
    def of(cls, user: User) -> UserOut:
        return cls(id=user.id, name=user.name, role=user.role, disabled=user.disabled, created_at=user.created_at_ms)


class NewUser(_In):
    """An account to make."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.@+-]{1,64}$")]
    role: Literal[Role.ADMIN, Role.OPERATOR, Role.RESPONDER, Role.VIEWER] = Role.OPERATOR
    password: Password


class UserChange(_In):
    """What of an account may be changed."""

    role: Literal[Role.ADMIN, Role.OPERATOR, Role.RESPONDER, Role.VIEWER] | None = None
    disabled: bool | None = None


class PasswordChange(_In):
    """A new password; one's own needs the current one."""

    password: Password
    current: str | None = None


# ── cameras ──


class StatusOut(BaseModel):
    """What the engine says of a camera's source."""

    state: CameraState
    reason: str
    since: int
    width: int
    height: int
    fps: float
    analysed_fps: float


class CameraOut(BaseModel):
    """A camera; credentials in `source` are shown as `***`."""

    id: str
    name: str
    source: str
    has_credentials: bool
    latitude: float | None
    longitude: float | None
    analysis_fps: float
    enabled: bool
    alert_unknown: bool
    created_at: int
    status: StatusOut

    @classmethod
    def of(cls, camera: Camera, status: CameraStatus, analysed_fps: float) -> CameraOut:
        return cls(
            id=camera.id,
            name=camera.name,
            source=redact(camera.source),
            has_credentials=has_credentials(camera.source),
            latitude=camera.latitude,
            longitude=camera.longitude,
            analysis_fps=camera.analysis_fps,
            enabled=camera.enabled,
            alert_unknown=camera.alert_unknown,
            created_at=camera.created_at_ms,
            status=StatusOut(
                state=status.state,
                reason=status.reason,
                since=status.since_ms,
                width=status.width,
                height=status.height,
                fps=status.fps,
                analysed_fps=analysed_fps,
            ),
        )


class NewCamera(_In):
    """A camera to add. Without a rate or `alert_unknown` the settings' defaults apply."""

    name: Name
    source: Source
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    analysis_fps: AnalysisRate | None = None
    enabled: bool = True
    alert_unknown: bool | None = None


class CameraChange(_In):
    """What of a camera is changed; fields not given stay."""

    name: Name | None = None
    source: Source | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    analysis_fps: AnalysisRate | None = None
    enabled: bool | None = None
    alert_unknown: bool | None = None


class CameraTest(_In):
    """A source to try, or the stored one of a camera."""

    source: Source | None = None
    camera_id: str | None = None


class CameraTestResult(BaseModel):
    """What the source delivers, or in plain words why it does not. `picture` is a JPEG in base64."""

    ok: bool
    message: str
    width: int
    height: int
    fps: float
    codec: str
    picture: str | None


# ── people ──


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


class NewPerson(_In):
    """A person to make; photographs are enrolled afterwards."""

    first_name: Name
    last_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    age: Age | None = None
    description: Words = ""
    watch_lists: list[str] = []


class PersonChange(_In):
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


class ReceiptOut(BaseModel):
    """What was erased of a person."""

    person_id: str
    erased_at: int
    references: int
    alerts: int
    events: int
    pictures: int
    sightings: int
    negatives: int

    @classmethod
    def of(cls, receipt: ErasureReceipt) -> ReceiptOut:
        return cls(
            person_id=receipt.person_id,
            erased_at=receipt.erased_at_ms,
            references=receipt.references,
            alerts=receipt.alerts,
            events=receipt.events,
            pictures=receipt.pictures,
            sightings=receipt.sightings,
            negatives=receipt.negatives,
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


# ── watch lists ──


class WatchListOut(BaseModel):
    """A watch list; `people` counts its members. With `require_live`, a hit raises an alert only once the face has been
    shown to be bona fide, where a model judges that."""

    id: str
    name: str
    severity: Severity
    enabled: bool
    people: int
    created_at: int
    require_live: bool

    @classmethod
    def of(cls, watch_list: WatchList) -> WatchListOut:
        return cls(
            id=watch_list.id,
            name=watch_list.name,
            severity=watch_list.severity,
            enabled=watch_list.enabled,
            people=watch_list.people,
            created_at=watch_list.created_at_ms,
            require_live=watch_list.require_live,
        )


class NewWatchList(_In):
    """A watch list to make."""

    name: Name
    severity: Severity = Severity.CRITICAL
    enabled: bool = True
    require_live: bool = False


class WatchListChange(_In):
    """What of a watch list is changed; fields not given stay."""

    name: Name | None = None
    severity: Severity | None = None
    enabled: bool | None = None
    require_live: bool | None = None


# ── alerts ──


class AlertPage(BaseModel):
    """Alerts, newest first, as in `alert_triggered`."""

    alerts: list[dict[str, Any]]


class AckRequest(_In):
    """A person takes an alert, and may say what they think of it. With `remember`, a rejected identification is
    remembered: that face is not called by that name again."""

    verdict: Verdict | None = None
    remember: bool = False


class Recorded(BaseModel):
    """Who has the alert now; `first` is false when somebody had taken it before. `negative_id` is what was remembered,
    by which that can be undone."""

    alert_id: str
    state: AlertState
    by: str | None
    at: int | None
    verdict: Verdict | None
    first: bool
    negative_id: str | None = None
