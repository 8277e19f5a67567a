"""Which cameras somebody looks at, in which qualities, and which pictures of one are due. Forgotten with every lost
link."""

from __future__ import annotations

import json
import threading

import cv2
import numpy as np

from sightline.engine.link.outgoing import LivePicture
from sightline.engine.rates import Cadence
from sightline.events.engine_link import Watch
from sightline.frames import Frame
from sightline.images import encode_jpeg

__all__ = ["Watching", "pack_picture"]

_MIN_FPS, _MAX_FPS = 0.1, 60.0
_MIN_SIDE_PX = 64


class Watching:
    """The watched set. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[str, dict[str, tuple[Watch, Cadence]]] = {}

    def watch(self, wish: Watch) -> None:
        """Somebody looks; replaces an earlier wish for the same camera and quality."""
        cadence = Cadence(min(max(wish.fps, _MIN_FPS), _MAX_FPS))
        with self._lock:
            self._watched.setdefault(wish.camera_id, {})[wish.quality] = (wish, cadence)

    def unwatch(self, camera_id: str, quality: str) -> None:
        """Nobody looks at this quality any more."""
        with self._lock:
            self._watched.get(camera_id, {}).pop(quality, None)

    def forget(self) -> None:
        """The gateway is gone, and with it everybody who looked."""
        with self._lock:
            self._watched.clear()

    def pictures(self, frame: Frame, now_s: float) -> tuple[LivePicture, ...]:
        """The frame as a JPEG for each quality that somebody wants now; `now_s` on a clock that never jumps."""
        with self._lock:
            wishes = self._watched.get(frame.camera_id, {}).values()
            due = [wish for wish, cadence in wishes if cadence.due(now_s)]
        return tuple(_picture(frame, wish) for wish in due)


def _picture(frame: Frame, wish: Watch) -> LivePicture:
    image = frame.image
    scale = max(wish.max_side, _MIN_SIDE_PX) / max(frame.width, frame.height)
    if scale < 1.0:
        size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return LivePicture(
        camera_id=frame.camera_id,
        quality=wish.quality,
        frame_id=frame.frame_id,
        timestamp=frame.captured_at_ms,
        width=frame.width,
        height=frame.height,
        jpeg=encode_jpeg(image, quality=min(max(wish.jpeg_quality, 10), 95)),
    )


def pack_picture(picture: LivePicture) -> bytes:
    """The binary message of `/ws/engine/frames`: big-endian length of the JSON header, the header, the JPEG."""
    header = json.dumps(
        {
            "camera_id": picture.camera_id,
            "quality": picture.quality,
            "frame_id": picture.frame_id,
            "timestamp": picture.timestamp,
            "width": picture.width,
            "height": picture.height,
        },
        separators=(",", ":"),
    ).encode()
    return len(header).to_bytes(4, "big") + header + picture.jpeg
