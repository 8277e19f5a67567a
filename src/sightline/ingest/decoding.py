"""Decoding as late as possible, in short bursts.

Most frames of a camera are never looked at. Where each picture stands for itself (MJPEG) those are not decoded at all.
Elsewhere every frame must be, since later ones build on it; but several in a row cost half of what each costs after a
pause, when the decoder's tables have left the processor's cache: measured 0.23 ms against 0.55 ms a frame at 640×360.
Of a group of pictures of which nobody wants one, none is decoded.
"""

from __future__ import annotations

import time
from typing import Any

import av
import av.error
from av.sidedata.sidedata import Type
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

__all__ = ["LateDecoder"]

BURST_S = 0.004
"""CPU time of the longest burst, about: by so much a picture may come later."""
MAX_BURST_FRAMES = 8
MAX_IDLE_PACKETS = 300
"""How many wait for somebody to ask, where keyframes are rare."""


class LateDecoder:
    """Takes packets of one stream in; gives the newest frame on request. Used by one thread.

    `failing_since_s` is the time on the monotonic clock since when packets give no frame, None while they do.
    `rotation` is by how many degrees, counter-clockwise, the newest frame must be turned to be upright: a file says it
    with every frame, a camera now and then, and it holds until something else is said.
    """

    def __init__(self, context: VideoCodecContext) -> None:
        # One thread a camera: frame threads hold pictures back, and the cores are shared by all cameras anyway.
        context.thread_count = 1
        self._context = context
        self._each_stands_alone = bool(context.codec.intra_only)
        self._queue: list[av.Packet[Any]] = []
        self._burst = 1
        self._frame: VideoFrame | None = None
        self._asked_for = False
        self._fresh = False
        self._idle = False
        """Whether no picture of the last whole group was asked for, nor of this one so far."""
        self._asked_in_group = True
        self.failing_since_s: float | None = None
        self.rotation = 0

    def take(self, packet: av.Packet[Any]) -> None:
        """The stream's next packet. Raises libav's errors."""
        if self._each_stands_alone:
            self._queue.clear()
        self._queue.append(packet)
        self._asked_for = False
        if packet.is_keyframe:
            if self._idle:
                del self._queue[:-1]
            self._idle, self._asked_in_group = not self._asked_in_group, False
        full = len(self._queue) >= (MAX_IDLE_PACKETS if self._idle else self._burst)
        if full and not self._each_stands_alone:
            self._decode()

    def newest(self) -> VideoFrame | None:
        """The newest frame of the packets taken since the last call; the same again when none was taken.

        None when they gave no frame: decoders want several packets before the first, and damaged packets give none.
        Raises libav's errors.
        """
        self._idle, self._asked_in_group = False, True
        self._decode()
        if not self._fresh and not self._asked_for:
            return None
        self._fresh, self._asked_for = False, True
        return self._frame

    def reset(self) -> None:
        """The stream goes on elsewhere."""
        self._queue.clear()

    def close(self) -> None:
        """Lets go of everything."""
        self._queue.clear()
        self._frame = None

    def _decode(self) -> None:
        queue, self._queue = self._queue, []
        if not queue:
            return
        started_s = time.thread_time()
        for packet in queue:
            try:
                frames = self._context.decode(packet)
            except av.error.InvalidDataError:
                continue  # a damaged packet costs its own picture; the decoder goes on at the next one
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    self._frame = frame
                    self._fresh = True
                    if frame.rotation or (self.rotation and _says_rotation(frame)):
                        self.rotation = frame.rotation
        if self._fresh:
            self.failing_since_s = None
        elif self.failing_since_s is None:
            self.failing_since_s = time.monotonic()
        each_s = (time.thread_time() - started_s) / len(queue)
        self._burst = min(MAX_BURST_FRAMES, max(1, int(BURST_S / max(each_s, 1e-6))))


def _says_rotation(frame: VideoFrame) -> bool:
    """Whether the frame says how it is turned, be it by nothing."""
    said: Any = frame.side_data
    return any(said[place].type is Type.DISPLAYMATRIX for place in range(len(said)))
