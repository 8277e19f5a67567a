"""Reads one camera in a thread of its own: opens, grabs, converts what is due, opens again after a loss."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from sightline.cameras import CameraState, redact
from sightline.clock import Clock
from sightline.engine.cameras.detail import DetailPictures
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.picture_fan import PictureFan, PictureTaker
from sightline.engine.cameras.source_state import Outage, SourceMachine, StateChange
from sightline.engine.rates import Cadence, RateMeter
from sightline.engine.video.packet_fan import PacketFan
from sightline.engine.video.packet_feed import OpenEncoder, PacketFeed
from sightline.engine.vision.masking import masked
from sightline.engine.vision.turning import turned
from sightline.events.engine_link import CameraReport, CameraSpec
from sightline.exceptions import SourceError
from sightline.frames import Frame, Image
from sightline.packets import EncodedPacket
from sightline.privacy import FaceBlur

__all__ = ["CameraReader", "FrameSource", "LargeStream", "OpenSource"]

MIN_ANALYSIS_FPS = 0.05
MAX_ANALYSIS_FPS = 60.0

_log = structlog.get_logger(__name__)


class FrameSource(Protocol):
    """An open source, read by one thread; only `interrupt` may come from another."""

    @property
    def codec(self) -> str:
        """Name of the codec."""

    @property
    def fps(self) -> float:
        """Declared frames a second, 0.0 when unknown."""

    def grab(self) -> None:
        """Waits for the next frame. Raises `SourceError`."""

    def picture(self) -> Image:
        """The frame grabbed last, H×W×3 uint8 BGR."""

    @property
    def picture_ticks(self) -> int | None:
        """Time of the last `picture` as its packet has it, in ticks of 1/90000 s; None when it has none."""

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        """What was read since the last call, encoded and stamped `at_ms`; with None it is let go of."""

    def interrupt(self) -> None:
        """Makes a waiting `grab` give up soon."""

    def close(self) -> None:
        """Lets go of connection and decoder."""


class OpenSource(Protocol):
    """Opens a source in the calling thread."""

    def __call__(self, spec: str, timeout_s: float, /) -> FrameSource:
        """Raises `SourceError`, whose reason holds no credential."""


class _AnalysisCrash(Exception):
    pass


class CameraReader:
    """One camera's thread, its state, its rates. `camera` may be replaced by one of the same source and rate.

    It reads `camera.source`; with a `large` stream that is read there, and `camera.substream` here. `told` is called
    from that thread or from `tick`'s; it must neither block nor call back. `turn_s` says how long to wait before the
    source is opened, so that cameras that went down together do not all come back in one instant.
    """

    def __init__(
        self,
        camera: CameraSpec,
        *,
        open_source: OpenSource,
        mailboxes: Mailboxes | None,
        clock: Clock,
        told: Callable[[CameraReader, StateChange | Outage], None],
        stall_after_ms: int,
        outage_after_ms: int,
        first_frame_id: int = 1,
        turn_s: Callable[[], float] = lambda: 0.0,
        open_encoder: OpenEncoder | None = None,
        large: LargeStream | None = None,
    ) -> None:
        """Without `open_encoder` a camera whose pictures have to be encoded has no packets; without `mailboxes` it is
        read for its packets alone, and analysed by nobody. `large` is the camera's larger stream, where this reads its
        smaller one.
        """
        self.camera = camera
        self.next_frame_id = first_frame_id
        self._open_source = open_source
        self._mailboxes = mailboxes
        self._clock = clock
        self._told = told
        self._turn_s = turn_s
        self._timeout_s = stall_after_ms / 1000
        self._lock = threading.Lock()
        self._machine = SourceMachine(
            self._now_ms(), stall_after_ms=stall_after_ms, outage_after_ms=outage_after_ms
        )
        self._frame_rate = RateMeter()
        self._analysed_rate = RateMeter()
        self._feed = PacketFeed(camera.id, open_encoder)
        self._large = large
        self._blurs = mailboxes is not None and camera.blur_faces is not FaceBlur.OFF
        """What it reads leaves by `show` alone; a larger stream, which nobody analyses, does not leave at all then."""
        self.pictures = PictureFan()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        """Ends the wait before the next attempt."""
        self._source: FrameSource | None = None
        self._poison = ""
        self._logged = ""
        self._thread = threading.Thread(target=self._run, name=f"camera {camera.id}", daemon=True)

    @property
    def packets(self) -> PacketFan:
        """The camera's video, encoded: for the ring, recordings and everybody who watches live. Where faces are blurred
        it is that of the stream which is analysed: where they are is known of its pictures only."""
        return self._large.reader.packets if self._large is not None and not self._blurs else self._feed.fan

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures in pixels; (0, 0) before the first."""
        with self._lock:
            return self._machine.width, self._machine.height

    def is_same_source(self, camera: CameraSpec) -> bool:
        """Whether this camera is read like the one that is read now; its scene may be another."""
        return _how_it_is_read(camera) == _how_it_is_read(self.camera)

    def use(self, camera: CameraSpec) -> None:
        """Another scene: the next frame has it."""
        self.camera = camera
        if self._large is not None:
            self._large.reader.use(camera)

    def show(self, frame: Frame) -> None:
        """A frame of this camera may leave now: its faces are blurred. For the thread that analyses it."""
        if self._blurs and not self._stopping.is_set():
            self._let_out(frame, self.pictures.due(frame.read_at_s))

    def start(self) -> None:
        """Begins to read."""
        if self._large is not None:
            self._large.start()
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end; returns at once."""
        if self._large is not None:
            self._large.stop()
        self._stopping.set()
        self._wake.set()
        source = self._source
        if source is not None:
            source.interrupt()

    def retry_now(self) -> None:
        """The source is there (again): a lost camera need not wait for its turn."""
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Waits for the thread; False when it is still busy (libav's own time-out will end it)."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and (self._large is None or self._large.reader.join(timeout_s))

    def tick(self) -> None:
        """Lets silence be noticed while the thread waits for a frame."""
        self._tell(lambda now_ms: self._machine.tick(now_ms))

    def analysis_crashed(self, what: str) -> None:
        """Analysing its frames raised: counts as a crash of reading, so that a poisonous camera is quarantined."""
        self._poison = what

    def analysed(self) -> None:
        """One of its frames was analysed."""
        with self._lock:
            self._analysed_rate.add(self._clock.monotonic_s())

    def report(self) -> CameraReport:
        """The camera as it is now."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            machine = self._machine
            return CameraReport(
                camera_id=self.camera.id,
                state=machine.state.value,  # type: ignore[arg-type]  # a reader is never `disabled`
                reason=machine.reason or (self._large.trouble if self._large is not None else ""),
                since=self._clock.now_ms() - (round(now_s * 1000) - machine.since_ms),
                width=machine.width,
                height=machine.height,
                fps=round(self._frame_rate.rate(now_s), 2),
                analysed_fps=round(self._analysed_rate.rate(now_s), 2),
            )

    def _run(self) -> None:
        while not self._stopping.wait(self._turn_s()):
            self._wake.clear()
            self._tell(lambda now_ms: self._machine.connecting(now_ms))
            try:
                self._read()
            except SourceError as error:
                self._lost(error)
            except _AnalysisCrash as error:
                what = redact(str(error))
                self._tell(lambda now_ms, what=what: self._machine.crashed(now_ms, what))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  # a source that crashes must not take the other cameras with it
                _log.exception("reading a camera crashed", camera=self.camera.id)
                what = redact(f"{type(error).__name__}: {error}")
                self._tell(lambda now_ms, what=what: self._machine.crashed(now_ms, what))  # type: ignore[misc]
            if not self._stopping.is_set():
                self._wake.wait(self._retry_in_s())

    def _read(self) -> None:
        smaller = self.camera.substream if self._large is not None else ""
        source = self._open_source(smaller or self.camera.source, self._timeout_s)
        self._source = source
        self._feed.source_opened()
        try:
            rate = min(max(self.camera.analysis_fps, MIN_ANALYSIS_FPS), MAX_ANALYSIS_FPS)
            cadence = Cadence(rate, phase=zlib.crc32(self.camera.id.encode()) / 2**32)
            width = height = 0
            self._logged = ""
            while not self._stopping.is_set():
                source.grab()
                if self._stopping.is_set():
                    return
                self._raise_poison()
                now_s, captured_at_ms = self._clock.monotonic_s(), self._clock.now_ms()
                camera = self.camera
                redrawn = bool(camera.scene.masks) or camera.rotation != 0 or self._blurs
                self._feed.read(source, captured_at_ms, redrawn=redrawn)
                due = cadence.due(now_s)
                wanted, takers = self._wanted(now_s, due=due)
                if wanted or takers:
                    frame = self._frame(camera, source, now_s, captured_at_ms)
                    height, width = frame.image.shape[:2]
                    if not self._blurs:
                        self._let_out(frame, takers)
                    if due and self._mailboxes is not None:
                        self._mailboxes.put(frame)
                self.next_frame_id += 1
                with self._lock:
                    self._frame_rate.add(now_s)
                self._tell(lambda now_ms: self._machine.frame(now_ms, width, height))  # noqa: B023
        finally:
            self._source = None
            source.close()

    def _wanted(self, now_s: float, *, due: bool) -> tuple[bool, Sequence[PictureTaker]]:
        """Whether the frame of now is to be made a picture of, and who takes it beside the analysis. Where faces are
        blurred, what is seen is what was analysed, and nothing else.
        """
        if self._blurs:
            return due, ()
        # What nobody analyses is encoded at the same rate.
        analysed = due and (self._mailboxes is not None or self._feed.encodes)
        return self._feed.picture_due(now_s) or analysed, self.pictures.due(now_s)

    def _frame(self, camera: CameraSpec, source: FrameSource, now_s: float, at_ms: int) -> Frame:
        image = masked(turned(source.picture(), camera.rotation), camera.scene.masks)
        at_ms = self._feed.captured_at_ms(source, at_ms)
        detail = self._large.pictures.detail(at_ms) if self._large is not None else None
        return Frame(camera.id, self.next_frame_id, at_ms, image, detail, now_s, camera.blur_faces)

    def _let_out(self, frame: Frame, takers: Sequence[PictureTaker]) -> None:
        self._feed.picture(frame.image, now_s=frame.read_at_s, at_ms=frame.captured_at_ms)
        for take in takers:
            take(frame, frame.read_at_s)

    def _raise_poison(self) -> None:
        poison, self._poison = self._poison, ""
        if poison:
            raise _AnalysisCrash(poison)

    def _lost(self, error: SourceError) -> None:
        if self._stopping.is_set():
            return
        if error.reason != self._logged:  # once, not at every retry of a camera that is away for a week
            self._logged = error.reason
            _log.warning("a camera is lost", camera=self.camera.id, reason=error.reason)
        self._tell(
            lambda now_ms: self._machine.failed(
                now_ms, error.reason, permanent=error.permanent, resting=error.resting
            )
        )

    def _retry_in_s(self) -> float:
        with self._lock:
            retry_at_ms = self._machine.retry_at_ms
        return max(0.0, ((retry_at_ms or 0) - self._now_ms()) / 1000)

    def _tell(self, step: Callable[[int], tuple[StateChange | Outage, ...]]) -> None:
        with self._lock:  # held while telling, so that what two threads notice is told in its order
            for change in step(self._now_ms()):
                self._told(self, change)

    def _now_ms(self) -> int:
        return round(self._clock.monotonic_s() * 1000)


def _how_it_is_read(camera: CameraSpec) -> tuple[object, ...]:
    return camera.source, camera.substream, camera.analysis_fps, camera.rotation, camera.blur_faces


@dataclass(frozen=True, slots=True)
class LargeStream:
    """A camera's larger stream beside the smaller one that is analysed: read for its packets, looked into for faces."""

    reader: CameraReader
    pictures: DetailPictures

    @property
    def trouble(self) -> str:
        """What is wrong with it, in plain words; empty where nothing is."""
        report = self.reader.report()
        if report.state == CameraState.ONLINE.value:
            return ""
        return f"analysed by its smaller stream alone: {report.reason or 'the larger one is being opened'}"

    def start(self) -> None:
        """Begins to read."""
        self.pictures.start()
        self.reader.start()

    def stop(self) -> None:
        """Asks it to end; returns at once."""
        self.pictures.stop()
        self.reader.stop()
