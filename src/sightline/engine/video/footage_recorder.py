"""Continuous recording: the packets of cameras whose scene asks for it, into pieces that begin with a keyframe.

One thread writes for all cameras. A growing piece is playable up to its last half second; an engine that was killed
finishes at its next start what it finds. Before anything is written the disk is looked at: recording stops, and says
so, rather than fill it. Where the disk refuses all the same (a quota, a fault), it is asked again every half minute.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from sightline.clock import Clock
from sightline.engine.video.clip_recorder import VideoFiles, VideoSink
from sightline.engine.video.footage_shelf import FootageSettings, FootageShelf
from sightline.engine.video.packet_fan import PacketFan, PacketQueue
from sightline.events.spans import Span
from sightline.exceptions import SourceError
from sightline.packets import TICKS_PER_MS, EncodedPacket

__all__ = ["FootageRecorder"]

WAIT_S = 0.5
TIDY_INTERVAL_S = 30.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Recording:
    camera_id: str
    fan: PacketFan
    queue: PacketQueue
    sink: VideoSink | None = None
    path: Path | None = None
    first: EncodedPacket | None = None
    refused: str = ""
    """What the disk said when it refused; empty once it takes again."""


@dataclass(frozen=True, slots=True, eq=False)
class _Deletion:
    within: Mapping[str, Sequence[Span]]
    deleted: Future[int] = field(default_factory=Future)


class FootageRecorder:
    """The recordings of one engine. `shelf` may be asked from any thread."""

    def __init__(self, settings: FootageSettings, files: VideoFiles, clock: Clock) -> None:
        self.shelf = FootageShelf(settings)
        self._piece_ticks = settings.piece_ms * TICKS_PER_MS
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._recordings: dict[str, _Recording] = {}
        self._ended: list[_Recording] = []
        self._deletions: list[_Deletion] = []
        self._stopping = False
        self._tidied_at_s: float | None = None
        self._unfinished: list[Path] = []
        self.stopped = ""
        """Why nothing is written, in plain words; empty while all is well."""
        self._thread = threading.Thread(target=self._run, name="footage", daemon=True)

    @property
    def warnings(self) -> list[str]:
        """What somebody should look into."""
        with self._lock:
            refused = {one.refused for one in self._recordings.values() if one.refused}
            reasons = [self.stopped] if self.stopped and self._recordings else sorted(refused)
        return [f"recording is stopped: {reason}" for reason in reasons]

    def start(self) -> None:
        """Begins to write; what an earlier process left is finished first."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Finishes every piece."""
        for camera_id in list(self._recordings):
            self.record(camera_id, None)
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)

    def record(self, camera_id: str, fan: PacketFan | None) -> None:
        """From now on this camera is recorded; without a fan, it is not."""
        with self._lock:
            known = self._recordings.get(camera_id)
            if known is not None and known.fan is fan:
                return
            if known is not None:
                known.queue.close()
                self._ended.append(self._recordings.pop(camera_id))
            if fan is not None:
                self._recordings[camera_id] = _Recording(camera_id, fan, fan.queue())

    def delete(self, within: Mapping[str, Sequence[Span]]) -> Future[int]:
        """Deletes every piece with a moment of these times (`merged`), by camera, and says how many it was. The piece
        that is being written ends for it; the next begins at the camera's next keyframe."""
        deletion = _Deletion(within)
        with self._lock:
            self._deletions.append(deletion)
        return deletion.deleted

    # ── the writing thread ──────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        for path in self.shelf.left_behind():
            self._finish(path)
        while True:
            self._wake.wait(WAIT_S)
            stopping = self._stopping
            self._look_at_disk()
            with self._lock:
                recordings, ended, deletions = list(self._recordings.values()), self._ended, self._deletions
                self._ended, self._deletions = [], []
            for recording in (*recordings, *ended):
                self._drain(recording)
            for recording in ended:
                self._close(recording)
            for deletion in deletions:
                self._delete(deletion, recordings)
            if stopping:
                return

    def _look_at_disk(self) -> None:
        now_s = self._clock.monotonic_s()
        refusal = self.shelf.refusal()
        if refusal or self._tidied_at_s is None or now_s - self._tidied_at_s > TIDY_INTERVAL_S:
            self._tidied_at_s = now_s
            if self.shelf.tidy(self._clock.now_ms()):
                refusal = self.shelf.refusal()
            self._try_again()
        if refusal != self.stopped:
            self.stopped = refusal
            if refusal and self._recordings:
                _log.error("recording is stopped", reason=refusal)

    def _try_again(self) -> None:
        with self._lock:
            for recording in self._recordings.values():
                recording.refused = ""
        unfinished, self._unfinished = self._unfinished, []
        for path in unfinished:
            self._finish(path)

    def _drain(self, recording: _Recording) -> None:
        while (packet := recording.queue.take()) is not None:
            if self.stopped or recording.refused:
                self._close(recording)
                continue
            try:
                self._write(recording, packet)
            except (OSError, SourceError) as error:
                _log.error("a recording cannot be written", camera=recording.camera_id, reason=str(error))
                recording.refused = str(error)
                self._close(recording)

    def _write(self, recording: _Recording, packet: EncodedPacket) -> None:
        first = recording.first
        other_stream = first is not None and packet.parameters is not first.parameters
        full = first is not None and packet.keyframe and packet.dts - first.dts >= self._piece_ticks
        if other_stream or full:
            self._close(recording)
        if recording.sink is None:
            if not packet.keyframe:
                return
            format = self._files.format_of(packet.parameters.codec)
            recording.path = self.shelf.growing(recording.camera_id, packet.at_ms, format)
            recording.sink = self._files.grow(recording.path, packet.parameters, packet.dts)
            recording.first = packet
        recording.sink.write(packet)

    def _delete(self, deletion: _Deletion, recordings: Sequence[_Recording]) -> None:
        if not deletion.deleted.set_running_or_notify_cancel():
            return
        deleted = 0
        for camera_id, times in deletion.within.items():
            theirs = [recording for recording in recordings if recording.camera_id == camera_id]
            for recording in theirs:
                if recording.first is not None and times and recording.first.at_ms < times[-1][1]:
                    self._close(recording)
            growing = [recording.path for recording in theirs if recording.path is not None]
            deleted += self.shelf.delete(camera_id, times, growing)
        self._unfinished = [path for path in self._unfinished if path.exists()]
        deletion.deleted.set_result(deleted)

    def _close(self, recording: _Recording) -> None:
        sink, path = recording.sink, recording.path
        recording.sink = recording.path = recording.first = None
        if sink is not None and path is not None:
            sink.close()
            self._finish(path)

    def _finish(self, growing: Path) -> None:
        starts_at, _, format = growing.name.split(".")
        draft = growing.with_name(f"{starts_at}.draft.{format}")
        try:
            duration_ms = self._files.finish(growing, draft)
            draft.rename(growing.with_name(f"{starts_at}-{duration_ms}.{format}"))
        except SourceError:
            _log.info("a recording that holds no picture was removed", file=growing.name)
        except OSError as error:  # what is there plays, and is finished once there is room
            _log.error("a recording cannot be finished", file=growing.name, error=str(error))
            draft.unlink(missing_ok=True)
            self._unfinished.append(growing)
            return
        growing.unlink(missing_ok=True)
