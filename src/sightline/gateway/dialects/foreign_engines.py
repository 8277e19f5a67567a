"""Engines of another make: clients of the native protocol, or of Socket.IO, that identify as `ai_engine`.

    client ── stream_start_request ──→ Streams ── wanted ──→ ForeignEngines ── start_stream_processing ──→ engine
    engine ── …_detection_result ──→ whoever looks at the camera · alert_triggered ──→ Intake, as every fact

Each camera of which somebody has started a stream is given to one of them, whichever has fewest; it is told when nobody
wants it any more. Its results are observations: they are passed on, not kept. Its alerts are facts: they go through the
intake, once for each of their ids.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import structlog

from sightline.clock import Clock
from sightline.decisions.crowd import crowd_level
from sightline.deliveries.framing import Frame
from sightline.deliveries.rendition import Quality
from sightline.deliveries.session import CloseCode
from sightline.events import wire
from sightline.events.alert import AlertType, Severity
from sightline.events.fact import Fact, Reported
from sightline.exceptions import NotFound, SightlineError, WireError
from sightline.gateway.directory import Directory
from sightline.gateway.hub import Hub
from sightline.gateway.intake import Intake
from sightline.gateway.ports import Store
from sightline.gateway.video.streams import Streams

__all__ = ["EngineClient", "ForeignEngines", "ResultsClient"]

REPORTABLE = frozenset(AlertType) - {AlertType.TEST, AlertType.NOBODY_ON_DUTY, AlertType.CAMERA_OFFLINE}
"""Types that are an engine's to say; any other word of its becomes `other`."""
MAX_PERSON_BYTES = 4096
RETRY_S = 1.0

_Result = wire.AiDetectionReport | wire.FaceDetectionReport

log = structlog.get_logger(__name__)


class EngineClient(Protocol):
    """The connection of such an engine."""

    def tell(self, type: str, data: Mapping[str, Any], id: str | None = None) -> None:
        """Sends it a message."""

    def end(self, code: int, reason: str) -> None:
        """Closes it."""


class ResultsClient(Protocol):
    """Somebody who may look at cameras."""

    def wants(self, camera_id: str) -> bool:
        """Whether this client looks at the camera."""

    def result(self, camera_id: str, slot: str, frame_id: int, message: Frame) -> None:
        """The newest result of its kind and engine (`slot`); replaces one not yet sent."""


@dataclass(slots=True)
class _Engine:
    name: str
    client: EngineClient
    capabilities: list[str]
    cameras: dict[str, tuple[str, Quality]] = field(default_factory=dict)
    frames: int = 0


class ForeignEngines:
    """Those that are connected, by the name that their token is bound to."""

    def __init__(
        self, store: Store, directory: Directory, hub: Hub, intake: Intake, streams: Streams, clock: Clock
    ) -> None:
        self._store = store
        self._directory = directory
        self._hub = hub
        self._intake = intake
        self._streams = streams
        self._clock = clock
        self._engines: dict[str, _Engine] = {}
        self._changed = asyncio.Event()
        self.looking: set[ResultsClient] = set()
        """Clients that results are passed on to."""

    @property
    def connected(self) -> int:
        """How many there are now."""
        return len(self._engines)

    def names(self) -> frozenset[str]:
        """Those that are connected."""
        return frozenset(self._engines)

    # ── coming and going ──

    def join(self, name: str, client: EngineClient, capabilities: list[str]) -> None:
        """A new connection of this engine; an older one of the same name is closed."""
        older = self._engines.get(name)
        self._engines[name] = _Engine(name, client, capabilities)
        if older is not None:
            older.client.end(CloseCode.SUPERSEDED, "a newer connection of this engine took over")
        log.info("foreign_engine_connected", engine=name)
        self._announce(self._engines[name], "connected", "")
        self._changed.set()

    def leave(self, name: str, client: EngineClient) -> None:
        """The connection is closed; its cameras go to another engine, if there is one."""
        engine = self._engines.get(name)
        if engine is None or engine.client is not client:
            return
        del self._engines[name]
        log.info("foreign_engine_disconnected", engine=name)
        self._announce(engine, "disconnected", "the engine went away")
        self._changed.set()

    def token_changed(self, name: str) -> None:
        """The token with which this engine came is void."""
        if name in self._engines:
            self._engines[name].client.end(CloseCode.REVOKED, "the token of this engine was replaced")

    def end_all(self, reason: str) -> None:
        """The server stops."""
        for engine in list(self._engines.values()):
            engine.client.end(CloseCode.SHUTTING_DOWN, reason)

    def _announce(self, engine: _Engine, status: str, reason: str) -> None:
        self._hub.announce("ai_engine_status", self._status(engine, status, reason))

    @staticmethod
    def _status(engine: _Engine, status: str, reason: str) -> dict[str, Any]:
        return {
            "engine_id": engine.name,
            "status": status,
            "reason": reason,
            "capabilities": engine.capabilities,
            "load": None,
        }

    # ── what they are to do ──

    def changed(self) -> None:
        """Other streams may be wanted, or a camera has another source."""
        self._changed.set()

    async def run(self) -> None:
        """Tells engines what to do, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._bring_in_step()
            except SightlineError as problem:  # the store is full, overloaded or broken
                log.error("foreign_engines_not_told", problem=str(problem), again_in_s=RETRY_S)
                await asyncio.sleep(RETRY_S)
                self._changed.set()

    async def _bring_in_step(self) -> None:
        wanted: dict[str, tuple[str, Quality]] = {}
        for camera_id, quality in self._streams.wanted().items():
            camera = await self._directory.cameras.find(camera_id)
            if camera is not None and camera.enabled:
                wanted[camera_id] = (camera.source, quality)
        for engine in self._engines.values():
            for camera_id in [id for id in engine.cameras if id not in wanted]:
                del engine.cameras[camera_id]
                engine.client.tell("stop_stream_processing", {"camera_id": camera_id, "request_id": _request_id()})
        for camera_id, (source, quality) in wanted.items():
            self._give(camera_id, source, quality)

    def _give(self, camera_id: str, source: str, quality: Quality) -> None:
        engines = self._engines.values()
        engine = next((one for one in engines if camera_id in one.cameras), None)
        engine = engine or min(engines, key=lambda one: len(one.cameras), default=None)
        if engine is None:
            return
        before = engine.cameras.get(camera_id)
        engine.cameras[camera_id] = (source, quality)
        if before is None or before[0] != source:
            data = {"camera_id": camera_id, "rtsp_url": source, "quality": quality.value, "request_id": _request_id()}
            engine.client.tell("start_stream_processing", data)
        elif before[1] is not quality:
            data = {"camera_id": camera_id, "new_quality": quality.value, "request_id": _request_id()}
            engine.client.tell("change_stream_quality", data)

    # ── what they say ──

    async def report(self, name: str, report: wire.EngineReport, id: str | None) -> None:
        """Passes a result on, or accepts an alert and answers. Raises `WireError` that names the field; `Unavailable`
        when the alert could not be kept."""
        engine = self._engines.get(name)
        if engine is None:
            return
        if isinstance(report, wire.AlertReport):
            engine.client.tell("alert_accepted", await self._alert(engine, report), id)
            return
        await self._known_camera(report.camera_id, "data.camera_id")
        engine.frames += 1
        if isinstance(report, wire.AiDetectionReport):
            self._pass_on("ai_detection_result", engine, report, _detections(report))
        else:
            self._pass_on("face_detection_result", engine, report, _faces(report))

    def _pass_on(self, type: str, engine: _Engine, report: _Result, found: dict[str, Any]) -> None:
        looking = [client for client in self.looking if client.wants(report.camera_id)]
        if not looking:
            return
        frame_id = engine.frames if report.frame_id is None else report.frame_id
        data = {
            "camera_id": report.camera_id,
            "frame_id": frame_id,
            "timestamp": self._clock.now_ms() if report.timestamp is None else report.timestamp,
            "width": report.width,
            "height": report.height,
            **found,
            "source": engine.name,
        }
        message = Frame(wire.encode_message(type, data))
        for client in looking:
            client.result(report.camera_id, f"{report.camera_id}/{engine.name}/{type}", frame_id, message)

    async def _alert(self, engine: _Engine, report: wire.AlertReport) -> dict[str, Any]:
        camera_id = report.camera_id or (report.camera.id if report.camera else None)
        if camera_id is None:
            raise WireError("an alert names its camera: `camera_id`", path="data.camera_id")
        await self._known_camera(camera_id, "data.camera_id")
        if report.person is not None and len(msgspec.json.encode(report.person)) > MAX_PERSON_BYTES:
            raise WireError(f"at most {MAX_PERSON_BYTES} bytes", path="data.person")
        person = await self._directory.people.find(report.person_id)
        key = f"{engine.name}/{report.alert_id}"
        now_ms = self._clock.now_ms()
        fact = Fact(
            key=key,
            camera_id=camera_id,
            timestamp=now_ms if report.timestamp is None else min(report.timestamp, now_ms),
            width=0,
            height=0,
            what=Reported(
                engine_id=engine.name,
                alert_type=_type(report.type),
                said_type=report.type,
                severity=Severity(report.severity),
                message=report.message,
                person_id=person.id if person else None,
                person=report.person,
                similarity=report.similarity,
            ),
            blobs=await self._snapshot(report.snapshot, key),
        )
        accepted = await self._intake.accept(fact)
        return {
            "alert_id": report.alert_id,
            "raised": accepted.alert.id if accepted.alert else None,
            "duplicate": accepted.duplicate,
        }

    async def _snapshot(self, snapshot: str | None, key: str) -> dict[str, str]:
        if snapshot is None:
            return {}
        try:
            jpeg = base64.b64decode(snapshot.removeprefix("data:image/jpeg;base64,"), validate=True)
        except (binascii.Error, ValueError):
            jpeg = b""
        if not jpeg.startswith(b"\xff\xd8"):
            raise WireError("a snapshot is a JPEG in base64", path="data.snapshot")
        blob_id = hashlib.sha256(key.encode()).hexdigest()
        await self._store.pictures.put_incoming(blob_id, jpeg)
        return {"snapshot": blob_id}

    async def _known_camera(self, camera_id: str, path: str) -> None:
        if await self._directory.cameras.find(camera_id) is None:
            raise WireError(str(NotFound("camera", camera_id)), path=path)


def _type(said: str) -> AlertType:
    return AlertType(said) if said in REPORTABLE else AlertType.OTHER


def _request_id() -> str:
    return secrets.token_hex(4)


def _detections(report: wire.AiDetectionReport) -> dict[str, Any]:
    found = [
        {"label": one.label, "confidence": one.confidence, "bbox": one.bbox, "track_id": one.track_id}
        for one in report.detections
    ]
    return {"detections": found, "crowd_analysis": _crowd(report.crowd_analysis)}


def _crowd(said: wire.ReportedCrowd | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {
        "face_count": said.face_count,
        "body_count": said.body_count,
        "crowd_level": said.crowd_level or crowd_level(said.face_count, said.body_count).value,
        "density_score": said.density_score,
        "zones": said.zones,
    }


def _faces(report: wire.FaceDetectionReport) -> dict[str, Any]:
    return {
        "faces": [
            {
                "bbox": face.bbox,
                "confidence": face.confidence,
                "landmarks": face.landmarks,
                "track_id": face.track_id or "",
                "identity": "known" if face.is_known else "unknown",
                "is_known": face.is_known,
                "person_id": face.person_id,
                "name": face.name,
                "similarity": face.similarity,
                "quality": None,
                "reasons": [],
                "live": face.live,
                "body": None,
            }
            for face in report.faces
        ]
    }
