"""What the server answers, as values.

Times are milliseconds since the epoch, boxes `[x1, y1, x2, y2]` in pixels of the picture. Fields that a newer server
adds are ignored.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sightline.client.footage_answers import PersonFootage

__all__ = [
    "Account",
    "AnalysisInfo",
    "CameraInfo",
    "CameraStatus",
    "EmbeddedCount",
    "EmbeddingChange",
    "EngineInfo",
    "EngineView",
    "EnrolledReference",
    "ErasureReceipt",
    "FoundFace",
    "FoundPerson",
    "Identification",
    "MachineToken",
    "ModelInfo",
    "ModelsInfo",
    "NamedCamera",
    "NumberedStranger",
    "PastHit",
    "PastIndexing",
    "PastSearch",
    "PastSighting",
    "PersonInfo",
    "PhotoResult",
    "SourceTest",
    "PipelineInfo",
    "PipelinesInfo",
    "SystemInfo",
    "WatchListInfo",
    "WorkstationInfo",
]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user."""

    id: str
    name: str
    role: str
    disabled: bool = False
    created_at: int = 0


class CameraStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine says of a camera's source; `since` is when that began."""

    state: Literal["disabled", "connecting", "online", "stalled", "offline"]
    reason: str = ""
    since: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    analysed_fps: float = 0.0


class CameraInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A camera; `source` shows `***` for its credentials."""

    id: str
    name: str
    source: str
    status: CameraStatus
    latitude: float | None = None
    longitude: float | None = None
    analysis_fps: float = 0.0
    enabled: bool = True
    alert_unknown: bool = False
    has_credentials: bool = False
    created_at: int = 0
    substream: str = ""
    rotation: int = 0
    blur_faces: str = "off"


class SourceTest(msgspec.Struct, frozen=True, kw_only=True):
    """What opening a source gave; `message` is in plain words."""

    ok: bool
    message: str
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    codec: str | None = None


class PersonInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody enrolled; `references` counts the photos, `watch_lists` holds ids."""

    id: str
    first_name: str
    last_name: str
    name: str
    age: int | None = None
    description: str = ""
    created_at: int = 0
    references: int = 0
    watch_lists: tuple[str, ...] = ()


class WorkstationInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A workstation; `people` holds the ids of those who may sit there."""

    id: str
    name: str
    people: tuple[str, ...] = ()
    has_token: bool = False
    connected: bool = False
    created_at: int = 0


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The engine as the gateway sees it: `connected`, `starting` or `down`, with the reason where it is not there."""

    state: str
    reason: str = ""
    restarts: int = 0
    warnings: tuple[str, ...] = ()


class PipelineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One engine, and how many workstations were given to it."""

    engine_id: str
    state: str
    clients: int = 0


class PipelinesInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Engines for workstations: `connected` workstations of as many as there is room for. `gpus_full`: there is no
    memory for another engine; `signals`: `redis`, `memory`, or `away` while Redis does not answer."""

    max_pipelines: int
    capacity: int
    connected: int
    system_full: bool
    gpus_full: bool
    signals: str = "memory"
    engines: tuple[PipelineInfo, ...] = ()


class MachineToken(msgspec.Struct, frozen=True, kw_only=True):
    """That an engine, a workstation or a camera has a token, and since when."""

    name: str
    owner: str
    owner_id: str
    created_at: int | None = None


class EngineView(msgspec.Struct, frozen=True, kw_only=True):
    """An engine as administrators see it. `state`: `connected`, `starting`, `down` or `away`; `clock_offset_ms` is what
    must be added to its clock to have the gateway's."""

    engine_id: str
    state: str
    is_local: bool
    reason: str = ""
    host: str = ""
    version: str = ""
    cameras: int = 0
    capacity: int = 0
    load: float | None = None
    clock_offset_ms: int | None = None
    missing_models: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class SystemInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A running server."""

    version: str
    started_at: int
    engine: EngineInfo
    connections: int = 0
    pipelines: PipelinesInfo | None = None


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The model of one task, as the engine has it."""

    task: str
    name: str = ""
    loaded: bool = False
    path: str = ""
    device: str = ""
    reason: str = ""


class EmbeddedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Of `total` samples, `done` were embedded by the embedder that is to serve, and `failed` cannot be."""

    total: int
    done: int
    failed: int


class EmbeddingChange(msgspec.Struct, frozen=True, kw_only=True):
    """How far the change of the embedder is; the counts are of enrolled photos, absent before they are known.
    `rejections` are faces that were said not to be somebody, `sightings` the past, once it serves."""

    chosen: str
    serving: str
    changing: bool
    problem: str = ""
    references: int | None = None
    done: int | None = None
    failed: int | None = None
    rejections: EmbeddedCount | None = None
    sightings: EmbeddedCount | None = None


class ModelsInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The models that are chosen and those in use; `overruled` are the settings that an administrator overruled."""

    chosen: dict[str, str]
    overruled: tuple[str, ...]
    in_use: tuple[ModelInfo, ...]
    embedding: EmbeddingChange


class WatchListInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A watch list; `people` counts its members."""

    id: str
    name: str
    severity: str
    enabled: bool
    people: int = 0


class EnrolledReference(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of a person that was accepted."""

    id: str
    quality: float
    file_name: str
    created_at: int


class PhotoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one photo; `reasons` say what a better one is, `reason_codes` the same for programs."""

    file_name: str
    accepted: bool
    reason_codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    quality: float | None = None


class ErasureReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """How much was erased of a person, `recordings` in pieces; `footage` is what still shows them."""

    person_id: str
    erased_at: int
    references: int = 0
    alerts: int = 0
    events: int = 0
    pictures: int = 0
    sightings: int = 0
    negatives: int = 0
    recordings: int = 0
    footage: PersonFootage = PersonFootage()


class FoundPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Who a face belongs to."""

    id: str
    name: str


class FoundFace(msgspec.Struct, frozen=True, kw_only=True):
    """A face of a picture; `person` is `None` when it is nobody enrolled."""

    bbox: tuple[float, float, float, float]
    confidence: float
    quality: float
    person: FoundPerson | None = None
    similarity: float | None = None
    reasons: tuple[str, ...] = ()


class Identification(msgspec.Struct, frozen=True, kw_only=True):
    """The faces of a picture of `width` × `height` pixels."""

    faces: tuple[FoundFace, ...]
    width: int
    height: int


class AnalysisInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A job: files that are analysed, or were. `progress` is 0 to 1."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    reason: str = ""
    progress: float = 0.0
    frames: int = 0


class NamedCamera(msgspec.Struct, frozen=True, kw_only=True):
    """A camera; the name is empty once it was removed."""

    id: str
    name: str


class NumberedStranger(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom nobody has enrolled."""

    id: str
    number: int


class PastSighting(msgspec.Struct, frozen=True, kw_only=True):
    """What a track of a face left. Times are milliseconds since the epoch."""

    id: str
    camera: NamedCamera
    first_seen: int
    last_seen: int
    picture_url: str
    quality: float = 0.0
    person: FoundPerson | None = None
    stranger: NumberedStranger | None = None


class PastHit(msgspec.Struct, frozen=True, kw_only=True):
    """A sighting, and how similar it is to what was searched for, 0 to 1."""

    similarity: float
    sighting: PastSighting


class PastIndexing(msgspec.Struct, frozen=True, kw_only=True):
    """The search knows so many of all sightings so far."""

    indexed: int
    total: int


class PastSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Hits, the most similar first; `indexing` while some sightings were not searched yet."""

    hits: tuple[PastHit, ...]
    indexing: PastIndexing | None = None
