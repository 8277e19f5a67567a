"""The cameras that the gateway wants read: a reader each, their reports and outages, and those that are let go."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

import structlog

from sightline.clock import Clock
from sightline.engine.cameras.detail import DetailPictures, OpenDecoder
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, LargeStream, OpenSource
from sightline.engine.cameras.source_state import Outage, StateChange
from sightline.engine.rates import Pace
from sightline.engine.video.packet_feed import OpenEncoder
from sightline.events.engine_link import CameraReport, CameraSpec
from sightline.events.fact import Fact, SourceState
from sightline.events.scene import Scene
from sightline.frames import Frame

__all__ = ["AssignedCameras", "CamerasUser", "HowToRead"]

REPORT_INTERVAL_S = 10.0
OPENED_AT_ONCE = 8
OPENED_PER_SECOND = 8.0
"""Cameras that go down together are opened again one after the other, so that neither the switch they hang on nor this
machine drowns in them."""

_log = structlog.get_logger(__name__)


class CamerasUser(Protocol):
    """Who is told of the cameras, on the event loop."""

    def camera_assigned(self, reader: CameraReader) -> None:
        """A reader that is about to start."""

    def camera_changed(self, reader: CameraReader) -> None:
        """The same source, another scene or name: what is asked of its packets may have changed."""

    def camera_revoked(self, camera_id: str) -> None:
        """Its reader was told to stop."""

    def camera_reported(self, report: CameraReport) -> None:
        """How a camera is, for the gateway."""

    def camera_turned(self, camera_id: str) -> None:
        """Its source changed its state."""

    def camera_out(self, fact: Fact, *, ended: bool) -> None:
        """An outage long enough to be a fact began, or `ended`."""


@dataclass(frozen=True, slots=True)
class HowToRead:
    """What every reader is given. Without `open_encoder` cameras whose pictures have to be encoded have no video,
    without `open_decoder` the larger stream of a camera with two is not read."""

    open_source: OpenSource
    stall_after_ms: int
    outage_after_ms: int
    open_encoder: OpenEncoder | None = None
    open_decoder: OpenDecoder | None = None


@dataclass(slots=True)
class _Assigned:
    reader: CameraReader
    confirmed: bool = True
    reported_at_s: float = 0.0


class AssignedCameras(Collection[str]):
    """The identifiers of the cameras that are read, and their readers. Used on the event loop, but for `scene_of`
    and `show`.
    """

    def __init__(
        self,
        how: HowToRead,
        mailboxes: Mailboxes,
        clock: Clock,
        user: CamerasUser,
        call_soon: Callable[[Callable[[], None]], None],
    ) -> None:
        self._how = how
        self._mailboxes = mailboxes
        self._clock = clock
        self._user = user
        self._call_soon = call_soon
        self._assigned: dict[str, _Assigned] = {}
        self._next_frame_ids: dict[str, int] = {}
        self._leaving: list[CameraReader] = []
        self._opening = Pace(per_second=OPENED_PER_SECOND, at_once=OPENED_AT_ONCE)
        self._opening_lock = threading.Lock()

    def __contains__(self, camera_id: object) -> bool:
        return camera_id in self._assigned

    def __iter__(self) -> Iterator[str]:
        return iter(self._assigned)

    def __len__(self) -> int:
        return len(self._assigned)

    def reader_of(self, camera_id: str) -> CameraReader | None:
        assigned = self._assigned.get(camera_id)
        return assigned.reader if assigned is not None else None

    def scene_of(self, camera_id: str) -> Scene:
        """From any thread."""
        reader = self.reader_of(camera_id)
        return reader.camera.scene if reader is not None else Scene()

    def show(self, frame: Frame) -> None:
        """See `CameraReader.show`; from any thread."""
        reader = self.reader_of(frame.camera_id)
        if reader is not None:
            reader.show(frame)

    def reports(self) -> list[CameraReport]:
        return [assigned.reader.report() for assigned in self._assigned.values()]

    # ── who is read ─────────────────────────────────────────────────────────────────────────────────────────────────

    def assign(self, camera: CameraSpec) -> None:
        """Reads this camera from now on; a reader of the same source goes on."""
        known = self._assigned.get(camera.id)
        if known is not None and known.reader.is_same_source(camera):
            known.reader.use(camera)
            known.confirmed = True
            self._user.camera_changed(known.reader)
            return
        if known is not None:
            self.revoke(camera.id)
        reader = self._reader(camera, self._mailboxes, self._told_from_thread, self._large_stream(camera))
        self._assigned[camera.id] = assigned = _Assigned(reader)
        self._report(assigned)
        self._user.camera_assigned(reader)
        reader.start()
        _log.info("a camera was assigned", camera=camera.id, analysis_fps=camera.analysis_fps)

    def revoke(self, camera_id: str) -> None:
        """Reads it no longer; its thread ends when its source lets it."""
        assigned = self._assigned.pop(camera_id, None)
        if assigned is None:
            return
        assigned.reader.stop()
        self._next_frame_ids[camera_id] = assigned.reader.next_frame_id + 1
        self._leaving.append(assigned.reader)
        self._mailboxes.forget(camera_id)
        self._user.camera_revoked(camera_id)
        _log.info("a camera was revoked", camera=camera_id)

    def unconfirm(self) -> None:
        """From now on `unconfirmed` are those that are not assigned once more."""
        for assigned in self._assigned.values():
            assigned.confirmed = False

    def unconfirmed(self) -> list[str]:
        return [camera_id for camera_id, assigned in self._assigned.items() if not assigned.confirmed]

    def retry_now(self, camera_id: str) -> None:
        """Its next attempt to open the source is made at once."""
        reader = self.reader_of(camera_id)
        if reader is not None:
            reader.retry_now()

    def tick(self) -> None:
        """What the passing of time does to sources; reports that are due; threads that have ended are forgotten."""
        now_s = self._clock.monotonic_s()
        for assigned in list(self._assigned.values()):
            assigned.reader.tick()
            if now_s - assigned.reported_at_s >= REPORT_INTERVAL_S:
                self._report(assigned)
        self._leaving = [reader for reader in self._leaving if not reader.join(0)]

    def stop(self) -> None:
        """Tells every thread to end."""
        for reader in self._readers():
            reader.stop()

    def join(self, until_s: float) -> None:
        """Waits for the threads until `until_s` of `time.monotonic`."""
        for reader in self._readers():
            if not reader.join(max(0.0, until_s - time.monotonic())):
                _log.warning("a camera's thread is still waiting for its source", camera=reader.camera.id)

    def _readers(self) -> list[CameraReader]:
        return [assigned.reader for assigned in self._assigned.values()] + self._leaving

    def _reader(
        self,
        camera: CameraSpec,
        mailboxes: Mailboxes | None,
        told: Callable[[CameraReader, StateChange | Outage], None],
        large: LargeStream | None = None,
    ) -> CameraReader:
        return CameraReader(
            camera,
            open_source=self._how.open_source,
            mailboxes=mailboxes,
            clock=self._clock,
            told=told,
            stall_after_ms=self._how.stall_after_ms,
            outage_after_ms=self._how.outage_after_ms,
            first_frame_id=self._next_frame_ids.get(camera.id, 1),
            turn_s=self._turn_to_open_s,
            open_encoder=self._how.open_encoder,
            large=large,
        )

    def _large_stream(self, camera: CameraSpec) -> LargeStream | None:
        """The larger stream of a camera that has a smaller one to analyse. Its state is no camera's: what is wrong
        with it is a reason beside the state of the smaller."""
        if not camera.substream or self._how.open_decoder is None:
            return None
        reader = self._reader(camera, None, lambda reader, change: None)
        return LargeStream(reader, DetailPictures(reader.packets, self._how.open_decoder))

    def _turn_to_open_s(self) -> float:
        """Called from the readers' threads."""
        with self._opening_lock:
            return self._opening.wait_s(self._clock.monotonic_s())

    # ── what is told of them ────────────────────────────────────────────────────────────────────────────────────────

    def _report(self, assigned: _Assigned) -> None:
        assigned.reported_at_s = self._clock.monotonic_s()
        self._user.camera_reported(assigned.reader.report())

    def _told_from_thread(self, reader: CameraReader, change: StateChange | Outage) -> None:
        self._call_soon(lambda: self._told(reader, change))

    def _told(self, reader: CameraReader, change: StateChange | Outage) -> None:
        assigned = self._assigned.get(reader.camera.id)
        if assigned is None or assigned.reader is not reader:
            return  # of a camera that was taken away meanwhile
        if isinstance(change, Outage):
            self._user.camera_out(self._outage(reader, change), ended=change.ended)
        self._report(assigned)
        self._user.camera_turned(reader.camera.id)

    def _outage(self, reader: CameraReader, outage: Outage) -> Fact:
        report = reader.report()
        return Fact(
            key=uuid.uuid4().hex,
            camera_id=reader.camera.id,
            timestamp=self._clock.now_ms(),
            width=report.width,
            height=report.height,
            what=SourceState(
                state="online" if outage.ended else "offline",
                reason=outage.reason,
                offline_ms=outage.length_ms,
            ),
        )
