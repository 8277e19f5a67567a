"""The threads that analyse: as many as there are cores to use, each taking the newest frame of the next camera."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from sightline.clock import Clock
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.watching import Watching
from sightline.engine.link.outgoing import LivePicture
from sightline.engine.performance import Performance
from sightline.engine.vision.camera_analysis import FactDraft, Result
from sightline.engine.vision.sighting import SightingDraft
from sightline.events.fact import Fact, Sighting
from sightline.events.observation import Observation
from sightline.events.scene import Scene
from sightline.frames import Frame
from sightline.identities.gallery import Gallery
from sightline.images import encode_jpeg
from sightline.privacy import FaceBlur

__all__ = ["AnalysisPool", "Analysed", "FrameAnalysis", "PicturedFact"]

SNAPSHOT_QUALITY = 85
PROBE_QUALITY = 92

_log = structlog.get_logger(__name__)


class FrameAnalysis(Protocol):
    """One camera's analysis: it remembers tracks from frame to frame, and is used by one thread at a time."""

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        """What the frame of this scene shows, and what thereby happened."""

    def leave(self) -> tuple[SightingDraft, ...]:
        """Ends every track, and hands over what they leave; nothing is processed after it."""


@dataclass(frozen=True, slots=True)
class PicturedFact:
    """A fact with its pictures, encoded: JPEG bytes by role."""

    fact: Fact
    pictures: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Analysed:
    """What came of one frame."""

    observation: Observation
    pictures: tuple[LivePicture, ...]
    facts: tuple[PicturedFact, ...]


@dataclass(slots=True, eq=False)
class _Held:
    """A camera's analysis; `lock` is held by the thread that uses it."""

    analysis: FrameAnalysis
    lock: threading.Lock = field(default_factory=threading.Lock)


class AnalysisPool:
    """Workers between the mailboxes and whoever `deliver`s; `deliver`, `sighted`, `crashed` and `blurred` are called
    from threads.

    `sighted` is given what ended tracks leave; `blurred` a frame of a camera whose faces are blurred, once they are and
    before what came of it is delivered.
    """

    def __init__(
        self,
        mailboxes: Mailboxes,
        new_analysis: Callable[[str], FrameAnalysis],
        gallery: Callable[[], Gallery],
        scene: Callable[[str], Scene],
        watching: Watching,
        performance: Performance,
        clock: Clock,
        *,
        deliver: Callable[[Analysed], None],
        sighted: Callable[[tuple[Sighting, ...]], None],
        crashed: Callable[[str, str], None],
        workers: int,
        blurred: Callable[[Frame], None] = lambda frame: None,
    ) -> None:
        self._mailboxes = mailboxes
        self._new_analysis = new_analysis
        self._gallery = gallery
        self._scene = scene
        self._watching = watching
        self._performance = performance
        self._clock = clock
        self._deliver = deliver
        self._sighted = sighted
        self._crashed = crashed
        self._blurred = blurred
        self._lock = threading.Lock()
        self._analyses: dict[str, _Held] = {}
        self._leaving: list[threading.Thread] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"analysis {number}", daemon=True)
            for number in range(1, workers + 1)
        ]

    def start(self) -> None:
        """Begins to work."""
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> None:
        """Waits for the workers to end, after the mailboxes were closed."""
        until_s = self._clock.monotonic_s() + timeout_s
        for camera_id in list(self._analyses):
            self.forget(camera_id)
        for thread in (*self._threads, *self._leaving):
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))

    def forget(self, camera_id: str) -> None:
        """Ends the tracks of a camera that is no longer read; what they leave is `sighted` soon."""
        with self._lock:
            held = self._analyses.pop(camera_id, None)
        if held is None:
            return
        leaving = threading.Thread(target=self._leave, args=(held,), name="leaving", daemon=True)
        self._leaving = [thread for thread in self._leaving if thread.is_alive()] + [leaving]
        leaving.start()

    def forget_all(self) -> None:
        """Ends the tracks of every camera: others look at them from now on."""
        with self._lock:
            cameras = list(self._analyses)
        for camera_id in cameras:
            self.forget(camera_id)

    def _leave(self, held: _Held) -> None:
        with held.lock:  # a frame of this camera may be under way
            self._tell_sighted(held.analysis.leave())

    def _tell_sighted(self, drafts: tuple[SightingDraft, ...]) -> None:
        if drafts:
            self._sighted(tuple(draft.encoded() for draft in drafts))

    def _work(self) -> None:
        while (frame := self._mailboxes.take()) is not None:
            started_s = self._clock.monotonic_s()
            try:
                self._deliver(self._analysed(frame))
            except Exception as error:  # noqa: BLE001  # one camera's frame must not cost the others a worker
                _log.exception("analysing a frame crashed", camera=frame.camera_id)
                with self._lock:
                    self._analyses.pop(frame.camera_id, None)  # what it remembers may be what it crashed on
                self._crashed(frame.camera_id, f"{type(error).__name__}: {error}")
            finally:
                self._mailboxes.done(frame.camera_id)
                self._performance.worked(self._clock.monotonic_s() - started_s)

    def _analysed(self, frame: Frame) -> Analysed:
        with self._lock:
            held = self._analyses.get(frame.camera_id)
            if held is None:
                held = self._analyses[frame.camera_id] = _Held(self._new_analysis(frame.camera_id))
        waited_ms = self._clock.now_ms() - frame.captured_at_ms
        with held.lock:
            result = held.analysis.process(frame, self._gallery(), self._scene(frame.camera_id))
            self._tell_sighted(result.sightings)
        encoding_s = self._clock.monotonic_s()
        facts = tuple(_pictured(draft) for draft in result.facts)
        pictures: tuple[LivePicture, ...] = ()
        if frame.blur is FaceBlur.OFF:
            pictures = self._watching.pictures(frame, encoding_s)
        elif result.leaving is not None:  # what nobody has blurred does not leave
            pictures = self._watching.pictures(result.leaving, encoding_s)
            self._blurred(result.leaving)
        encoded_ms = (self._clock.monotonic_s() - encoding_s) * 1000
        self._performance.frame({"wait": waited_ms, **result.stage_ms, "encode": encoded_ms})
        return Analysed(result.observation, pictures, facts)


def _pictured(draft: FactDraft) -> PicturedFact:
    """The draft as a fact, its pictures as JPEG under ids of their own."""
    images = (("snapshot", draft.snapshot, SNAPSHOT_QUALITY), ("probe", draft.probe, PROBE_QUALITY))
    pictures = {role: encode_jpeg(image, quality=quality) for role, image, quality in images if image is not None}
    fact = Fact(
        key=draft.key,
        camera_id=draft.camera_id,
        timestamp=draft.timestamp,
        width=draft.width,
        height=draft.height,
        what=draft.what,
        frame_id=draft.frame_id,
        inference_ms=draft.inference_ms,
        blobs={role: uuid.uuid4().hex for role in pictures},
    )
    return PicturedFact(fact, pictures)
