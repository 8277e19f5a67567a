"""The engine: cameras in, observations and facts out, one gateway to talk to.

Threads: one a camera (`CameraReader`), one an analysis worker (`AnalysisPool`), one for the spool (`FactOutbox`), a
few for requests (`Requests`); they meet in the mailboxes and, through `call_soon_threadsafe`, on the event loop, which
runs nothing but the link.
"""

from __future__ import annotations

import asyncio
import platform
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from sightline.clock import Clock
from sightline.engine.cameras.assigned_cameras import AssignedCameras, HowToRead
from sightline.engine.cameras.detail import OpenDecoder
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, OpenSource
from sightline.engine.cameras.watching import Watching
from sightline.engine.link.gateway_address import GatewayAddress, Gateways
from sightline.engine.link.gateway_clock import GatewayClock
from sightline.engine.link.lease_keeper import LeaseKeeper
from sightline.engine.link.outgoing import Outgoing
from sightline.engine.link.requests import Requests
from sightline.engine.link.uplink import Uplink
from sightline.engine.performance import Performance
from sightline.engine.spooling.outbox import FactOutbox
from sightline.engine.spooling.spool import Spool
from sightline.engine.spooling.spool_disk import NoDisk, SpoolDisk
from sightline.engine.standing import Standing
from sightline.engine.video.clip_recorder import ClipRecorder, ClipSettings, FinishedClip, VideoFiles
from sightline.engine.video.clip_sender import ClipSender
from sightline.engine.video.footage_desk import FootageDesk
from sightline.engine.video.footage_recorder import FootageRecorder
from sightline.engine.video.footage_shelf import FootageSettings
from sightline.engine.video.live_fragments import LiveFragments
from sightline.engine.video.live_video import LiveVideo
from sightline.engine.video.packet_feed import OpenEncoder
from sightline.engine.video.peer_sessions import Peers, PeerSessions
from sightline.engine.video.play_sessions import PlaySessions
from sightline.engine.vision.analysis_pool import Analysed, AnalysisPool
from sightline.engine.vision.examination import Recordings
from sightline.engine.vision.examiner import Examiner, Looking
from sightline.engine.vision.sights import Sight, SightLoader, Sights
from sightline.events.engine_link import (
    LINK_PROTOCOL,
    Assign,
    CameraReport,
    DeviceMemory,
    EngineMessage,
    GatewayMessage,
    Hello,
    ProbeSource,
    Revoke,
    Status,
    Unwatch,
    UseModels,
    Watch,
    Welcome,
)
from sightline.events.fact import Fact, Sighting
from sightline.events.footage import FindFootage, ListFootage, SendFootage
from sightline.events.gallery_feed import GalleryPage
from sightline.events.lease import Beat, Lease
from sightline.events.live_video import HideVideo, ShowVideo
from sightline.events.peer import EndSession, Offer, PushedPicture, SessionEnded
from sightline.events.still import Analyse, Draw, Examine, Examined, StopExamining

__all__ = ["Engine", "EngineSettings"]

TICK_S = 0.5
STATUS_INTERVAL_S = 2.0
BEAT_INTERVAL_S = 2.0
UNASSIGNED_GRACE_S = 10.0
"""After a new link, cameras that the gateway does not assign again within this time were removed while it was away."""
SHUTDOWN_S = 2.0
SPOOL_PATIENCE_S = 6.0
"""How long a new engine waits for the one before it to end and let go of the spool."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What one engine is told at its start. `capacity` is in cameras, `workers` in frames analysed at a time, `stills`
    in pictures analysed in the background at a time.

    `gateways` are tried in turn. Stills to analyse are refused beyond `max_image_bytes` and `max_image_pixels`.
    """

    engine_id: str
    version: str
    gateways: tuple[GatewayAddress, ...]
    spool_folder: Path
    spool_limit_bytes: int = 512 * 2**20
    workers: int = 2
    stills: int = 1
    capacity: int = 16
    devices: tuple[str, ...] = ("cpu",)
    stall_after_ms: int = 5_000
    outage_after_ms: int = 10_000
    max_image_bytes: int = 32 * 2**20
    max_image_pixels: int = 64_000_000
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    clips: ClipSettings | None = None
    footage: FootageSettings | None = None


class Engine:
    """One engine. `run` in an event loop until `stop` is set."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        open_source: OpenSource,
        sight: Sight,
        clock: Clock,
        loader: SightLoader | None = None,
        recordings: Recordings | None = None,
        open_encoder: OpenEncoder | None = None,
        open_decoder: OpenDecoder | None = None,
        video_files: VideoFiles | None = None,
        read_memory: Callable[[], DeviceMemory | None] = lambda: None,
        resident_bytes: Callable[[], int] = lambda: 0,
        peers: Peers | None = None,
        tell_standing: Callable[[Standing], None] | None = None,
    ) -> None:
        """`sight` is what it looks with at first; without a `loader` that stays. Without `recordings` it looks at
        cameras and pictures only, without `peers` it has no video sessions. Without `open_encoder` cameras whose
        pictures have to be encoded have no video. Clips and recordings want `video_files` and their settings.
        `read_memory` (in a thread: it may take a second) and `resident_bytes` tell of the device's memory and of this
        process's. `tell_standing` is told, in a thread, how the engine is, every `STATUS_INTERVAL_S`.
        """
        self._settings = settings
        self._process = secrets.token_hex(8)
        self._clock = clock = GatewayClock(clock)
        self._lease = LeaseKeeper()
        self._gateway_version = settings.version
        self._mailboxes = Mailboxes()
        self._watching = Watching()
        self._outgoing = Outgoing()
        how = HowToRead(open_source, settings.stall_after_ms, settings.outage_after_ms, open_encoder, open_decoder)
        self._cameras = AssignedCameras(how, self._mailboxes, clock, self, self._call_soon)
        self._grace_until_s: float | None = None
        self._performance = Performance(settings.workers, clock.monotonic_s())
        self._sights = Sights(sight, loader, ask=self._outgoing.ask, switched=self._sight_switched)
        self._outbox = FactOutbox(self._open_spool)
        gateways = Gateways(settings.gateways)
        self._clip_sender = ClipSender(gateways, lambda: self._outbox.facts)
        self._clips: ClipRecorder | None = None
        if settings.clips is not None and video_files is not None:
            self._clips = ClipRecorder(settings.clips, video_files, clock, self._clip_from_thread)
        self._footage: FootageRecorder | None = None
        if settings.footage is not None and video_files is not None:
            self._footage = FootageRecorder(settings.footage, video_files, clock)
        self._footage_desk = FootageDesk(self._footage, self._outgoing.answer, gateways, settings.tls)
        self._uplink = Uplink(
            gateways,
            self,
            self._outbox,
            self._outgoing,
            settings.max_image_bytes,
            tls=settings.tls,
            clips=self._clip_sender,
        )
        self._video = LiveVideo(self._cameras.reader_of, open_encoder)
        self._fragments = LiveFragments(self._video, self._uplink.pictures.put_part, self._call_soon)
        self._uplink.pictures.on_reconnected = self._fragments.begin_again
        self._requests = Requests(
            self._sights.analyser,
            self._sights.gallery,
            open_source,
            self._outgoing.answer,
            stills=settings.stills,
            busy=self._performance.worked,
            max_image_bytes=settings.max_image_bytes,
            max_image_pixels=settings.max_image_pixels,
        )
        self._examiner = Examiner(
            gateways,
            recordings,
            Looking(self._sights.analyser, self._sights.new_analysis, self._sights.gallery),
            self._examined_from_thread,
            clock,
            max_image_bytes=settings.max_image_bytes,
            max_image_pixels=settings.max_image_pixels,
            tls=settings.tls,
        )
        self._peer_sessions = PeerSessions(
            peers,
            self._outgoing.answer,
            self._cameras.__contains__,
            PlaySessions(peers, self._video, self._call_soon).open if peers is not None else None,
        )
        if peers is not None:
            peers.on_ended = self._session_ended_from_thread
        self._pool = AnalysisPool(
            self._mailboxes,
            self._sights.new_analysis,
            self._sights.gallery,
            self._cameras.scene_of,
            self._watching,
            self._performance,
            clock,
            deliver=self._deliver_from_thread,
            sighted=self._sighted_from_thread,
            crashed=self._analysis_crashed,
            workers=settings.workers,
            blurred=self._cameras.show,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._read_memory = read_memory
        self._resident_bytes = resident_bytes
        self._tell_standing = tell_standing
        self._memory: DeviceMemory | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends cleanly. Raises `Unavailable` when the spool is another engine's."""
        self._loop = asyncio.get_running_loop()
        await self._outbox.open()
        self._pool.start()
        if self._clips is not None:
            self._clips.start()
        if self._footage is not None:
            self._footage.start()
        work = [
            asyncio.create_task(self._uplink.run()),
            asyncio.create_task(self._outbox.tend()),
            asyncio.create_task(self._sights.run()),
            asyncio.create_task(self._tick()),
            asyncio.create_task(self._keep_lease()),
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([stopping, *work], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # one of the tasks that never end has failed: the supervisor shall see why
        finally:
            self._let_go()
            await self._uplink.say_goodbye()
            for task in (stopping, *work):
                task.cancel()
            await asyncio.gather(stopping, *work, return_exceptions=True)
            await self._shut_down()

    # ── the link's user (`LinkUser`) ────────────────────────────────────────────────────────────────────────────────

    def hello(self) -> Hello:
        """What this engine can do."""
        settings = self._settings
        return Hello(
            engine_id=settings.engine_id,
            version=settings.version,
            capacity=settings.capacity,
            devices=list(settings.devices),
            models=list(self._sights.serving.reports),
            stills=settings.stills,
            instance=self._outbox.instance,
            process=self._process,
            host=platform.node(),
            protocol=LINK_PROTOCOL,
        )

    def link_opened(self, welcome: Welcome, asked_s: float) -> Iterable[EngineMessage]:
        """The first words on a new link."""
        self._clock.heard(welcome.server_time, asked_s)
        self._gateway_version = welcome.version
        self._lease.link_opened(self._clock.monotonic_s())
        self._cameras.unconfirm()
        self._grace_until_s = self._clock.monotonic_s() + UNASSIGNED_GRACE_S
        return [self._beat(), self._sights.question(), *self._cameras.reports(), self._status()]

    def link_lost(self) -> None:
        """Nobody looks any more; everything else goes on."""
        self._watching.forget()
        self._fragments.forget()
        self._examiner.close()
        self._grace_until_s = None

    def nobody_listens(self, tried_s: float) -> None:
        """No gateway lives: nobody else can be given this engine's cameras."""
        self._lease.nobody_listens(tried_s, len(self._settings.gateways))

    def received(self, message: GatewayMessage) -> None:
        """Does what a gateway asks."""
        match message:
            case Assign():
                self._cameras.assign(message.camera)
            case Revoke():
                self._take_away(message.camera_id)
                self._outgoing.beat(self._beat())
            case Lease():
                self._leased(message)
            case Watch():
                self._watching.watch(message)
            case Unwatch():
                self._watching.unwatch(message.camera_id, message.quality)
            case ShowVideo():
                self._fragments.show(message)
            case HideVideo():
                self._fragments.hide(message.camera_id, message.quality)
            case GalleryPage():
                self._sights.take(message)
            case UseModels():
                self._sights.use(message)
            case Analyse():
                self._requests.analyse(message)
            case Draw():
                self._requests.draw(message)
            case Examine():
                self._examiner.examine(message)
            case StopExamining():
                self._examiner.stop(message.job_id)
            case ProbeSource():
                self._requests.probe(message)
            case ListFootage():
                self._footage_desk.list(message)
            case FindFootage():
                self._footage_desk.find(message)
            case SendFootage():
                self._footage_desk.send(message)
            case Offer():
                self._peer_sessions.offered(message)
            case PushedPicture():
                self._peer_sessions.pushed(message)
            case EndSession():
                self._peer_sessions.end(message)
            case _:
                _log.warning("a message out of place", type=type(message).__name__)

    # ── cameras ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _leased(self, lease: Lease) -> None:
        said_s = self._lease.granted(lease)
        if said_s is not None:
            self._clock.heard(lease.server_time, said_s)

    def _beat(self) -> Beat:
        return self._lease.beat(self._cameras, self._clock.offset_ms, self._clock.monotonic_s())

    def published(self, camera_id: str) -> None:
        """A device begins to publish to this camera: it need not wait for its next attempt. From any thread."""
        self._call_soon(lambda: self._cameras.retry_now(camera_id))

    def _session_ended_from_thread(self, session_id: str, reason: str) -> None:
        self._call_soon(lambda: self._outgoing.answer(SessionEnded(session_id=session_id, reason=reason)))

    def _take_away(self, camera_id: str) -> None:
        self._cameras.revoke(camera_id)
        self._peer_sessions.camera_gone(camera_id)

    # ── the cameras' user (`CamerasUser`) ───────────────────────────────────────────────────────────────────────────

    def camera_assigned(self, reader: CameraReader) -> None:
        """Clips and recordings take its packets."""
        if self._clips is not None:
            self._clips.listen(reader.camera.id, reader.packets)
        self.camera_changed(reader)

    def camera_changed(self, reader: CameraReader) -> None:
        """It may be recorded from now on, or no longer."""
        if self._footage is not None:
            self._footage.record(reader.camera.id, reader.packets if reader.camera.scene.record else None)

    def camera_revoked(self, camera_id: str) -> None:
        """Nobody looks at it, or keeps of it, any more."""
        self._pool.forget(camera_id)
        if self._clips is not None:
            self._clips.leave(camera_id)
        if self._footage is not None:
            self._footage.record(camera_id, None)

    def camera_reported(self, report: CameraReport) -> None:
        """To the gateway."""
        self._outgoing.report(report)

    def camera_turned(self, camera_id: str) -> None:
        """Its video begins or ends with it."""
        self._video.tick()

    def camera_out(self, fact: Fact, *, ended: bool) -> None:
        """To the gateway; nobody is in sight of a camera that sees nothing."""
        self._outbox.add(fact, {})
        if not ended:
            self._pool.forget(fact.camera_id)

    # ── results ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _deliver_from_thread(self, analysed: Analysed) -> None:
        self._call_soon(lambda: self._deliver(analysed))

    def _sighted_from_thread(self, sightings: tuple[Sighting, ...]) -> None:
        self._call_soon(lambda: self._keep(sightings))

    def _keep(self, sightings: tuple[Sighting, ...]) -> None:
        for sighting in sightings:
            self._outbox.add(sighting, {})

    def _deliver(self, analysed: Analysed) -> None:
        for pictured in analysed.facts:
            fact = self._with_clip(pictured.fact)
            self._outbox.add(fact, pictured.pictures)
            self._clip_sender.told(fact)
        reader = self._cameras.reader_of(analysed.observation.camera_id)
        if reader is not None:
            reader.analysed()
            self._outgoing.observe(analysed.observation, analysed.pictures)

    def _with_clip(self, fact: Fact) -> Fact:
        clip = self._clips.begin(fact) if self._clips is not None else None
        return fact if clip is None else msgspec.structs.replace(fact, clip=clip)

    def _clip_from_thread(self, clip: FinishedClip) -> None:
        self._call_soon(lambda: self._clip_sender.finished(clip))

    def _sight_switched(self) -> None:
        """Cameras are looked at with other models from now on: tracks begin anew."""
        self._pool.forget_all()
        self._outgoing.state(self._status())

    def _analysis_crashed(self, camera_id: str, what: str) -> None:
        self._call_soon(lambda: self._poison(camera_id, what))

    def _poison(self, camera_id: str, what: str) -> None:
        reader = self._cameras.reader_of(camera_id)
        if reader is not None:
            reader.analysis_crashed(what)

    def _call_soon(self, work: Callable[[], None]) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(work)

    def _examined_from_thread(self, word: Examined) -> None:
        self._call_soon(lambda: self._outgoing.answer(word))

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _tick(self) -> None:
        status_at_s = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            now_s = self._clock.monotonic_s()
            self._cameras.tick()
            self._video.tick()
            if now_s >= status_at_s:
                status_at_s = now_s + STATUS_INTERVAL_S
                self._memory = await asyncio.to_thread(self._read_memory)
                status = self._status()
                self._outgoing.state(status)
                if self._tell_standing is not None:
                    await asyncio.to_thread(self._tell_standing, self._standing(status))

    async def _keep_lease(self) -> None:
        """Apart from everything that may take its time."""
        beat_at_s = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            now_s = self._clock.monotonic_s()
            self._give_up(now_s)
            if now_s >= beat_at_s:
                beat_at_s = now_s + BEAT_INTERVAL_S
                self._outgoing.beat(self._beat())

    def _give_up(self, now_s: float) -> None:
        """Stops reading what another engine may read by now, and what the gateway no longer wants read."""
        if self._cameras and self._lease.is_over(now_s + TICK_S):
            _log.warning("the lease is over: another engine may read these cameras", cameras=len(self._cameras))
            self._let_go()
            self._uplink.drop()
        if self._grace_until_s is not None and now_s > self._grace_until_s:
            self._grace_until_s = None
            for camera_id in self._cameras.unconfirmed():
                self._take_away(camera_id)

    def _let_go(self) -> None:
        for camera_id in list(self._cameras):
            self._take_away(camera_id)

    def _status(self) -> Status:
        dropped = Counter(self._outbox.dropped)
        dropped["frames"] = self._mailboxes.replaced
        dropped["observations"] = self._outgoing.replaced
        dropped["live_pictures"] = self._uplink.pictures.replaced
        dropped["pictures"] += self._uplink.pictures_refused
        dropped["clips"] = self._clip_sender.dropped["clips"] + (self._clips.dropped["clips"] if self._clips else 0)
        warnings = self._outbox.warnings()
        if self._footage is not None:
            warnings += self._footage.warnings
        if self._uplink.pictures_refused:
            warnings.append(f"the gateway did not take {self._uplink.pictures_refused} pictures of facts")
        sight, mirror = self._sights.pair
        if mirror.skipped:
            warnings.append(f"{mirror.skipped} references are of another model than this engine's")
        warnings += self._clock.warnings()
        if self._gateway_version != self._settings.version:
            theirs = self._gateway_version or "an older one"
            warnings.append(f"this engine is of version {self._settings.version}, its gateway of {theirs}: update one")
        return Status(
            load=round(self._performance.load(self._clock.monotonic_s()), 4),
            cameras=len(self._cameras),
            spool_facts=self._outbox.facts,
            spool_bytes=self._outbox.spooled_bytes,
            dropped={what: count for what, count in dropped.items() if count},
            warnings=warnings,
            stage_ms=self._performance.medians_ms(),
            models=list(self._sights.latest.reports),
            embedding_model=sight.embedding_model,
            model_id=sight.analyser.model_id,
            prepared=self._sights.latest.prepared,
            memory=self._memory,
            resident_bytes=self._resident_bytes(),
        )

    def _standing(self, status: Status) -> Standing:
        return Standing(
            gateway=self._uplink.gateway,
            problem=self._uplink.problem,
            cameras=status.cameras,
            load=status.load,
            spool_facts=status.spool_facts,
            warnings=status.warnings,
        )

    # ── beginning and end ───────────────────────────────────────────────────────────────────────────────────────────

    def _open_spool(self) -> Spool:
        """The spool, in memory alone when its folder cannot be used: an engine that says so beats none."""
        folder = self._settings.spool_folder
        disk: SpoolDisk
        try:
            disk = SpoolDisk(folder, patience_s=SPOOL_PATIENCE_S)
        except OSError as problem:
            _log.error("the spool's folder cannot be used", folder=str(folder), error=str(problem))
            disk = NoDisk(folder, problem)
        return Spool(disk, limit_bytes=self._settings.spool_limit_bytes)

    async def _shut_down(self) -> None:
        """Stops the threads, then waits until every fact they still gave is on disk."""
        self._requests.close()
        self._examiner.close()
        await self._peer_sessions.close()
        self._cameras.stop()
        self._mailboxes.close()
        self._video.close()
        if self._clips is not None:
            await asyncio.to_thread(self._clips.stop, SHUTDOWN_S)
        self._footage_desk.close()
        if self._footage is not None:
            await asyncio.to_thread(self._footage.stop, SHUTDOWN_S)
        await asyncio.to_thread(self._join_threads)
        await asyncio.sleep(0)  # what the workers delivered last is taken into the outbox
        await self._outbox.close()

    def _join_threads(self) -> None:
        until_s = time.monotonic() + SHUTDOWN_S
        self._pool.join(SHUTDOWN_S)
        self._cameras.join(until_s)
