"""The threads that analyse: as many as there are cores to use, each taking the newest frame of the next camera."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from sightline.clock import Clock
from sightline.engine.camera_analysis import FactDraft, Result
from sightline.engine.mailbox import Mailboxes
from sightline.engine.outgoing import LivePicture
from sightline.engine.performance import Performance
from sightline.engine.watching import Watching
from sightline.events.engine_link import Fact, Observation
from sightline.frames import Frame
from sightline.identities.gallery import Gallery
from sightline.images import encode_jpeg

__all__ = ["AnalysisPool", "Analysed", "FrameAnalysis", "PicturedFact"]

SNAPSHOT_QUALITY = 85
PROBE_QUALITY = 92

_log = structlog.get_logger(__name__)


class FrameAnalysis(Protocol):
    """One camera's analysis: it remembers tracks from frame to frame, and is used by one thread at a time."""

    def process(self, frame: Frame, gallery: Gallery, /) -> Result:
        """What the frame shows, and what thereby happened."""


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


class AnalysisPool:
    """Workers between the mailboxes and whoever `deliver`s; `deliver` and `crashed` are called from their threads."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        new_analysis: Callable[[str], FrameAnalysis],
        gallery: Callable[[], Gallery],
        watching: Watching,
        performance: Performance,
        clock: Clock,
        *,
        deliver: Callable[[Analysed], None],
        crashed: Callable[[str, str], None],
        workers: int,
    ) -> None:
        self._mailboxes = mailboxes
        self._new_analysis = new_analysis
        self._gallery = gallery
        self._watching = watching
        self._performance = performance
        self._clock = clock
        self._deliver = deliver
        self._crashed = crashed
        self._lock = threading.Lock()
        self._analyses: dict[str, FrameAnalysis] = {}
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
        for thread in self._threads:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))

    def forget(self, camera_id: str) -> None:
        """Drops the tracks of a camera that is no longer read."""
        with self._lock:
            self._analyses.pop(camera_id, None)

    def _work(self) -> None:
        while (frame := self._mailboxes.take()) is not None:
            started_s = self._clock.monotonic_s()
            try:
                self._deliver(self._analysed(frame))
            except Exception as error:  # noqa: BLE001  # one camera's frame must not cost the others a worker
                _log.exception("analysing a frame crashed", camera=frame.camera_id)
                self.forget(frame.camera_id)
                self._crashed(frame.camera_id, f"{type(error).__name__}: {error}")
            finally:
                self._mailboxes.done(frame.camera_id)
                self._performance.worked(self._clock.monotonic_s() - started_s)

    def _analysed(self, frame: Frame) -> Analysed:
        with self._lock:
            analysis = self._analyses.get(frame.camera_id)
            if analysis is None:
                analysis = self._analyses[frame.camera_id] = self._new_analysis(frame.camera_id)
        waited_ms = self._clock.now_ms() - frame.captured_at_ms
        result = analysis.process(frame, self._gallery())
        encoding_s = self._clock.monotonic_s()
        facts = tuple(_pictured(draft) for draft in result.facts)
        pictures = self._watching.pictures(frame, encoding_s)
        encoded_ms = (self._clock.monotonic_s() - encoding_s) * 1000
        self._performance.frame({"wait": waited_ms, **result.stage_ms, "encode": encoded_ms})
        return Analysed(result.observation, pictures, facts)


def _pictured(draft: FactDraft) -> PicturedFact:
    """The draft as a fact, its pictures as JPEG under ids of their own."""
    pictures = {
        "snapshot": encode_jpeg(draft.snapshot, quality=SNAPSHOT_QUALITY),
        "probe": encode_jpeg(draft.probe, quality=PROBE_QUALITY),
    }
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
