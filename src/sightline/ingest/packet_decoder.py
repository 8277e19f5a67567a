"""Pictures out of encoded packets that were kept."""

from __future__ import annotations

from typing import Any, cast

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.container import MAX_PIXELS
from sightline.packets import EncodedPacket, StreamParameters

__all__ = ["PictureDecoder"]


class PictureDecoder:
    """Decodes the packets of one stream, from a keyframe on. Used by one thread. Raises `SourceError`."""

    def __init__(self, parameters: StreamParameters) -> None:
        try:
            context = av.CodecContext.create(parameters.codec, "r")
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(f"this build has no decoder for {parameters.codec}", permanent=True) from error
        self._context = cast(VideoCodecContext, context)
        self._context.thread_count = 1
        self._turns = round(parameters.rotation / 90) % 4
        self._frame: VideoFrame | None = None

    def decode(self, packet: EncodedPacket) -> None:
        """The next packet."""
        taken: av.Packet[Any] = av.Packet(packet.data)
        taken.pts, taken.dts = packet.pts, packet.dts
        try:
            for frame in self._context.decode(taken):
                self._frame = frame
        except av.error.FFmpegError as error:
            raise SourceError("the video is damaged") from error

    def picture(self) -> Image | None:
        """The newest picture, H×W×3 uint8 BGR, upright, in an array of its own; None before the first."""
        frame = self._frame
        if frame is None:
            return None
        if frame.width * frame.height > MAX_PIXELS:
            raise SourceError(f"the picture is too large ({frame.width}×{frame.height})")
        try:
            image = np.array(frame.to_ndarray(format="bgr24", threads=1), np.uint8)
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError("the video is damaged") from error
        return np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image
