"""What the gateway needs from a store, a vault of pictures and an analyst; `service.py` plugs the real ones in.

Every method is a coroutine; reads see everything committed before they began; writes return after the commit is on
disk (`synchronous=FULL`), many of them sharing one commit. Errors: `NotFound`, `Conflict`, `StoreError`.
Ids are made by the store (sortable by time, opaque). Times are milliseconds since the epoch and come from the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sightline.accounts import MachineToken, Role, User
from sightline.cameras import Camera
from sightline.decisions.history import HourRow, Metric
from sightline.decisions.watch_list import WatchList
from sightline.deliveries.entry import Cursor, Entry, LogBounds
from sightline.deliveries.escalation import Patience
from sightline.deliveries.records import (
    Accepted,
    Acknowledged,
    AlertClip,
    AuditRecord,
    Decline,
    Forgotten,
    GalleryChanges,
    Snapshot,
    Step,
)
from sightline.deliveries.roster import Roster, Switch
from sightline.deliveries.routing import Situation
from sightline.events.alert import Alert, AlertState, AlertType, Severity, Verdict
from sightline.events.engine_link import SourceProbed
from sightline.events.event import Decide, Event
from sightline.events.quiet import QuietKind, QuietPeriod
from sightline.events.scene import CameraView, Polygon
from sightline.events.still import Analysis, DrawnBox, StillTask
from sightline.gateway.cluster.cluster_ports import ClusterRows, LeaseRows
from sightline.gateway.past.sighting_ports import Negatives, Sightings, Strangers
from sightline.gateway.routing.channel_ports import Channels, Notices, PushSubscriptions
from sightline.gateway.workstations.workstation_ports import WorkstationActions, Workstations
from sightline.identities.sighting import Appearance
from sightline.identities.subject import ErasureReceipt, NewReference, Person, Reference
from sightline.identities.templates import TemplateProgress, UntemplatedSample
from sightline.privacy import FaceBlur

__all__ = [
    "AlertClips",
    "AlertPictures",
    "Alerts",
    "Analyst",
    "Audit",
    "CameraViews",
    "Cameras",
    "Duty",
    "Escalations",
    "Floods",
    "History",
    "Log",
    "MachineTokens",
    "Models",
    "People",
    "QuietPeriods",
    "Store",
    "Users",
    "WatchLists",
]


class Users(Protocol):
    async def list(self) -> list[User]: ...
    async def get(self, user_id: str) -> User: ...
    async def by_name(self, name: str) -> User | None: ...
    async def create(self, *, name: str, role: Role, password_hash: str, now_ms: int) -> User: ...
    async def set_password(self, user_id: str, password_hash: str) -> User:
        """Also raises `token_version`."""

    async def update(self, user_id: str, *, role: Role | None = None, disabled: bool | None = None) -> User:
        """Also raises `token_version` when anything changed. Refuses (`Conflict`) to leave no enabled administrator."""

    async def delete(self, user_id: str) -> None:
        """Refuses (`Conflict`) to delete the last enabled administrator."""


class MachineTokens(Protocol):
    """Tokens of engines and agents, kept as hashes, each bound to a name."""

    async def create(self, *, name: str, token_hash: str, now_ms: int) -> None:
        """Replaces the token of the same name."""

    async def name_of(self, token_hash: str) -> str | None: ...
    async def list(self) -> Sequence[MachineToken]: ...
    async def delete(self, name: str) -> None: ...


class Cameras(Protocol):
    async def list(self) -> list[Camera]: ...
    async def get(self, camera_id: str) -> Camera: ...
    async def create(
        self,
        *,
        name: str,
        source: str,
        latitude: float | None,
        longitude: float | None,
        analysis_fps: float,
        enabled: bool,
        alert_unknown: bool,
        now_ms: int,
        camera_id: str | None = None,
        substream: str = "",
        rotation: int = 0,
        blur_faces: FaceBlur = FaceBlur.OFF,
    ) -> Camera:
        """With `camera_id` under that id; raises `Conflict` when it is taken."""

    async def replace(self, camera: Camera) -> Camera: ...
    async def delete(self, camera_id: str) -> None: ...


class CameraViews(Protocol):
    """What cameras are to watch for; one without a view of its own does what the settings say."""

    async def all(self) -> dict[str, CameraView]: ...
    async def get(self, camera_id: str) -> CameraView | None: ...
    async def put(self, camera_id: str, view: CameraView) -> None: ...
    async def remove(self, camera_id: str) -> None: ...


class History(Protocol):
    """The past by the hour: figures are added to, and read whole."""

    async def add(self, rows: Sequence[HourRow]) -> None: ...
    async def list(
        self,
        *,
        from_ms: int,
        to_ms: int,
        camera_id: str | None = None,
        metric: Metric | None = None,
        limit: int = 100_000,
    ) -> list[HourRow]:
        """Of the hours that begin in [from, to), oldest first."""

    async def prune(self, before_ms: int) -> int:
        """Forgets hours that began before `before_ms`."""


class People(Protocol):
    async def list(
        self, *, query: str = "", watch_list_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[list[Person], int]:
        """A page by name, and how many there are in all."""

    async def get(self, person_id: str) -> Person: ...
    async def create(
        self, *, first_name: str, last_name: str, age: int | None, description: str, now_ms: int
    ) -> Person: ...
    async def update(
        self, person_id: str, *, first_name: str, last_name: str, age: int | None, description: str
    ) -> Person: ...
    async def appearances(self, person_id: str) -> Sequence[Appearance]:
        """When cameras saw this person."""

    async def erase(self, person_id: str, *, now_ms: int) -> ErasureReceipt:
        """Destroys key, templates, samples, and the pictures and links of every alert and event of this person."""

    async def references(self, person_id: str) -> Sequence[Reference]: ...
    async def add_reference(self, person_id: str, reference: NewReference, *, now_ms: int) -> Reference:
        """Raises `Conflict` when this picture (`sha256`) is enrolled already, for whomever."""

    async def remove_reference(self, person_id: str, reference_id: str) -> None: ...
    async def sample(self, reference_id: str) -> bytes:
        """The JPEG of an enrolled sample."""

    async def templates(self, person_id: str) -> Sequence[tuple[str, bytes]]:
        """The model's id and the template of each reference."""

    async def gallery_version(self) -> int: ...
    async def gallery_changes(self, since: int, model_id: str, *, limit: int = 500) -> GalleryChanges: ...


class Models(Protocol):
    """Which models are chosen, which embedder serves, and templates of further embedders."""

    async def choices(self) -> dict[str, str]: ...
    async def choose(self, chosen: Mapping[str, str | None]) -> dict[str, str]: ...
    async def serving(self) -> str | None: ...
    async def serve(self, embedder: str) -> None: ...
    async def progress(self, model_id: str) -> TemplateProgress: ...
    async def untemplated(self, model_id: str, *, limit: int = 8) -> Sequence[UntemplatedSample]:
        """References without a template of this model, oldest first."""

    async def keep_template(self, reference_id: str, model_id: str, vector: bytes | None, *, reason: str = "") -> bool:
        """Keeps a template, or (`None`) that there cannot be one. False when the reference is gone or has one."""


class WatchLists(Protocol):
    async def list(self) -> list[WatchList]: ...
    async def get(self, list_id: str) -> WatchList: ...
    async def by_name(self, name: str) -> WatchList | None: ...
    async def create(
        self, *, name: str, severity: Severity, enabled: bool, now_ms: int, require_live: bool = False
    ) -> WatchList: ...
    async def update(
        self, list_id: str, *, name: str, severity: Severity, enabled: bool, require_live: bool = False
    ) -> WatchList: ...
    async def delete(self, list_id: str) -> None: ...
    async def add_person(self, list_id: str, person_id: str) -> None: ...
    async def remove_person(self, list_id: str, person_id: str) -> None: ...


class AlertPictures(Protocol):
    """Pictures of alerts: `role` is `snapshot` or `probe`."""

    async def put_incoming(self, blob_id: str, data: bytes) -> None:
        """Keeps a fact's picture until the fact is accepted. The same id again is no error. Raises `Unavailable`
        when the disk is full."""

    async def read(self, alert_id: str, role: str) -> bytes:
        """Raises `NotFound` when the alert has no such picture (any more)."""

    async def heal(self, now_ms: int) -> None:
        """Moves pictures that a crash left between two places, and removes those of facts that never came."""


class AlertClips(Protocol):
    """Clips of alerts, put by engines seconds after the alert."""

    async def get(self, alert_id: str) -> AlertClip:
        """Raises `NotFound` when the alert has no clip (any more)."""

    async def file(self, alert_id: str) -> Path:
        """Raises `NotFound` when there is no file (yet, or any more)."""

    async def is_wanted(self, blob_id: str) -> bool:
        """Whether an alert has this clip."""

    async def keep(
        self, blob_id: str, media_type: str, chunks: AsyncIterator[bytes], *, duration_ms: int | None, now_ms: int
    ) -> None:
        """Raises `NotFound` when no alert wants it, `Unavailable` when the disk is full, and whatever `chunks`
        raises; then nothing is kept. `media_type` is `video/mp4` or `video/webm`."""

    async def prune(self, before_ms: int, *, most: int) -> int:
        """Deletes clips that came before that time; their alerts stay."""


class Alerts(Protocol):
    async def accept(self, event: Event, decide: Decide, *, blobs: dict[str, str], now_ms: int) -> Accepted:
        """Event, alert, log entries in one transaction; `decide` is called inside it with what the store knows.
        A key that was accepted before changes nothing. `blobs` maps picture roles to incoming blob ids; the pictures of
        an event that raises no alert are dropped."""

    async def get(self, alert_id: str) -> Alert: ...
    async def get_many(self, alert_ids: Collection[str]) -> dict[str, Alert]: ...
    async def list(
        self,
        *,
        tags: frozenset[str],
        states: Collection[AlertState] | None = None,
        before: int | None = None,
        person_id: str | None = None,
        camera_id: str | None = None,
        limit: int = 50,
    ) -> list[Alert]:
        """Newest first, those addressed to one of `tags`; `before` is an alert's offset."""

    async def snapshot(self, tags: frozenset[str]) -> Snapshot: ...
    async def acknowledge(self, alert_id: str, *, by: str, verdict: Verdict | None, now_ms: int) -> Acknowledged:
        """First one wins (compare-and-set). Whoever took it may still add or change the verdict."""

    async def close(self, alert_id: str, *, by: str, now_ms: int) -> Alert: ...
    async def forget(self, before_ms: int, *, most: int) -> Forgotten:
        """Deletes at most `most` events, and `most` alerts, from before that time, with pictures and everything else
        that hangs on them. Never an alert that is open, or that the log still tells of."""



class Log(Protocol):
    async def bounds(self) -> LogBounds: ...
    async def page(self, after: int, limit: int) -> Sequence[Entry]:
        """Entries with `offset > after`, in order."""

    async def prune(self, before_ms: int) -> int:
        """Forgets entries older than `before_ms` whose alerts are not open; raises the floor. Alerts still open at
        that age become `expired` first."""

    async def cursor(self, user_id: str, device: str) -> Cursor | None: ...
    async def advance(self, cursors: Mapping[tuple[str, str], Cursor], *, now_ms: int) -> None:
        """By user and device. Never moves a cursor backwards within an epoch."""


class Duty(Protocol):
    """Duty rosters and switches, by user."""

    async def rosters(self) -> dict[str, Roster]: ...
    async def switches(self) -> dict[str, Switch]: ...
    async def in_use(self) -> bool: ...
    async def put_roster(self, roster: Roster) -> None: ...
    async def remove_roster(self, user_id: str) -> None: ...
    async def switch(self, user_id: str, *, on: bool, now_ms: int) -> None: ...


class QuietPeriods(Protocol):
    """Snoozes and maintenance windows; those that are over are not listed."""

    async def list(self, now_ms: int) -> list[QuietPeriod]: ...
    async def create(
        self, *, kind: QuietKind, camera_id: str | None, alert_type: AlertType | None, from_ms: int, until_ms: int,
        reason: str, by: str, now_ms: int,
    ) -> QuietPeriod: ...  # fmt: skip
    async def delete(self, period_id: str) -> None: ...
    async def left_offline(self, decide: Decide, *, now_ms: int) -> Sequence[Accepted]:
        """Records each camera that went offline in a time without alerts which is over, and has not come back."""


class Escalations(Protocol):
    """Timers that are rows: each fires once, whoever looks. `Conflict`: somebody else was faster."""

    async def due(self, now_ms: int, limit: int = 100) -> list[str]: ...
    async def next_due_ms(self) -> int | None: ...
    async def fire(self, alert_id: str, situation: Situation, patience: Patience, *, now_ms: int) -> Step | None: ...
    async def decline(
        self, alert_id: str, user_id: str, reason: str, situation: Situation, patience: Patience, *, now_ms: int
    ) -> tuple[Alert, Step | None]: ...
    async def steps(self, alert_id: str) -> list[Step]: ...
    async def declines(self, alert_id: str) -> list[Decline]: ...
    async def to_notify(self, limit: int = 100) -> list[Step]: ...
    async def notified(self, step: Step) -> None: ...


class Floods(Protocol):
    async def tell(self, *, not_since_ms: int, now_ms: int, limit: int = 100) -> int:
        """Writes an entry for every flood that grew and was not told of since `not_since_ms`."""


class Audit(Protocol):
    async def record(self, *, actor: str, action: str, subject: str, detail: str = "", now_ms: int) -> None: ...
    async def list(self, *, limit: int = 100, before_ms: int | None = None) -> list[AuditRecord]: ...


class Store(Protocol):
    """Everything above, on one database and one media folder. `on_commit` is called (on the event loop) with the log's
    top offset after every commit that appended to the log."""

    @property
    def users(self) -> Users: ...
    @property
    def machine_tokens(self) -> MachineTokens: ...
    @property
    def cameras(self) -> Cameras: ...
    @property
    def camera_views(self) -> CameraViews: ...
    @property
    def history(self) -> History: ...
    @property
    def people(self) -> People: ...
    @property
    def models(self) -> Models: ...
    @property
    def watch_lists(self) -> WatchLists: ...
    @property
    def cluster(self) -> ClusterRows: ...
    @property
    def camera_leases(self) -> LeaseRows: ...
    @property
    def alerts(self) -> Alerts: ...
    @property
    def pictures(self) -> AlertPictures: ...
    @property
    def clips(self) -> AlertClips: ...
    @property
    def sightings(self) -> Sightings: ...
    @property
    def strangers(self) -> Strangers: ...
    @property
    def negatives(self) -> Negatives: ...
    @property
    def log(self) -> Log: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def push_subscriptions(self) -> PushSubscriptions: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def duty(self) -> Duty: ...
    @property
    def quiet_periods(self) -> QuietPeriods: ...
    @property
    def escalations(self) -> Escalations: ...
    @property
    def floods(self) -> Floods: ...
    @property
    def workstations(self) -> Workstations: ...
    @property
    def workstation_actions(self) -> WorkstationActions: ...


class Analyst(Protocol):
    """Who looks at still pictures for the gateway: a connected engine, or the models of this very process."""

    async def analyse(self, image: bytes, *, identify: bool) -> Analysis:
        """Templates of the faces; with `identify`, whose they are. Raises `Unavailable` when no engine can,
        `ImageError` when the picture is not acceptable."""

    async def look(
        self,
        image: bytes,
        *,
        tasks: tuple[StillTask, ...],
        confidence_threshold: float | None = None,
        max_side: int | None = None,
        background: bool = False,
        verify: str | None = None,
        engine: str | None = None,
    ) -> Analysis:
        """What `Analyse` describes, by the `engine` of this name where there is a choice. Raises like `analyse`."""

    async def draw(self, image: bytes, boxes: list[DrawnBox]) -> bytes:
        """The picture, a JPEG, with boxes drawn into it. Raises like `analyse`."""

    async def probe_source(
        self, source: str, masks: tuple[Polygon, ...] = (), *, rotation: int = 0, blur_faces: bool = False
    ) -> SourceProbed:
        """Opens the source and says what is there, in a picture turned by `rotation` degrees with `masks` blacked out
        and, where asked for, faces blurred. Raises `Unavailable` when no engine can."""
