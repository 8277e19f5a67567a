"""What waits to be sent besides facts: the newest observation and report of each camera, status, beat, answers.

Bounds: one observation and one report a camera, one status, one beat, `MAX_ANSWERS` answers. Policy when full: newer
replaces older (counted for observations); the oldest answer is dropped, its asker has long timed out.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass

from sightline.events.engine_link import CameraReport, EngineMessage, SourceProbed, Status
from sightline.events.footage import FootageListed, FootageSpans
from sightline.events.gallery_feed import GallerySince
from sightline.events.lease import Beat
from sightline.events.observation import Observation
from sightline.events.peer import Answer, SessionEnded
from sightline.events.still import Analysis, Drawn, Examined

__all__ = ["LivePicture", "Outgoing", "Parcel"]

MAX_ANSWERS = 32

_Answer = Analysis | Drawn | SourceProbed | Examined | Answer | SessionEnded | FootageListed | FootageSpans


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A JPEG of an analysed frame for those who watch. `width` and `height` are the frame's, not the JPEG's."""

    camera_id: str
    quality: str
    frame_id: int
    timestamp: int
    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to send now, and the pictures that may go once it is sent."""

    message: EngineMessage
    pictures: tuple[LivePicture, ...] = ()


class Outgoing:
    """The slots. Used from the event loop only."""

    def __init__(self) -> None:
        self._answers: deque[_Answer | GallerySince] = deque(maxlen=MAX_ANSWERS)
        self._reports: OrderedDict[str, CameraReport] = OrderedDict()
        self._observations: OrderedDict[str, Parcel] = OrderedDict()
        self._status: Status | None = None
        self._beat: Beat | None = None
        self._changed = asyncio.Event()
        self.replaced = 0

    def answer(self, answer: _Answer) -> None:
        """Queues the answer to a request."""
        self._answers.append(answer)
        self._changed.set()

    def ask(self, question: GallerySince) -> None:
        """Queues a question of the engine's own."""
        self._answers.append(question)
        self._changed.set()

    def report(self, report: CameraReport) -> None:
        """Leaves a camera's newest report."""
        self._reports[report.camera_id] = report
        self._changed.set()

    def observe(self, observation: Observation, pictures: tuple[LivePicture, ...]) -> None:
        """Leaves a camera's newest observation, with the pictures it belongs to."""
        if observation.camera_id in self._observations:
            self.replaced += 1
        self._observations[observation.camera_id] = Parcel(observation, pictures)
        self._changed.set()

    def state(self, status: Status) -> None:
        """Leaves the newest status."""
        self._status = status
        self._changed.set()

    def beat(self, beat: Beat) -> None:
        """Leaves the newest beat, which goes before everything else."""
        self._beat = beat
        self._changed.set()

    def clear(self) -> None:
        """Forgets everything: a new link begins with nothing of the old one."""
        self._answers.clear()
        self._reports.clear()
        self._observations.clear()
        self._status = self._beat = None

    async def next(self) -> Parcel:
        """The next message to send; waits for one. Cameras take turns."""
        while True:
            if self._beat is not None:
                beat, self._beat = self._beat, None
                return Parcel(beat)
            if self._answers:
                return Parcel(self._answers.popleft())
            if self._reports:
                return Parcel(self._reports.popitem(last=False)[1])
            if self._observations:
                return self._observations.popitem(last=False)[1]
            if self._status is not None:
                status, self._status = self._status, None
                return Parcel(status)
            self._changed.clear()
            await self._changed.wait()
