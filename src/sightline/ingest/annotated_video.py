"""Video files that we write: VP9 in WebM, which browsers play, and whose encoder (libvpx, BSD) anybody may use."""

from __future__ import annotations

from contextlib import AbstractContextManager
from fractions import Fraction

import av
import av.error
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.recorded import Frames, recorded_duration_s, recorded_frames

__all__ = ["AnnotatedVideo", "VideoFiles"]

_CODEC = "libvpx-vp9"
_QUALITY = "34"
"""Constant quality, 0 (best) to 63."""


class AnnotatedVideo:
    """A file that takes pictures of `width` × `height` px, `fps` a second. Raises `SourceError`."""

    def __init__(self, path: str, *, fps: float, width: int, height: int) -> None:
        self._size = (height - height % 2, width - width % 2)  # halved colour resolution wants even sides
        try:
            self._container = av.open(path, "w", format="webm")
            stream = self._container.add_stream(_CODEC, rate=Fraction(fps).limit_denominator(1000))
            assert isinstance(stream, VideoStream)
            self._stream = stream
            self._stream.width, self._stream.height = max(2, self._size[1]), max(2, self._size[0])
            self._stream.pix_fmt = "yuv420p"
            self._stream.thread_count = 1
            self._stream.options = {"deadline": "realtime", "cpu-used": "8", "crf": _QUALITY, "b": "0"}
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SourceError(f"no video can be written: {error}") from error

    def write(self, image: Image) -> None:
        """The next picture, H × W × 3 uint8 BGR. One of another size than the first is left out."""
        height, width = self._size
        if image.shape[0] < height or image.shape[1] < width or not height or not width:
            return
        try:
            frame = VideoFrame.from_ndarray(image[:height, :width].copy(), format="bgr24")
            self._container.mux(self._stream.encode(frame))
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SourceError(f"the video cannot be written: {error}") from error

    def close(self) -> None:
        """Writes what is left and closes the file."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SourceError(f"the video cannot be finished: {error}") from error


class VideoFiles:
    """Reading and writing in one place, as an examination wants it."""

    def frames(self, path: str) -> AbstractContextManager[Frames]:
        """See `recorded_frames`."""
        return recorded_frames(path)

    def duration_s(self, path: str) -> float | None:
        """See `recorded_duration_s`."""
        return recorded_duration_s(path)

    def writer(self, path: str, *, fps: float, width: int, height: int) -> AnnotatedVideo:
        """See `AnnotatedVideo`."""
        return AnnotatedVideo(path, fps=fps, width=width, height=height)
