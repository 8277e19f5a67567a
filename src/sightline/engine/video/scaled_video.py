"""One camera's video in a size of its own: encoded once, in a thread of its own, for however many watch it.

Bound: one picture waits. Policy when full: the newer replaces the older, so that a busy machine shows fewer pictures,
not late ones.
"""

from __future__ import annotations

import threading

import cv2
import numpy as np
import structlog

from sightline.engine.cameras.picture_fan import PictureFan
from sightline.engine.video.packet_fan import PacketFan
from sightline.engine.video.packet_feed import Encoder, OpenEncoder
from sightline.exceptions import SourceError
from sightline.frames import Frame, Image
from sightline.packets import TICKS_PER_S, Timeline

__all__ = ["ScaledVideo"]

_log = structlog.get_logger(__name__)


class ScaledVideo:
    """Runs from its making until `close`; `fan` has what it gives."""

    def __init__(
        self, camera_id: str, pictures: PictureFan, open_encoder: OpenEncoder, *, max_side_px: int, fps: float
    ) -> None:
        self.fan = PacketFan()
        self._camera_id = camera_id
        self._pictures = pictures
        self._open_encoder = open_encoder
        self._max_side_px = max_side_px
        self._changed = threading.Condition()
        self._waiting: tuple[Frame, float] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"video of {camera_id}", daemon=True)
        self._thread.start()
        pictures.add(self._take, fps=fps)

    def close(self) -> None:
        """Ends the thread soon."""
        self._pictures.remove(self._take)
        with self._changed:
            self._closed = True
            self._changed.notify()

    @property
    def is_alive(self) -> bool:
        """Whether its thread has not ended yet."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Waits for the thread to end, after `close`."""
        self._thread.join(timeout_s)

    def _take(self, frame: Frame, now_s: float) -> None:
        with self._changed:
            self._waiting = (frame, now_s)
            self._changed.notify()

    def _run(self) -> None:
        encoder: Encoder | None = None
        timeline = Timeline()
        while (next_picture := self._next()) is not None:
            frame, now_s = next_picture
            image = _within(frame.image, self._max_side_px)
            try:
                if encoder is None or not encoder.fits(image):
                    encoder = self._open_encoder(image.shape[1], image.shape[0])
                packets = encoder.encode(image, ticks=round(now_s * TICKS_PER_S), at_ms=frame.captured_at_ms)
            except SourceError as error:
                _log.error("a camera's video cannot be encoded", camera=self._camera_id, reason=error.reason)
                self._pictures.remove(self._take)
                return
            for packet in packets:
                self.fan.publish(timeline.place(packet))

    def _next(self) -> tuple[Frame, float] | None:
        with self._changed:
            while self._waiting is None and not self._closed:
                self._changed.wait()
            waiting, self._waiting = self._waiting, None
            return None if self._closed else waiting


def _within(image: Image, max_side_px: int) -> Image:
    """The picture with no side longer than that, and even sides."""
    height, width = image.shape[:2]
    scale = min(1.0, max_side_px / max(height, width))
    if scale == 1.0:
        return image
    size = (max(2, int(width * scale / 2) * 2), max(2, int(height * scale / 2) * 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
