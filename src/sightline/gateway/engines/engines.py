"""The engines' side: which are connected, who reads which camera, what each camera's state is.

`/ws/engine` carries messages, `/ws/engine/frames` pictures. A fact is accepted by the intake and only then confirmed;
an observation updates presence and goes to whoever looks. Pictures flow only for cameras that somebody looks at.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from sightline.cameras import Camera, CameraState, CameraStatus
from sightline.clock import Clock
from sightline.deliveries.fragment_wire import unpack_part
from sightline.events import engine_link as link
from sightline.events.fact import Accepted, Kept, Sighting
from sightline.events.footage import FootageListed, FootageSpans
from sightline.events.gallery_feed import GallerySince
from sightline.events.lease import LEASE_MS, Beat, Leaving
from sightline.events.observation import Observation
from sightline.events.peer import Answer, SessionEnded
from sightline.events.scene import CameraView
from sightline.events.still import Analysis, Drawn, Examined
from sightline.exceptions import SightlineError, Unavailable
from sightline.gateway.camera_states import SWITCHED_OFF, CameraStates
from sightline.gateway.cluster.peers import PeerCamera, PeerEngine, Presence
from sightline.gateway.dialects.admission import address_of
from sightline.gateway.engines.assignments import SUBSCRIBED, Assignments
from sightline.gateway.engines.camera_leases import CameraLeases, LeasesInMemory
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_leases import EngineLeases
from sightline.gateway.hub import Hub
from sightline.gateway.intake import Intake
from sightline.gateway.metrics import Metrics
from sightline.gateway.past.past import Past
from sightline.gateway.ports import Store
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.viewers import Viewers
from sightline.gateway.workstations.pipeline_choice import Pipeline

__all__ = ["ENGINE_GONE", "MAX_MESSAGE_BYTES", "SUPERVISED", "Engines", "is_supervised"]

MAX_FACTS_IN_FLIGHT = 64
MAX_HEADER_BYTES = 4096
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""What an engine may say at once: the faces of a crowd, each with its picture. A server must let it pass; what clients
may say is bounded by the setting `max_message_kib`, which the dialects check themselves."""
RETRY_S = 1.0
SILENCE_CHECK_S = 0.5
SUPERVISED = "local"
"""The name of the engine that a server starts itself."""
ENGINE_GONE = "the engine went away before it had finished"
"""The last word about a job, in the name of an engine that cannot say it."""

log = structlog.get_logger(__name__)


def is_supervised(engine_id: str) -> bool:
    """Whether a server starts the engine of this name itself."""
    return engine_id == SUPERVISED or engine_id.startswith((f"{SUPERVISED}-", f"{SUPERVISED}@"))


class Engines:
    """The registry."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        viewers: Viewers,
        live: LiveViewers,
        intake: Intake,
        past: Past,
        metrics: Metrics,
        clock: Clock,
        default_view: CameraView | None = None,
        *,
        version: str = "",
        leases: CameraLeases | None = None,
    ) -> None:
        """`version` is this gateway's; without `leases` it is the only one that there is."""
        self._store = store
        self._version = version
        self._leases = EngineLeases(leases or LeasesInMemory(length_ms=LEASE_MS), clock, length_ms=LEASE_MS)
        self._assignments = Assignments(store, hub, viewers, live, self._leases, default_view or CameraView())
        self._hub = hub
        self._viewers = viewers
        self._live = live
        self._intake = intake
        self._past = past
        self._metrics = metrics
        self._clock = clock
        self._links: dict[str, EngineLink] = {}
        self._states = CameraStates(hub, clock)
        self._changed = asyncio.Event()
        self._somebody = asyncio.Event()
        self._gallery_dirty = False
        self._wished_models = link.UseModels()
        self._ending: set[asyncio.Task[None]] = set()
        self.why_none = "no engine has connected yet"
        self.peers: Callable[[], Iterable[Presence]] = tuple
        """What other gateways say of themselves: their engines read cameras too."""
        self.on_observed: Callable[[Observation, str], None] = lambda observation, source: None
        """Told what an engine of this gateway sees: clients of others may look."""
        self.on_pictured: Callable[[str, bytes], None] = lambda camera_id, data: None
        """Told of its pictures, likewise."""
        self.on_session_ended: Callable[[str], None] = lambda session_id: None
        """Told of a session's end that nobody waits for on its engine's link, which may be a later one."""
        self._told_elsewhere: set[str] = set()
        self.on_pipelines: Callable[[], None] = lambda: None
        """Called when an engine that can verify has come, or one has gone."""

    # ── what others ask ──

    @property
    def links(self) -> list[EngineLink]:
        """The connected engines."""
        return list(self._links.values())

    @property
    def first(self) -> EngineLink | None:
        """The engine that this server starts first, or else the one that has been connected for longest."""
        return self._links.get(SUPERVISED) or next(iter(self._links.values()), None)

    def find(self, engine_id: str) -> EngineLink | None:
        """The engine of this name, while it is connected."""
        return self._links.get(engine_id)

    def pipelines(self) -> list[Pipeline]:
        """The engines that can verify whoever sits at a workstation."""
        return [found for name in self._links if (found := self.pipeline(name)) is not None]

    def pipeline(self, engine_id: str) -> Pipeline | None:
        """The engine of this name, if it can."""
        engine = self._links.get(engine_id)
        if engine is None or not engine.has_gallery:
            return None
        return Pipeline(engine.id, engine.hello.stills, engine.status.load if engine.status else 0.0)

    def status_of(self, camera_id: str) -> CameraStatus:
        """What the engine that reads this camera says of it."""
        for engine in self._links.values():
            if camera_id in engine.cameras:
                report = engine.reports.get(camera_id)
                if report is None:
                    return CameraStatus(CameraState.CONNECTING, "given to an engine", engine.connected_at_ms)
                return CameraStatus(
                    CameraState(report.state), report.reason, report.since, report.width, report.height, report.fps
                )
        elsewhere = self._elsewhere(camera_id)
        if elsewhere is not None:
            return CameraStatus(
                CameraState(elsewhere.state), elsewhere.reason, elsewhere.since_ms, elsewhere.width, elsewhere.height,
                elsewhere.fps,
            )  # fmt: skip
        if camera_id in self._leases.waiting:
            return CameraStatus(CameraState.CONNECTING, "another engine takes it over")
        return CameraStatus(CameraState.OFFLINE, self.why_none if not self._links else "no engine has room for it")

    def analysed_fps(self, camera_id: str) -> float:
        """Analysed frames a second of a camera, as measured by its engine."""
        for engine in self._links.values():
            if camera_id in engine.cameras and camera_id in engine.reports:
                return engine.reports[camera_id].analysed_fps
        elsewhere = self._elsewhere(camera_id)
        return elsewhere.analysed_fps if elsewhere is not None else 0.0

    def _elsewhere(self, camera_id: str) -> PeerCamera | None:
        return next((peer.cameras[camera_id] for peer in self.peers() if camera_id in peer.cameras), None)

    def peers_changed(self) -> None:
        """Other gateways say something new of cameras, or their clients wish for others."""
        reported = {camera_id for peer in self.peers() for camera_id in peer.cameras}
        for camera_id in reported | self._told_elsewhere:
            self._states.tell(camera_id, self.status_of(camera_id))
        self._told_elsewhere = reported
        self._changed.set()

    def shown(self) -> tuple[list[PeerEngine], dict[str, PeerCamera]]:
        """What other gateways need to know of the engines here and of what they read."""
        engines = [
            PeerEngine(engine.id, engine.hello.capacity, list(engine.status.warnings) if engine.status else [])
            for engine in self._links.values()
        ]
        cameras = {}
        for engine in self._links.values():
            for camera_id in engine.cameras:
                status = self.status_of(camera_id)
                cameras[camera_id] = PeerCamera(
                    status.state.value, status.reason, status.since_ms, status.width, status.height, status.fps,
                    self.analysed_fps(camera_id),
                )  # fmt: skip
        return engines, cameras

    def shows(self, camera_id: str) -> bool:
        """Whether a connected engine, of whatever gateway, reads this camera, and so can send pictures of it."""
        return any(camera_id in engine.cameras for engine in self._links.values()) or bool(self._elsewhere(camera_id))

    def reader_of(self, camera_id: str) -> EngineLink | None:
        """The connected engine that reads this camera."""
        return next((engine for engine in self._links.values() if camera_id in engine.cameras), None)

    async def token_changed(self, engine_id: str) -> None:
        """The token with which this engine came is void."""
        engine = self._links.get(engine_id)
        if engine is not None:
            await engine.end(4503, "the token of this engine was replaced")

    def cameras_changed(self) -> None:
        """A camera was added, changed or removed."""
        self._changed.set()

    def gallery_changed(self) -> None:
        """A reference was added or removed."""
        self._gallery_dirty = True
        self._changed.set()

    async def use_models(self, wish: link.UseModels) -> None:
        """Tells every engine which models to use; those that come later are told as well."""
        self._wished_models = wish
        for engine in self.links:
            await self._tell_models(engine)

    async def _tell_models(self, engine: EngineLink) -> None:
        """An engine begins with its own settings, which need no word."""
        if engine.told_models != self._wished_models:
            engine.told_models = self._wished_models
            try:
                await engine.send(self._wished_models)
            except (WebSocketDisconnect, RuntimeError, OSError):
                log.info("engine_left_while_told", engine=engine.id)

    async def least_loaded(self, patience_s: float) -> EngineLink:
        """The engine to ask something of; one that is just starting is waited for. Raises `Unavailable`."""
        try:
            async with asyncio.timeout(patience_s):
                while not self._links:  # an engine may be gone again before its coming is heard of
                    await self._somebody.wait()
        except TimeoutError:
            raise Unavailable(f"no engine is connected ({self.why_none}); try again in a moment") from None
        return min(self._links.values(), key=lambda engine: engine.expected_load)

    @property
    def stills(self) -> int:
        """Pictures that all engines together analyse in the background at a time; 1 while there is none."""
        return max(1, sum(engine.hello.stills for engine in self._links.values()))

    # ── one engine's connection ──

    async def serve(self, socket: WebSocket, engine_id: str) -> None:
        """From accept to close. The token was checked by the caller."""
        await socket.accept()
        hello = await self._receive(socket)
        if hello is None:
            return
        if not isinstance(hello, link.Hello):
            await socket.close(4501, "hello first")
            return
        engine = EngineLink(engine_id, hello, socket, self._clock.now_ms(), address_of(socket))
        gallery = await self._store.people.gallery_version()
        older = self._links.get(engine_id)
        refusal = self._refusal(engine, older)
        if refusal is not None:
            log.warning("engine_refused", engine=engine_id, host=hello.host, reason=refusal[1])
            await engine.end(*refusal)
            return
        try:
            async with engine.sending:  # whoever finds it now waits: before its welcome an engine understands nothing
                self._links[engine_id] = engine
                welcome = link.Welcome(server_time=self._clock.now_ms(), gallery_version=gallery, version=self._version)
                await socket.send_bytes(link.encode(welcome))
            self._somebody.set()
            self._metrics.engines.set(len(self._links))
            log.info("engine_connected", engine=engine_id, capacity=hello.capacity, host=hello.host)
            if older is not None:
                await older.end(4502, "a newer connection of this engine took over")
            await self._tell_models(engine)
            self._announce(engine, "connected", "")
            self._changed.set()
            await self._listen(engine)
        finally:
            self._gone(engine)

    def _refusal(self, engine: EngineLink, older: EngineLink | None) -> tuple[int, str] | None:
        """Close code and reason for an engine that may not join."""
        if engine.hello.protocol != link.LINK_PROTOCOL:
            return 4501, (
                f"this gateway, version {self._version}, does not understand version {engine.hello.version}: "
                "run the same version"
            )
        if older is not None and older.says_beats and engine.says_beats and older.holder != engine.holder:
            where = older.hello.host or older.address
            return 4502, f"another engine is here as {engine.id}, from {where}: give each a token of its own"
        return None

    async def _listen(self, engine: EngineLink) -> None:
        slots = asyncio.Semaphore(MAX_FACTS_IN_FLIGHT)
        async with asyncio.TaskGroup() as tasks:
            while (message := await self._receive(engine.socket)) is not None:
                if isinstance(message, Kept):
                    await slots.acquire()
                    tasks.create_task(self._accept(engine, message, slots))
                else:
                    try:
                        await self._handle(engine, message)
                    except SightlineError as problem:  # the store is full, overloaded or broken: not the engine's fault
                        log.error("engine_message_not_handled", type=type(message).__name__, problem=str(problem))

    async def _receive(self, socket: WebSocket) -> link.EngineMessage | None:
        """The next message; `None` when the engine is gone. One that cannot be read is logged and skipped."""
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            try:
                return link.decode_engine_message(message.get("bytes") or b"")
            except msgspec.DecodeError as problem:
                log.warning("engine_message_refused", problem=str(problem))

    async def _accept(self, engine: EngineLink, fact: Kept, slots: asyncio.Semaphore) -> None:
        try:
            wants_clip: bool | None = None
            if isinstance(fact, Sighting):
                await self._past.accept(fact)
            else:
                alert = (await self._intake.accept(fact)).alert
                wants_clip = alert is not None if fact.clip is not None else None
            await engine.send(Accepted(key=fact.key, clip=wants_clip))
        except SightlineError as problem:  # the engine keeps the fact and sends it again
            log.error("fact_not_accepted", key=fact.key, problem=str(problem))
        except (WebSocketDisconnect, RuntimeError):
            log.info("engine_gone_before_accepted", key=fact.key)
        finally:
            slots.release()

    async def _handle(self, engine: EngineLink, message: link.EngineMessage) -> None:
        match message:
            case Observation() if message.camera_id in engine.cameras:
                self._metrics.observations.inc()
                if message.processing_ms:  # an older engine does not say
                    self._metrics.camera_frame_seconds.observe(message.processing_ms / 1000)
                self._intake.observed(message)
                self.on_observed(message, engine.id)
                await self._hub.observe(message, source=engine.id)
            case link.CameraReport():
                self._camera_report(engine, message)
            case Observation():
                log.debug("observation_of_another_camera", engine=engine.id, camera=message.camera_id)
            case GallerySince(version=version, model_id=model_id):
                async with engine.sending_gallery:
                    engine.gallery_model, engine.gallery_version = model_id, version
                await self._assignments.send_gallery(engine)
                self.on_pipelines()
            case (
                Analysis(request_id=request_id)
                | Drawn(request_id=request_id)
                | link.SourceProbed(request_id=request_id)
                | Answer(request_id=request_id)
                | FootageListed(request_id=request_id)
                | FootageSpans(request_id=request_id)
            ):
                future = engine.waiting.get(request_id)
                if future is not None and not future.done():
                    future.set_result(message)
            case Examined(job_id=job_id):
                words = engine.examining.get(job_id)
                if words is not None:
                    words.put_nowait(message)
            case SessionEnded(session_id=session_id, reason=reason):
                told = engine.on_session_ended.pop(session_id, None)
                if told is not None:
                    told(reason)
                else:
                    self.on_session_ended(session_id)
            case link.Status(warnings=warnings):
                before, engine.status = engine.status, message
                if warnings != (before.warnings if before else []):
                    self.say_warnings()
            case Beat():
                lease, share_anew = await self._leases.heard(engine, message)
                await engine.send(lease)
                if share_anew:
                    self._changed.set()
            case Leaving():
                engine.is_leaving = True
            case _:
                log.warning("engine_message_unexpected", type=type(message).__name__)

    def system_status(self, further: Sequence[str] = ()) -> dict[str, Any]:
        """The data of `system_status_update`: what is wrong with the system as a whole."""
        warnings = [
            f"{engine.id}: {warning}"
            for engine in self._links.values()
            for warning in (engine.status.warnings if engine.status else [])
        ]
        peers = list(self.peers())
        theirs = [engine for peer in peers for engine in peer.engines]
        warnings += [f"{engine.id}: {warning}" for engine in theirs for warning in engine.warnings]
        return {
            "gateways": 1 + len(peers),
            "engines": len(self._links) + len(theirs),
            "warnings": [*warnings, *further],
        }

    def say_warnings(self, further: Sequence[str] = ()) -> None:
        """A full spool, a full disk: everybody who looks at this system is told, not only who asks."""
        self._hub.announce("system_status_update", self.system_status(further))

    def _camera_report(self, engine: EngineLink, report: link.CameraReport) -> None:
        """An engine that comes back reports before it is given its cameras again; of what it had to give up, what it
        still says is old."""
        camera_id = report.camera_id
        if camera_id in engine.cameras:
            engine.reports[camera_id] = report
            self._states.tell(camera_id, self.status_of(camera_id))
        elif camera_id not in engine.revoked and len(engine.reports) < engine.hello.capacity:
            engine.reports[camera_id] = report

    def _gone(self, engine: EngineLink) -> None:
        for future in engine.waiting.values():
            if not future.done():
                future.set_exception(Unavailable("the engine went away before it answered; try again in a moment"))
                future.exception()  # who asked may be gone: nobody need hear of it
        for job_id, words in engine.examining.items():
            words.put_nowait(Examined(job_id=job_id, state="failed", reason=ENGINE_GONE))
        if self._links.get(engine.id) is engine:
            del self._links[engine.id]
            if not self._links:
                self._somebody.clear()
            self._leases.left(engine)
            again = " and is being started again" if is_supervised(engine.id) else ""
            self.why_none = f"the engine went away{again}"
            self._announce(engine, "disconnected", self.why_none)
            cameras, engine.cameras = engine.cameras, {}
            for camera_id in cameras:
                self._states.tell(camera_id, self.status_of(camera_id))
            log.info("engine_disconnected", engine=engine.id)
        self._metrics.engines.set(len(self._links))
        self._changed.set()
        self.on_pipelines()

    def _announce(self, engine: EngineLink, status: str, reason: str) -> None:
        self._hub.announce(
            "ai_engine_status",
            {
                "engine_id": engine.id,
                "status": status,
                "reason": reason,
                "capabilities": [model.task for model in engine.models if model.loaded],
                "load": engine.status.load if engine.status else None,
            },
        )

    # ── pictures ──

    async def serve_frames(self, socket: WebSocket, engine_id: str) -> None:
        """Pictures and video of one engine: each is forwarded as it came."""
        await socket.accept()
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes") or b""
            engine = self._links.get(engine_id)
            if (header := _picture_header(data)) is not None:
                if engine is not None and header["camera_id"] in engine.cameras:
                    self._metrics.pictures.inc()
                    self.on_pictured(header["camera_id"], data)
                    self._picture(header, data)
            elif (video := unpack_part(data)) is not None:
                if engine is not None and video.camera_id in engine.cameras:
                    self._live.part(video.camera_id, video.quality, video.part)
            else:
                log.warning("engine_picture_refused", engine=engine_id, size=len(data))

    async def observed_elsewhere(self, observation: Observation, source: str) -> None:
        """An engine of another gateway sees this."""
        await self._hub.observe(observation, source=source)

    def pictured_elsewhere(self, data: bytes) -> None:
        """An engine of another gateway sent this."""
        header = _picture_header(data)
        if header is not None:
            self._picture(header, data)

    def _picture(self, header: dict[str, Any], data: bytes) -> None:
        camera_id, frame_id = header["camera_id"], header["frame_id"]
        quality = header.get("quality", SUBSCRIBED.value)
        if quality == SUBSCRIBED:
            self._hub.picture(camera_id, frame_id, data)
        jpeg = data[4 + int.from_bytes(data[:4], "big") :]
        self._viewers.picture(camera_id, quality, frame_id, jpeg, self._clock.monotonic_s())

    # ── who reads what ──

    async def run(self) -> None:
        """Keeps assignments, watching and galleries in step until cancelled."""
        tokens = await self._store.machine_tokens.list()
        if any(not is_supervised(token.name) and ":" not in token.name for token in tokens):  # a colon: of a camera
            self._leases.hold_back()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_in_step())
            tasks.create_task(self._end_silent())

    async def _keep_in_step(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._leases.again_in_s):
                    await self._changed.wait()
            self._changed.clear()
            gallery_dirty, self._gallery_dirty = self._gallery_dirty, False
            try:
                self._tell_states(await self._assignments.bring_in_step(self.links, gallery_dirty=gallery_dirty))
            except SightlineError as problem:  # the store is full, overloaded or broken; cameras must not stay unread
                log.error("engines_not_told", problem=str(problem), again_in_s=RETRY_S)
                self._gallery_dirty |= gallery_dirty
                self._changed.set()
                await asyncio.sleep(RETRY_S)

    async def _end_silent(self) -> None:
        """An engine that is not heard of has lost its lease, or will see that it has: its cameras are another's."""
        while True:
            await asyncio.sleep(SILENCE_CHECK_S)
            for engine in self._leases.silent(self.links):
                log.warning("engine_silent", engine=engine.id, host=engine.hello.host)
                self._gone(engine)
                ending = asyncio.create_task(engine.end(4003, "nothing was heard of this engine"))
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)

    def watch_changed(self) -> None:
        """The set of cameras that somebody looks at changed."""
        self._changed.set()

    def _tell_states(self, cameras: Sequence[Camera]) -> None:
        for camera in cameras:
            self._states.tell(camera.id, self.status_of(camera.id) if camera.enabled else SWITCHED_OFF)
        self._states.keep(camera.id for camera in cameras)


def _picture_header(data: bytes) -> dict[str, Any] | None:
    size = int.from_bytes(data[:4], "big")
    if not 0 < size <= MAX_HEADER_BYTES or len(data) < 4 + size:
        return None
    try:
        header = msgspec.json.decode(data[4 : 4 + size])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if isinstance(header, dict) and isinstance(header.get("camera_id"), str) and type(header.get("frame_id")) is int:
        return header
    return None
