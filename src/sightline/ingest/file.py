"""Video files (and single pictures) as if they were cameras: paced in real time, looping without a seam."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.container import VideoContainer
from sightline.packets import EncodedPacket

__all__ = ["FileSource", "open_file"]

STILL_FPS = 5.0
"""Frames a second of a file with one picture in it."""
FALLBACK_FPS = 25.0
"""Frames a second of a file that declares no rate."""
MAX_LAG_S = 0.5
"""A file this far behind its own time (a busy machine) goes on from now, instead of rushing to catch up."""
MAX_STEP_S = 10.0
"""A gap in the presentation times longer than this is taken for damage."""


def open_file(path: str) -> VideoContainer:
    """The video in a file. Raises `SourceError`: no such file, a folder, not a video."""
    if not Path(path).is_file():
        what = "is a folder, not a video" if Path(path).is_dir() else "does not exist"
        raise SourceError(f"the file {path} {what}")
    return VideoContainer(
        path,
        shown=path,
        timeout_s=0.0,
        options={"protocol_whitelist": "file,crypto,data", "format_whitelist": _FORMATS},
    )


class FileSource:
    """A file read for ever. Frames come when their presentation time does, and the loop goes on in that time.

    Raises `SourceError`: no such file, a folder, not a video.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._container = open_file(path)
        self._stopped = threading.Event()
        self._step_s = 1.0 / (self._container.fps or FALLBACK_FPS)
        self._frames_in_pass = 0
        self._still = False
        self._last_time_s: float | None = None
        self._due_s = time.monotonic()

    @property
    def codec(self) -> str:
        return self._container.codec

    @property
    def fps(self) -> float:
        return STILL_FPS if self._still else 1.0 / self._step_s

    def grab(self) -> None:
        if not self._still and not self._container.advance():
            self._begin_again()
        self._frames_in_pass += 1
        self._wait_until_due()

    def picture(self) -> Image:
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

    def _begin_again(self) -> None:
        if self._frames_in_pass == 0:
            raise SourceError("the file holds no picture that can be decoded")
        self._still = self._frames_in_pass == 1
        self._frames_in_pass = 0
        self._last_time_s = None
        if self._still or not self._container.rewind():
            self._container.close()
            self._container = open_file(self._path)
        if not self._container.advance():
            raise SourceError("the file cannot be read a second time")

    def _wait_until_due(self) -> None:
        self._due_s += self._time_since_last_frame_s()
        now_s = time.monotonic()
        if self._due_s < now_s - MAX_LAG_S:
            self._due_s = now_s
        if self._stopped.wait(max(0.0, self._due_s - now_s)):
            raise SourceError("reading was stopped")

    def _time_since_last_frame_s(self) -> float:
        if self._still:
            return 1.0 / STILL_FPS
        time_s, before_s = self._container.frame_time_s, self._last_time_s
        self._last_time_s = time_s
        if time_s is None or before_s is None or not 0.0 <= time_s - before_s <= MAX_STEP_S:
            return self._step_s
        return time_s - before_s


_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,flv,asf,ogg,h264,hevc,m4v,mjpeg,ivf,obu,"
    "image2,jpeg_pipe,png_pipe,webp_pipe,bmp_pipe,tiff_pipe,gif"
)
"""Playlists and other formats that make libav open further addresses are left out on purpose."""
