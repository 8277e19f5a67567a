"""A clip as a camera, played in real time for ever, that knows what decoding it costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from bench.stage_clock import StageClock
from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.container import VideoContainer
from sightline.packets import EncodedPacket

__all__ = ["DECODE_STAGE", "Clip"]

DECODE_STAGE = "decode"


class Clip:
    """An engine's `FrameSource`. `clock` holds decoding and conversion to BGR, not the waiting for the next frame."""

    def __init__(self, video: Path) -> None:
        self.clock = StageClock()
        self._container = VideoContainer(str(video), shown=str(video), timeout_s=0.0)
        self._stopped = threading.Event()
        self._due_s = time.monotonic()

    @property
    def codec(self) -> str:
        return self._container.codec

    @property
    def fps(self) -> float:
        return self._container.fps

    def grab(self) -> None:
        with self.clock.stage(DECODE_STAGE):
            if not self._container.advance():
                self._container.rewind()
                self._container.advance()
        self._due_s += 1.0 / self._container.fps
        if self._stopped.wait(max(0.0, self._due_s - time.monotonic())):
            raise SourceError("reading was stopped")

    def picture(self) -> Image:
        with self.clock.stage(DECODE_STAGE):
            return self._container.picture()

    @property
    def picture_ticks(self) -> int | None:
        return self._container.picture_ticks

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        return self._container.packets(at_ms)

    def interrupt(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._container.close()
