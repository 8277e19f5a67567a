"""What engines and gateways say to each other, as MessagePack with a `type` in every message.

    engine                                   gateway
      Hello ────────────────────────────────→
      ←──────────────────────────────────── Welcome
      GallerySince ─────────────────────────→
      ←─────────────────────────── GalleryPage (more … last)
      ←──────────────────────────────────── Assign, Revoke, Watch, Unwatch, UseModels
      Observation, CameraReport, Status ────→            disposable: the newest replaces the older
      Fact, Sighting (spooled on disk) ─────→
      ←──────────────────────────────────── Accepted     only now does the spool forget it
      ←──────────────────────────────────── Analyse, ProbeSource, Examine, StopExamining
      Analysis, SourceProbed, Examined ─────→

Boxes are `[x1, y1, x2, y2]` in pixels of a frame whose `width` and `height` travel with them; times are integer
milliseconds since the epoch; vectors are little-endian float32 bytes. Pictures of facts go first, by
`PUT /api/engine/blobs/{id}`; live pictures go over `/ws/engine/frames`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sightline.events.alert import AlertType, Severity
from sightline.events.scene import Direction, Point, Polygon, Scene

__all__ = [
    "Accepted",
    "Analyse",
    "AnalysedFace",
    "Analysis",
    "Assign",
    "Attack",
    "CameraReport",
    "CameraSpec",
    "CrowdChanged",
    "CrowdSeen",
    "EngineMessage",
    "Draw",
    "Drawn",
    "DrawnBox",
    "Examine",
    "Examined",
    "Fact",
    "FoundObject",
    "GalleryPage",
    "GallerySince",
    "GalleryTemplate",
    "GatewayMessage",
    "Hello",
    "Identified",
    "Kept",
    "LineCrossed",
    "ModelReport",
    "NegativeTemplate",
    "ObjectLook",
    "ObjectSeen",
    "Observation",
    "Prepared",
    "ProbeSource",
    "Reported",
    "Revoke",
    "Sighting",
    "SourceProbed",
    "SourceState",
    "Status",
    "StillTask",
    "StopExamining",
    "TrackSample",
    "TrackedFace",
    "TrackedObject",
    "Unknown",
    "Unwatch",
    "UseModels",
    "Watch",
    "Welcome",
    "What",
    "decode_engine_message",
    "decode_gateway_message",
    "encode",
]

Box = tuple[float, float, float, float]
PresentationWord = Literal["", "undecided", "bona_fide", "attack"]
StillTask = Literal["faces", "templates", "identify", "objects", "liveness"]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    pass


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


# ── engine → gateway ────────────────────────────────────────────────────────────────────────────────────────────────


class ModelReport(_Value, frozen=True):
    """A model task as this engine has it: which file serves it, or why none does."""

    task: str
    name: str = ""
    loaded: bool = False
    path: str = ""
    device: str = ""
    reason: str = ""


class Hello(_Message, tag="hello", frozen=True):
    """Opens the link. `capacity` is in cameras, `stills` in pictures analysed in the background at a time; `models`
    says what this engine can do."""

    engine_id: str
    version: str
    capacity: int
    devices: list[str]
    models: list[ModelReport]
    stills: int = 1


class GallerySince(_Message, tag="gallery_since", frozen=True):
    """Asks for every change of the gallery after `version`; 0 asks for all. `model_id` is the embedder's."""

    version: int
    model_id: str


class TrackedFace(_Value, frozen=True):
    """A face of one frame, on its track. `identity`: `pending` until the track has enough good samples.

    `live` is how much the track looks bona fide so far, 0 to 1; `None` while nobody has judged it. `body` is the track
    of the person whose face it is, where a body was found around it.
    """

    bbox: Box
    confidence: float
    landmarks: list[Point]
    track_id: str
    identity: Literal["pending", "known", "unknown"]
    quality: float
    reasons: list[str] = []
    person_id: str | None = None
    similarity: float | None = None
    live: float | None = None
    body: str | None = None


class TrackedObject(_Value, frozen=True):
    """A person or thing of one frame, on its track."""

    label: str
    bbox: Box
    confidence: float
    track_id: str


class CrowdSeen(_Value, frozen=True):
    """The crowd of one frame; see `sightline.decisions.crowd`. `zones` counts the people in each zone."""

    face_count: int
    body_count: int
    crowd_level: str
    density_score: float
    zones: dict[str, int] = {}


class Observation(_Message, tag="observation", frozen=True):
    """What one analysed frame shows. Disposable. `processing_ms` is how long the analysis took."""

    camera_id: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    faces: list[TrackedFace]
    objects: list[TrackedObject] = []
    crowd: CrowdSeen | None = None
    processing_ms: float = 0.0


class CameraReport(_Message, tag="camera_report", frozen=True):
    """A camera's source changed state, or its rate was measured anew (sent at every change and at least every 10 s)."""

    camera_id: str
    state: Literal["connecting", "online", "stalled", "offline"]
    reason: str
    since: int
    width: int = 0
    height: int = 0
    fps: float = 0.0
    analysed_fps: float = 0.0


class TrackSample(_Value, frozen=True):
    """One sample of a track as the trace of a decision shows it. `reasons` are failed quality gates."""

    frame_id: int
    timestamp: int
    quality: float
    reasons: list[str] = []
    person_id: str | None = None
    similarity: float | None = None


class Identified(_Value, tag="identified", tag_field="kind", frozen=True):
    """A track was identified as `person_id`: similarity and margin (to the next person) both passed.

    `vector` is the track's template at that moment; an engine that does not say it leaves it empty. `presentation` is
    what is known of its liveness then, empty where nobody looked; `live` the score so far, 0 to 1. `again`: it was
    told before, while its liveness was undecided.
    """

    track_id: str
    person_id: str
    reference_id: str
    similarity: float
    margin: float
    first_seen: int
    bbox: Box
    model_id: str
    samples: list[TrackSample]
    vector: bytes = b""
    presentation: PresentationWord = ""
    live: float | None = None
    again: bool = False


class Unknown(_Value, tag="unknown", tag_field="kind", frozen=True):
    """A track has enough good samples and is nobody of the gallery.

    `subject_id` is the engine's own, short-lived name for this stranger, the same when they come back within minutes.
    `vector` is the track's template at that moment; an engine that does not say it leaves it empty. `presentation` is
    what is known of its liveness then, empty where nobody looked; `live` the score so far, 0 to 1.
    """

    track_id: str
    subject_id: str
    nearest_similarity: float | None
    first_seen: int
    bbox: Box
    model_id: str
    samples: list[TrackSample]
    vector: bytes = b""
    presentation: PresentationWord = ""
    live: float | None = None


class SourceState(_Value, tag="source_state", tag_field="kind", frozen=True):
    """A camera went offline for good measure or came back; `offline_ms` is how long it was away so far."""

    state: Literal["online", "offline"]
    reason: str
    offline_ms: int = 0


class Reported(_Value, tag="reported", tag_field="kind", frozen=True):
    """An engine of another make says that people have to be told: `said_type` is its own word for the type, `person`
    whatever it says of somebody, `person_id` one of our people."""

    engine_id: str
    alert_type: AlertType
    said_type: str
    severity: Severity
    message: str = ""
    person_id: str | None = None
    person: dict[str, Any] | None = None
    similarity: float | None = None


class ObjectLook(_Value, frozen=True):
    """One look at the track of an object: how sure the detector was, 0 where it found nothing there."""

    frame_id: int
    timestamp: int
    confidence: float


class ObjectSeen(_Value, tag="object_seen", tag_field="kind", frozen=True):
    """A track was confirmed to be of this `label`; told once for the whole picture (no `zone`), and once for each zone
    that it is in, or enters later. `looks` are those that it was confirmed by.
    """

    track_id: str
    label: str
    confidence: float
    first_seen: int
    bbox: Box
    model_id: str
    looks: list[ObjectLook]
    zone: str | None = None


class LineCrossed(_Value, tag="line_crossed", tag_field="kind", frozen=True):
    """A confirmed track of this `label` crossed a line."""

    track_id: str
    label: str
    line: str
    direction: Direction
    first_seen: int
    bbox: Box


class CrowdChanged(_Value, tag="crowd_changed", tag_field="kind", frozen=True):
    """There is a crowd in the picture or a zone, or there is none any more; `since` is when the count came over, or
    below, the `threshold`. The first word after a start is told whichever it is. `most` is the highest count since.
    """

    crowded: bool
    people: int
    most: int
    threshold: int
    since: int
    crowd: CrowdSeen
    zone: str | None = None


class Attack(_Value, tag="attack", tag_field="kind", frozen=True):
    """The face of a track is not bona fide: a print, a screen. `score` is how much it looks bona fide, 0 to 1, `scores`
    those of its samples, latest last.
    """

    track_id: str
    score: float
    scores: list[float]
    first_seen: int
    bbox: Box
    model_id: str


What = Identified | Unknown | SourceState | Reported | ObjectSeen | LineCrossed | CrowdChanged | Attack


class Fact(_Message, tag="fact", frozen=True):
    """Something that happened, never lost: it stays in the engine's spool until `Accepted` carries its `key`.

    `timestamp` is the capture time of the deciding frame; `blobs` maps a picture's role (`snapshot`, `probe`) to the
    blob id under which it was put; `inference_ms` is the model time of the deciding frame.
    """

    key: str
    camera_id: str
    timestamp: int
    width: int
    height: int
    what: What
    frame_id: int = 0
    inference_ms: float = 0.0
    blobs: dict[str, str] = {}


class Sighting(_Message, tag="sighting", frozen=True):
    """What a face's track leaves at its end, never lost: it stays in the spool until `Accepted` carries its `key`.

    `identity` is the consensus when the track ended, `person_id` the person it named, `similarity` that to the nearest
    person, `quality` and `width_px` those of the best sample, `sample` its JPEG with some margin, `samples` how many
    were good. `vector` is the quality-weighted mean template. A distance between two templates of `model_id` reads as a
    similarity by a falling logistic curve that is 0.5 at `threshold` and as steep as `steepness`.
    """

    key: str
    track_id: str
    camera_id: str
    first_seen: int
    last_seen: int
    identity: Literal["pending", "known", "unknown"]
    quality: float
    width_px: float
    samples: int
    model_id: str
    threshold: float
    steepness: float
    vector: bytes
    sample: bytes
    person_id: str | None = None
    similarity: float | None = None
    live: float | None = None


Kept = Fact | Sighting
"""What an engine keeps on its disk until a gateway has accepted it."""


class AnalysedFace(_Value, frozen=True):
    """A face of a still picture. `vector` is the template, `probe` a JPEG of the face with some margin."""

    bbox: Box
    confidence: float
    landmarks: list[Point]
    quality: float
    reasons: list[str]
    vector: bytes
    probe: bytes
    person_id: str | None = None
    similarity: float | None = None
    margin: float | None = None
    live: float | None = None


class FoundObject(_Value, frozen=True):
    """A person or thing of a still picture."""

    label: str
    bbox: Box
    confidence: float


class Analysis(_Message, tag="analysis", frozen=True):
    """The answer to `Analyse`; `error` says in plain words why there is none.

    `missing` says, for each task that was asked and could not be done, why: its model is not there. `verified`: the
    similarity of the largest face, the first, to the person that it was to be compared with; `None` where there is no
    face, or this engine has no template of that person.
    """

    request_id: str
    width: int = 0
    height: int = 0
    model_id: str = ""
    faces: list[AnalysedFace] = []
    objects: list[FoundObject] = []
    missing: dict[StillTask, str] = {}
    verified: float | None = None
    error: str | None = None
    error_code: str = ""
    processing_ms: float = 0.0


class Drawn(_Message, tag="drawn", frozen=True):
    """The answer to `Draw`: a JPEG, or in plain words why there is none."""

    request_id: str
    picture: bytes = b""
    error: str | None = None
    error_code: str = ""


class Examined(_Message, tag="examined", frozen=True):
    """How far a job is: `share` (0 to 1) of the file with this index, `frames` in all. The last word is `done`, when
    the result has been put, or `failed`; `busy`, the only one, while the engine has another job.
    """

    job_id: str
    state: Literal["running", "done", "failed", "busy"]
    file: int = 0
    share: float = 0.0
    frames: int = 0
    reason: str = ""


class SourceProbed(_Message, tag="source_probed", frozen=True):
    """The answer to `ProbeSource`: what the source delivers, or in plain words why it does not."""

    request_id: str
    ok: bool
    message: str
    width: int = 0
    height: int = 0
    fps: float = 0.0
    codec: str = ""
    picture: bytes = b""


class Prepared(_Value, frozen=True):
    """An embedder that is loaded beside the one that serves, as `UseModels` asked; `problem` says why it is not."""

    embedding_model: str
    model_id: str = ""
    problem: str = ""


class Status(_Message, tag="status", frozen=True):
    """The engine's own condition, every few seconds.

    `models` are those in use now, `embedding_model` the name of the embedder that serves, `model_id` what its templates
    can be compared with.
    """

    load: float
    cameras: int
    spool_facts: int
    spool_bytes: int
    dropped: dict[str, int] = {}
    warnings: list[str] = []
    stage_ms: dict[str, float] = {}
    models: list[ModelReport] = []
    embedding_model: str = ""
    model_id: str = ""
    prepared: Prepared | None = None


EngineMessage = (
    Hello | GallerySince | Observation | CameraReport | Fact | Sighting | Analysis | Drawn | Examined | SourceProbed
    | Status
)


# ── gateway → engine ────────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(_Message, tag="welcome", frozen=True):
    """Accepts the engine; `spool_limit_bytes` and other limits are the engine's own settings."""

    server_time: int
    gallery_version: int


class CameraSpec(_Value, frozen=True):
    """What an engine needs to read a camera, `source` with its credentials, and what it is to watch for."""

    id: str
    source: str
    analysis_fps: float
    scene: Scene = Scene()


class Assign(_Message, tag="assign", frozen=True):
    """Read this camera until told otherwise; the same id again replaces the earlier specification."""

    camera: CameraSpec
    lease_until: int = 0


class Revoke(_Message, tag="revoke", frozen=True):
    """Stop reading this camera."""

    camera_id: str


class Watch(_Message, tag="watch", frozen=True):
    """Somebody looks: send pictures of this camera, at most `fps` a second, longest side at most `max_side` pixels.

    `quality` names what is wished for: a camera may be watched in several qualities at once, and each of its pictures
    says which one it is. `jpeg_quality` is 1 to 100.
    """

    camera_id: str
    quality: str = "sd"
    fps: float = 10.0
    max_side: int = 960
    jpeg_quality: int = 80


class Unwatch(_Message, tag="unwatch", frozen=True):
    """Nobody looks at this quality any more."""

    camera_id: str
    quality: str = "sd"


class UseModels(_Message, tag="use_models", frozen=True):
    """Use these models from now on; an empty name is the engine's own setting. What cannot be loaded leaves the one
    before in use.

    Another embedder serves only once its gallery is here. `prepare` names one to load beside it, which `Analyse` with
    `prepared` asks.
    """

    face_model: str = ""
    embedding_model: str = ""
    object_model: str = ""
    liveness_model: str = ""
    prepare: str = ""


class Analyse(_Message, tag="analyse", frozen=True):
    """Analyse a still picture.

    `tasks`: `faces` gives boxes alone; `templates` a closer look at each face, with quality, probe and vector;
    `identify` compares these with the gallery; `objects` finds persons and things; `liveness` judges the faces. Faces
    and objects below `confidence_threshold` are left out (`None`: each model's own). Without templates the picture is
    shrunk to `max_side` px for analysis; boxes are in its own pixels all the same. What is asked in the `background`
    gives way to cameras. Templates are of the `prepared` embedder where that is asked. `verify` is the person that the
    largest face is compared with, together with `identify`.
    """

    request_id: str
    image: bytes
    tasks: tuple[StillTask, ...] = ("templates",)
    confidence_threshold: float | None = None
    max_side: int | None = None
    background: bool = False
    prepared: bool = False
    verify: str | None = None


class DrawnBox(_Value, frozen=True):
    """A box to draw, in pixels of the picture, and the words beside it: never a name."""

    bbox: Box
    words: str


class Draw(_Message, tag="draw", frozen=True):
    """Draw boxes into a picture; the answer is `Drawn`."""

    request_id: str
    image: bytes
    boxes: list[DrawnBox]


class Examine(_Message, tag="examine", frozen=True):
    """Look at uploaded files from beginning to end, `fps` pictures a second of a recording, for at most `max_seconds`.
    They are fetched from, and what was seen is put to, `/api/engine/analyses/{job_id}`; `files` are their names.
    """

    job_id: str
    files: list[str]
    fps: float
    annotate: bool
    max_seconds: float


class StopExamining(_Message, tag="stop_examining", frozen=True):
    """Nobody wants this job any more."""

    job_id: str


class ProbeSource(_Message, tag="probe_source", frozen=True):
    """Open this source, read a picture, say what there is. `masks` are blacked out in the picture."""

    request_id: str
    source: str
    masks: tuple[Polygon, ...] = ()
    timeout_s: float = 8.0


class GalleryTemplate(_Value, frozen=True):
    """One reference of the gallery."""

    reference_id: str
    person_id: str
    model_id: str
    vector: bytes


class NegativeTemplate(_Value, frozen=True):
    """A face of which somebody said that it is not this person."""

    negative_id: str
    person_id: str
    model_id: str
    vector: bytes


class GalleryPage(_Message, tag="gallery_page", frozen=True):
    """Changes up to `version`; `tombstones` are ids of references and negatives that are gone. With `reset`, forget
    everything first. `model_id` is the embedder's whose gallery it is."""

    version: int
    templates: list[GalleryTemplate]
    tombstones: list[str]
    more: bool
    reset: bool = False
    negatives: list[NegativeTemplate] = []
    model_id: str = ""


class Accepted(_Message, tag="accepted", frozen=True):
    """The fact with this key is on the gateway's disk."""

    key: str


GatewayMessage = (
    Welcome | Assign | Revoke | Watch | Unwatch | UseModels | Analyse | Draw | Examine | StopExamining
    | ProbeSource | GalleryPage | Accepted
)

_UNREADABLE = (UnicodeError, RecursionError)
"""What the decoder lets through of text that is none, and of nesting without end."""

_encoder = msgspec.msgpack.Encoder()
_engine_decoder = msgspec.msgpack.Decoder(EngineMessage)
_gateway_decoder = msgspec.msgpack.Decoder(GatewayMessage)


def encode(message: EngineMessage | GatewayMessage) -> bytes:
    """One message as MessagePack."""
    return _encoder.encode(message)


def decode_engine_message(data: bytes) -> EngineMessage:
    """A message from an engine. Raises `msgspec.DecodeError` (its subclass `ValidationError` for wrong fields)."""
    try:
        message: EngineMessage = _engine_decoder.decode(data)
    except _UNREADABLE as problem:
        raise msgspec.DecodeError(str(problem)) from None
    return message


def decode_gateway_message(data: bytes) -> GatewayMessage:
    """A message from a gateway. Raises `msgspec.DecodeError`."""
    try:
        message: GatewayMessage = _gateway_decoder.decode(data)
    except _UNREADABLE as problem:
        raise msgspec.DecodeError(str(problem)) from None
    return message
