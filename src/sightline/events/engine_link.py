"""What engines and gateways say to each other, as MessagePack with a `type` in every message.

    engine                                   gateway
      Hello ────────────────────────────────→
      ←──────────────────────────────────── Welcome
      GallerySince ─────────────────────────→
      ←─────────────────────────── GalleryPage (more … last)
      ←──────────────────────────────────── Assign, Revoke, Watch, Unwatch, UseModels, ShowVideo, HideVideo
      Beat ─────────────────────────────────→
      ←──────────────────────────────────── Lease        for its cameras; see `lease`
      Observation, CameraReport, Status ────→            disposable: the newest replaces the older
      Fact, Sighting (spooled on disk) ─────→
      ←──────────────────────────────────── Accepted     only now does the spool forget it
      ←──────────────────────────────────── Analyse, ProbeSource, Examine, StopExamining
      Analysis, SourceProbed, Examined ─────→
      ←──────────────────────────────────── Offer, EndSession, PushedPicture
      Answer, SessionEnded ─────────────────→
      ←──────────────────────────────────── ListFootage, FindFootage, SendFootage
      FootageListed, FootageSpans ──────────→

What is said about one thing is in the module of that thing: `fact`, `observation`, `still`, `lease`, `gallery_feed`,
`live_video`, `peer`, `footage`; here are what the link itself needs and the two unions. Boxes are `[x1, y1, x2, y2]` in
pixels of a frame whose `width` and `height` travel with them; times are integer milliseconds since the epoch; vectors
are little-endian float32 bytes. Pictures of facts go first, by `PUT /api/engine/blobs/{id}`, clips when they are over;
live pictures and video go over `/ws/engine/frames`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sightline.events.fact import Accepted, Fact, Sighting
from sightline.events.footage import FindFootage, FootageListed, FootageSpans, ListFootage, SendFootage
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.lease import Beat, Lease, Leaving
from sightline.events.link_message import LinkMessage, LinkValue
from sightline.events.live_video import HideVideo, ShowVideo
from sightline.events.observation import Observation
from sightline.events.peer import Answer, EndSession, Offer, PushedPicture, SessionEnded
from sightline.events.scene import Polygon, Scene
from sightline.events.still import Analyse, Analysis, Draw, Drawn, Examine, Examined, StopExamining
from sightline.privacy import FaceBlur

__all__ = [
    "LINK_PROTOCOL",
    "SUPERVISED",
    "Assign",
    "CameraReport",
    "CameraSpec",
    "DeviceMemory",
    "EngineMessage",
    "GatewayMessage",
    "Hello",
    "ModelReport",
    "Prepared",
    "ProbeSource",
    "Revoke",
    "SourceProbed",
    "Status",
    "Unwatch",
    "UseModels",
    "Watch",
    "Welcome",
    "decode_engine_message",
    "decode_gateway_message",
    "encode",
]

LINK_PROTOCOL = 2
"""Raised when a gateway and an engine of before and after could not understand each other. 2: an engine of before would
show faces that it was told to blur."""

SUPERVISED = "local"
"""The name of the engine that a server starts itself."""


class ModelReport(LinkValue, frozen=True):
    """A model task as this engine has it: which file serves it, or why none does."""

    task: str
    name: str = ""
    loaded: bool = False
    path: str = ""
    device: str = ""
    reason: str = ""


class Hello(LinkMessage, tag="hello", frozen=True):
    """Opens the link. `capacity` is in cameras, `stills` in pictures analysed in the background at a time; `models`
    says what this engine can do. `instance` is the same for as long as its spool is: two processes of one name with
    different ones are two engines. `process` is this process's own: what another one held in its memory is gone.
    `host` is the name of its machine, for people; `protocol` is `LINK_PROTOCOL`.
    """

    engine_id: str
    version: str
    capacity: int
    devices: list[str]
    models: list[ModelReport]
    stills: int = 1
    instance: str = ""
    process: str = ""
    host: str = ""
    protocol: int = 1


class CameraReport(LinkMessage, tag="camera_report", frozen=True):
    """A camera's source changed state, or its rate was measured anew (sent at every change and at least every 10 s)."""

    camera_id: str
    state: Literal["connecting", "online", "stalled", "offline"]
    reason: str
    since: int
    width: int = 0
    height: int = 0
    fps: float = 0.0
    analysed_fps: float = 0.0


class Prepared(LinkValue, frozen=True):
    """An embedder that is loaded beside the one that serves, as `UseModels` asked; `problem` says why it is not."""

    embedding_model: str
    model_id: str = ""
    problem: str = ""


class DeviceMemory(LinkValue, frozen=True):
    """Memory of what an engine computes with: a GPU's, or else the machine's."""

    name: str
    used_bytes: int
    total_bytes: int

    @property
    def share(self) -> float:
        """How much of it is in use, 0 to 1."""
        return self.used_bytes / self.total_bytes if self.total_bytes > 0 else 0.0


class Status(LinkMessage, tag="status", frozen=True):
    """The engine's own condition, every few seconds.

    `models` are those in use now, `embedding_model` the name of the embedder that serves, `model_id` what its templates
    can be compared with. `memory` is that of its device, `None` where it cannot be read; `resident_bytes` what this
    process has of the machine's.
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
    memory: DeviceMemory | None = None
    resident_bytes: int = 0


class SourceProbed(LinkMessage, tag="source_probed", frozen=True):
    """The answer to `ProbeSource`: what the source delivers, or in plain words why it does not."""

    request_id: str
    ok: bool
    message: str
    width: int = 0
    height: int = 0
    fps: float = 0.0
    codec: str = ""
    picture: bytes = b""


EngineMessage = (
    Hello | GallerySince | Observation | CameraReport | Fact | Sighting | Analysis | Drawn | Examined | SourceProbed
    | Status | Answer | SessionEnded | Beat | Leaving | FootageListed | FootageSpans
)


class Welcome(LinkMessage, tag="welcome", frozen=True):
    """Accepts the engine; `spool_limit_bytes` and other limits are the engine's own settings. `version` is the
    gateway's."""

    server_time: int
    gallery_version: int
    version: str = ""


class CameraSpec(LinkValue, frozen=True):
    """What an engine needs to read a camera, `source` with its credentials, and what it is to watch for.

    `substream`: a smaller stream of the same picture, which is analysed then; faces are looked at closely in `source`.
    `rotation`: degrees by which its pictures are turned clockwise before anything else, the scene's masks included.
    """

    id: str
    source: str
    analysis_fps: float
    scene: Scene = Scene()
    substream: str = ""
    rotation: int = 0
    blur_faces: FaceBlur = FaceBlur.OFF


class Assign(LinkMessage, tag="assign", frozen=True):
    """Read this camera until told otherwise, for as long as the engine's lease holds; the same id again replaces the
    earlier specification."""

    camera: CameraSpec


class Revoke(LinkMessage, tag="revoke", frozen=True):
    """Stop reading this camera."""

    camera_id: str


class Watch(LinkMessage, tag="watch", frozen=True):
    """Somebody looks: send pictures of this camera, at most `fps` a second, longest side at most `max_side` pixels.

    `quality` names what is wished for: a camera may be watched in several qualities at once, and each of its pictures
    says which one it is. `jpeg_quality` is 1 to 100.
    """

    camera_id: str
    quality: str = "sd"
    fps: float = 10.0
    max_side: int = 960
    jpeg_quality: int = 80


class Unwatch(LinkMessage, tag="unwatch", frozen=True):
    """Nobody looks at this quality any more."""

    camera_id: str
    quality: str = "sd"


class UseModels(LinkMessage, tag="use_models", frozen=True):
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


class ProbeSource(LinkMessage, tag="probe_source", frozen=True):
    """Open this source, read a picture, say what there is. The picture is turned clockwise by `rotation` degrees,
    `masks` are blacked out in it, and with `blur_faces` no face in it can be recognised."""

    request_id: str
    source: str
    masks: tuple[Polygon, ...] = ()
    rotation: int = 0
    blur_faces: bool = False
    timeout_s: float = 8.0


GatewayMessage = (
    Welcome | Assign | Revoke | Watch | Unwatch | ShowVideo | HideVideo | UseModels | Analyse | Draw | Examine
    | StopExamining | ProbeSource | GalleryPage | Accepted | Offer | EndSession | PushedPicture | Lease | ListFootage
    | FindFootage | SendFootage
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
