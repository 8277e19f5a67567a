"""The engines' side: which are connected, who reads which camera, what each camera's state is.

`/ws/engine` carries messages, `/ws/engine/frames` pictures. A fact is accepted by the intake and only then confirmed;
an observation updates presence and goes to whoever looks. Pictures flow only for cameras that somebody looks at.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from sightline.cameras import Camera
from sightline.clock import Clock
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
from sightline.gateway.dialects.admission import address_of
from sightline.gateway.engines.assignments import Assignments
from sightline.gateway.engines.camera_leases import CameraLeases, LeasesInMemory
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_leases import EngineLeases
from sightline.gateway.engines.engine_news import EngineNews
from sightline.gateway.engines.engine_pictures import EnginePictures
from sightline.gateway.engines.engine_roster import EngineRoster, is_supervised
from sightline.gateway.hub import Hub
from sightline.gateway.intake import Intake
from sightline.gateway.metrics import Metrics
from sightline.gateway.past.past import Past
from sightline.gateway.ports import Store
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.viewers import Viewers

__all__ = ["ENGINE_GONE", "MAX_MESSAGE_BYTES", "Engines"]

MAX_FACTS_IN_FLIGHT = 64
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""What an engine may say at once: the faces of a crowd, each with its picture. A server must let it pass; what clients
may say is bounded by the setting `max_message_kib`, which the dialects check themselves."""
RETRY_S = 1.0
SILENCE_CHECK_S = 0.5
ENGINE_GONE = "the engine went away before it had finished"
"""The last word about a job, in the name of an engine that cannot say it."""

log = structlog.get_logger(__name__)


class Engines(EngineRoster):
    """The registry: serves every engine's connection."""

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
        super().__init__(EngineLeases(leases or LeasesInMemory(length_ms=LEASE_MS), clock, length_ms=LEASE_MS))
        self._store = store
        self._version = version
        self._assignments = Assignments(store, hub, viewers, live, self._leases, default_view or CameraView())
        self.news = EngineNews(self, hub)
        self.pictures = EnginePictures(self, hub, viewers, live, metrics, clock)
        self._hub = hub
        self._intake = intake
        self._past = past
        self._metrics = metrics
        self._clock = clock
        self._states = CameraStates(hub, clock)
        self._changed = asyncio.Event()
        self._gallery_dirty = False
        self._wished_models = link.UseModels()
        self._ending: set[asyncio.Task[None]] = set()
        self.on_observed: Callable[[Observation, str], None] = lambda observation, source: None
        """Told what an engine of this gateway sees: clients of others may look."""
        self.on_session_ended: Callable[[str], None] = lambda session_id: None
        """Told of a session's end that nobody waits for on its engine's link, which may be a later one."""
        self._told_elsewhere: set[str] = set()
        self.on_pipelines: Callable[[], None] = lambda: None
        """Called when an engine that can verify has come, or one has gone."""

    # ── what changes ──

    def peers_changed(self) -> None:
        """Other gateways say something new of cameras, or their clients wish for others."""
        reported = {camera_id for peer in self.peers() for camera_id in peer.cameras}
        for camera_id in reported | self._told_elsewhere:
            self._states.tell(camera_id, self.status_of(camera_id))
        self._told_elsewhere = reported
        self._changed.set()

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
                self._came(engine)
                welcome = link.Welcome(server_time=self._clock.now_ms(), gallery_version=gallery, version=self._version)
                await socket.send_bytes(link.encode(welcome))
            self._metrics.engines.set(len(self._links))
            log.info("engine_connected", engine=engine_id, capacity=hello.capacity, host=hello.host)
            if older is not None:
                await older.end(4502, "a newer connection of this engine took over")
            await self._tell_models(engine)
            self.news.announce(engine, "connected", "")
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
                    self.news.say_warnings()
            case Beat():
                lease, share_anew = await self._leases.heard(engine, message)
                await engine.send(lease)
                if share_anew:
                    self._changed.set()
            case Leaving():
                engine.is_leaving = True
            case _:
                log.warning("engine_message_unexpected", type=type(message).__name__)

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
            self._went(engine)
            self._leases.left(engine)
            self.news.announce(engine, "disconnected", self.why_none)
            cameras, engine.cameras = engine.cameras, {}
            for camera_id in cameras:
                self._states.tell(camera_id, self.status_of(camera_id))
            log.info("engine_disconnected", engine=engine.id)
        self._metrics.engines.set(len(self._links))
        self._changed.set()
        self.on_pipelines()

    async def observed_elsewhere(self, observation: Observation, source: str) -> None:
        """An engine of another gateway sees this."""
        await self._hub.observe(observation, source=source)

    def pictured_elsewhere(self, data: bytes) -> None:
        """An engine of another gateway sent this."""
        self.pictures.elsewhere(data)

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
