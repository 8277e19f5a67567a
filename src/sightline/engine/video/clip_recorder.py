"""Clips: a few seconds before and after every fact, written as they happen, out of packets that are there anyway.

    fact ─→ begin: the ring's packets, then every new one ─→ ID.growing.mp4 ─→ finished: ID.mp4 ─→ put to the gateway

A growing file is playable up to its last half second at any instant; an engine that was killed finishes at its next
start what it finds. Facts close to one another share a file. Bounds: `limit_bytes` in the folder (the oldest finished
clips go, counted), `SHARED_S` for facts that share, `PENDING_BYTES` between a camera's thread and the disk. One thread
writes for all cameras.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from sightline.clock import Clock
from sightline.engine.video.packet_fan import Listening, PacketFan
from sightline.engine.video.ring import Ring
from sightline.events.fact import ClipRef, Fact, SourceState
from sightline.exceptions import SourceError
from sightline.packets import TICKS_PER_MS, TICKS_PER_S, EncodedPacket, StreamParameters

__all__ = ["ClipRecorder", "ClipSettings", "FinishedClip", "VideoFiles", "VideoSink"]

SHARED_S = 5
"""Facts within so long of a clip's first one share it, and wait for it so much longer at most."""
PENDING_BYTES = 32 * 2**20
LATE_S = 5.0
"""A camera that sends nothing so long after a clip should be over has ended it."""
RING_MARGIN_S = 10.0
"""Beyond what a clip begins with: a fact comes later than its frame."""
WAIT_S = 0.25

_log = structlog.get_logger(__name__)


class VideoSink(Protocol):
    """A growing file."""

    def write(self, packet: EncodedPacket) -> None:
        """Raises `SourceError`, `OSError`."""

    def close(self) -> None:
        """Writes what is left."""


class VideoFiles(Protocol):
    """Files of video, remuxed."""

    def grow(self, path: Path, parameters: StreamParameters, first_dts: int, /) -> VideoSink:
        """Begins a file. Raises `SourceError`, `OSError`."""

    def format_of(self, codec: str, /) -> str:
        """The ending of its name."""

    def finish(self, growing: Path, finished: Path, /) -> int:
        """An ordinary file out of a growing one, cut off or not; its length in ms. Raises `SourceError`, `OSError`."""


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """How much of what happened is kept: ms before and after a fact, bytes a ring, bytes of all clips on the disk."""

    folder: Path
    before_ms: int = 5_000
    after_ms: int = 10_000
    ring_bytes: int = 32 * 2**20
    limit_bytes: int = 1024 * 2**20


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A clip that can be put. `duration_ms` is None for one that an earlier process finished."""

    blob_id: str
    path: Path
    duration_ms: int | None = None


@dataclass(slots=True)
class _Camera:
    ring: Ring
    listening: Listening | None = None


@dataclass(slots=True, eq=False)
class _Growing:
    blob_id: str
    camera_id: str
    path: Path
    first: EncodedPacket
    shared_until_ticks: int
    end_ticks: int = 0
    over_at_s: float = 0.0
    pending: deque[EncodedPacket] = field(default_factory=deque)
    pending_bytes: int = 0
    closed: bool = False
    sink: VideoSink | None = None

    def add(self, packet: EncodedPacket) -> None:
        """Another stream, or more than the disk keeps up with, ends the clip."""
        size = len(packet.data)
        if packet.parameters is not self.first.parameters or self.pending_bytes + size > PENDING_BYTES:
            self.closed = True
        if not self.closed:
            self.pending.append(packet)
            self.pending_bytes += size
            self.closed = packet.dts >= self.end_ticks


class ClipRecorder:
    """The rings of all cameras, and the clips that grow. `finished` is called from the writing thread."""

    def __init__(
        self, settings: ClipSettings, files: VideoFiles, clock: Clock, finished: Callable[[FinishedClip], None]
    ) -> None:
        self._settings = settings
        self._files = files
        self._clock = clock
        self._finished = finished
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._cameras: dict[str, _Camera] = {}
        self._growing: list[_Growing] = []
        self._stopping = False
        self.dropped: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)

    @property
    def ring_bytes(self) -> int:
        """Bytes that the rings of all cameras hold."""
        with self._lock:
            return sum(camera.ring.size_bytes for camera in self._cameras.values())

    def start(self) -> None:
        """Begins to write; what an earlier process left is finished first."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Lets go of everything; clips that still grow are finished at the next start."""
        with self._work:
            cameras = list(self._cameras)
            self._stopping = True
            self._work.notify()
        for camera_id in cameras:
            self.leave(camera_id)
        self._thread.join(timeout_s)

    def listen(self, camera_id: str, fan: PacketFan) -> None:
        """From now on the camera has a ring."""
        seconds = self._settings.before_ms / 1000 + RING_MARGIN_S
        camera = _Camera(Ring(seconds=seconds, limit_bytes=self._settings.ring_bytes))
        with self._lock:
            self._cameras[camera_id] = camera
        camera.listening = fan.listen(lambda packet: self._heard(camera_id, camera, packet))

    def leave(self, camera_id: str) -> None:
        """The camera is read no more; its clips end."""
        with self._work:
            camera = self._cameras.pop(camera_id, None)
            for clip in self._growing:
                clip.closed |= clip.camera_id == camera_id
            self._work.notify()
        if camera is not None and camera.listening is not None:
            camera.listening.close()

    def begin(self, fact: Fact) -> ClipRef | None:
        """Records what was and will be around a fact; None where the camera gives no video."""
        if isinstance(fact.what, SourceState):
            return None  # there is no picture of a camera that is away
        with self._work:
            camera = self._cameras.get(fact.camera_id)
            packets = camera.ring.since(fact.timestamp, self._settings.before_ms) if camera is not None else ()
            if self._stopping or not packets:
                return None
            event = _of(packets, fact.timestamp)
            clip = self._sharing(packets[0], event) or self._new(fact.camera_id, packets, event)
            clip.end_ticks = max(clip.end_ticks, event.pts + self._settings.after_ms * TICKS_PER_MS)
            clip.over_at_s = self._clock.monotonic_s() + self._settings.after_ms / 1000 + LATE_S
            self._work.notify()
        return ClipRef(
            blob_id=clip.blob_id,
            starts_at=clip.first.at_ms,
            offset_ms=round((event.pts - clip.first.dts) / TICKS_PER_MS),
        )

    def _sharing(self, first: EncodedPacket, event: EncodedPacket) -> _Growing | None:
        """A clip that grows and can take the fact in."""
        for clip in self._growing:
            same = clip.first.parameters is first.parameters and not clip.closed
            if same and clip.first.dts <= first.dts and event.pts <= clip.shared_until_ticks:
                return clip
        return None

    def _new(self, camera_id: str, packets: Sequence[EncodedPacket], event: EncodedPacket) -> _Growing:
        blob_id, first = f"clip-{uuid.uuid4().hex}", packets[0]
        name = f"{blob_id}.growing.{self._files.format_of(first.parameters.codec)}"
        shared_until_ticks = event.pts + SHARED_S * TICKS_PER_S
        clip = _Growing(blob_id, camera_id, self._settings.folder / name, first, shared_until_ticks)
        clip.pending.extend(packets)
        self._growing.append(clip)
        return clip

    def _heard(self, camera_id: str, camera: _Camera, packet: EncodedPacket) -> None:
        with self._lock:
            camera.ring.add(packet)
            if self._cameras.get(camera_id) is camera:
                for clip in self._growing:
                    if clip.camera_id == camera_id:
                        clip.add(packet)

    # ── the writing thread ──────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        self._recover()
        while True:
            with self._work:
                if not self._stopping:
                    self._work.wait(WAIT_S)
                stopping, clips = self._stopping, list(self._growing)
            for clip in clips:
                self._write(clip)
            if stopping:
                for clip in clips:
                    self._close(clip)
                return

    def _write(self, clip: _Growing) -> None:
        with self._lock:
            clip.closed |= self._clock.monotonic_s() > clip.over_at_s
            packets, closed = list(clip.pending), clip.closed
            clip.pending.clear()
            clip.pending_bytes = 0
            if closed:
                self._growing.remove(clip)
        try:
            if clip.sink is None:
                clip.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                clip.sink = self._files.grow(clip.path, clip.first.parameters, clip.first.dts)
            for packet in packets:
                clip.sink.write(packet)
            if closed:
                self._close(clip)
                self._finish(clip.path)
        except (OSError, SourceError) as error:
            self._give_up(clip, str(error))

    def _give_up(self, clip: _Growing, reason: str) -> None:
        with self._lock:
            if clip in self._growing:
                self._growing.remove(clip)
        self._close(clip)
        self._drop(clip.path, reason)

    def _close(self, clip: _Growing) -> None:
        if clip.sink is not None:
            clip.sink.close()
            clip.sink = None

    def _finish(self, growing: Path) -> None:
        """Raises `SourceError`, `OSError`."""
        blob_id, _, format = growing.name.split(".")
        draft, path = growing.with_name(f"{blob_id}.draft.{format}"), growing.with_name(f"{blob_id}.{format}")
        duration_ms = self._files.finish(growing, draft)
        draft.rename(path)
        growing.unlink()
        self._make_room()
        if path.exists():
            self._finished(FinishedClip(blob_id, path, duration_ms))

    def _recover(self) -> None:
        try:
            files = sorted(self._settings.folder.iterdir())
        except OSError:
            return  # there is no folder before the first clip
        for path in files:
            if ".draft." in path.name:
                path.unlink(missing_ok=True)
            elif ".growing." not in path.name and path.name.startswith("clip-"):
                self._finished(FinishedClip(path.stem, path))
        for path in files:
            if ".growing." in path.name:
                try:
                    self._finish(path)
                except (OSError, SourceError) as error:
                    self._drop(path, str(error))

    def _make_room(self) -> None:
        clips = sorted(self._settings.folder.glob("clip-*.*"), key=lambda path: path.stat().st_mtime_ns)
        whole = [path for path in clips if path.name.count(".") == 1]
        size_bytes = sum(path.stat().st_size for path in clips)
        for path in whole:
            if size_bytes <= self._settings.limit_bytes:
                return
            size_bytes -= path.stat().st_size
            self._drop(path, "more clips wait than there is room for")

    def _drop(self, path: Path, reason: str) -> None:
        self.dropped["clips"] += 1
        _log.error("a clip was lost", clip=path.name, reason=reason)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a lost clip cannot be removed", clip=path.name, error=str(error))


def _of(packets: Sequence[EncodedPacket], at_ms: int) -> EncodedPacket:
    """The packet of that time, the last before it, or the first."""
    before = [packet for packet in packets if packet.at_ms <= at_ms]
    return max(before, key=lambda packet: packet.at_ms) if before else packets[0]
