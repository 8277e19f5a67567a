"""Pictures as video: H.264 by libx264, for cameras that draw theirs or send what browsers do not play.

H.264, because every browser plays it by WebRTC and in MP4 alike. libx264 is under the GPL and comes inside PyAV's
wheels; nothing else here needs it. With a PyAV built without it such cameras have no video, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.tap import stamped
from sightline.packets import TICKS_PER_S, EncodedPacket, StreamParameters

__all__ = ["PictureEncoder"]

_CODEC = "libx264"
_QUALITY = "26"
"""Constant rate factor, 0 (lossless) to 51."""
KEYFRAME_INTERVAL_TICKS = 2 * TICKS_PER_S


class PictureEncoder:
    """Takes pictures of one size and gives a packet for each, at once. Used by one thread. Raises `SourceError`."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (height - height % 2, width - width % 2)  # halved colour resolution wants even sides
        self._keyframe_at: int | None = None
        try:
            context = av.CodecContext.create(_CODEC, "w")
            assert isinstance(context, VideoCodecContext)
            context.height, context.width = self._size
            context.pix_fmt = "yuv420p"
            context.time_base = Fraction(1, TICKS_PER_S)
            context.framerate = Fraction(25)
            context.thread_count = 1
            context.options = {
                "preset": "ultrafast",
                "tune": "zerolatency",
                "crf": _QUALITY,
                "profile": "baseline",
                "x264-params": "keyint=infinite:scenecut=0:repeat-headers=1",
            }
            context.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(f"this machine's PyAV cannot encode {_CODEC}: {error}", permanent=True) from error
        self._context = context
        self._parameters = StreamParameters("h264", bytes(context.extradata or b""), self._size[1], self._size[0])

    def fits(self, image: Image) -> bool:
        """Whether the picture has this encoder's size."""
        return (image.shape[0] - image.shape[0] % 2, image.shape[1] - image.shape[1] % 2) == self._size

    def encode(self, image: Image, *, ticks: int, at_ms: int) -> Sequence[EncodedPacket]:
        """The next picture, H×W×3 uint8 BGR, at `ticks` (1/90000 s, rising)."""
        height, width = self._size
        try:
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="bgr24")
            frame.pts = ticks
            frame.time_base = Fraction(1, TICKS_PER_S)
            if self._keyframe_at is None or ticks - self._keyframe_at >= KEYFRAME_INTERVAL_TICKS:
                self._keyframe_at = ticks
                frame.pict_type = PictureType.I
            return [stamped(packet, self._parameters, at_ms) for packet in self._context.encode(frame)]
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(f"a picture cannot be encoded: {error}") from error
