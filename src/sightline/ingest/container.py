"""One libav container with a video stream in it: opened, demultiplexed, decoded, converted; by one thread."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.faults import explain

__all__ = ["VideoContainer"]

_LIBAV_ERRORS = (av.error.FFmpegError, OSError, EOFError, ValueError, UnicodeError)
MAX_PIXELS = 8192 * 8192
"""Largest picture that is converted, in pixels: more is an attack or a broken stream, not a camera."""


class VideoContainer:
    """The first video stream of whatever libav can open.

    `shown` is the source without credentials, for error texts. `timeout_s` bounds every wait for the network, and the
    time in which no picture comes although other bytes do; 0 means no bound (files). Raises `SourceError`.
    """

    def __init__(
        self,
        url: str,
        *,
        shown: str,
        timeout_s: float,
        format: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._shown = shown
        self._timeout_s = timeout_s
        self._interrupted = False
        self._frame: VideoFrame | None = None
        self._begun = False
        try:
            self._container: InputContainer = av.open(
                url, format=format, options=dict(options or {}), timeout=timeout_s or None
            )
        except _LIBAV_ERRORS as error:
            raise self._explained(error) from None
        try:
            self._stream: VideoStream = self._first_video()
        except SourceError:
            self._container.close()
            raise
        self._frames = self._decoded()

    def _first_video(self) -> VideoStream:
        streams = self._container.streams.video
        if not streams or streams[0].codec_context is None:
            raise SourceError(f"{self._shown} holds no video")
        stream = streams[0]
        for other in self._container.streams:
            if other is not stream:
                other.discard = Discard.all
        # One thread a camera: frame threads hold pictures back, and the cores are shared by all cameras anyway.
        stream.codec_context.thread_count = 1
        return stream

    @property
    def codec(self) -> str:
        """Name of the codec."""
        return str(self._stream.codec_context.name)

    @property
    def fps(self) -> float:
        """Declared frames a second, 0.0 when unknown or absurd (some streams give their clock's rate)."""
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0.0)
        return rate if 0.1 <= rate <= 240.0 else 0.0

    @property
    def frame_time_s(self) -> float | None:
        """Presentation time of the frame read last in seconds, None when the container gives none."""
        if self._frame is None or self._frame.pts is None or self._frame.time_base is None:
            return None
        return float(self._frame.pts * self._frame.time_base)

    def advance(self) -> bool:
        """Decodes the next frame; False at the end of the stream. Raises `SourceError`."""
        try:
            self._frame = next(self._frames, None)
        except _LIBAV_ERRORS as error:
            raise self._explained(error) from None
        self._begun = self._begun or self._frame is not None
        return self._frame is not None

    def rewind(self) -> bool:
        """Back to the first frame; False when this kind of container cannot seek."""
        try:
            self._container.seek(0)
        except _LIBAV_ERRORS:
            return False
        self._frames = self._decoded()
        return True

    def picture(self) -> Image:
        """The frame read last, upright, H×W×3 uint8 BGR. Raises `SourceError`."""
        frame = self._frame
        if frame is None:
            raise SourceError("no frame has been read yet")
        if frame.width * frame.height > MAX_PIXELS:
            raise SourceError(f"the picture is too large ({frame.width}×{frame.height})")
        try:
            # PyAV's array is a view of libav's memory, which must not reach another thread: hence the copy.
            image = np.array(frame.to_ndarray(format="bgr24", threads=1), np.uint8)
        except _LIBAV_ERRORS as error:
            raise self._explained(error) from None
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image

    def interrupt(self) -> None:
        """Makes `advance` give up after the packet it waits for."""
        self._interrupted = True

    def close(self) -> None:
        """Closes decoder and connection."""
        self._frame = None
        self._frames = iter(())
        self._container.close()

    def _decoded(self) -> Iterator[VideoFrame]:
        silent_since_s = time.monotonic()
        for packet in self._container.demux():
            if self._interrupted:
                raise SourceError("reading was stopped")
            if packet.stream_index == self._stream.index:
                for frame in self._frames_of(packet):
                    yield frame
                    silent_since_s = time.monotonic()
            if self._timeout_s and time.monotonic() - silent_since_s > self._timeout_s:
                raise SourceError(f"no picture came for {self._timeout_s:g} s")

    def _frames_of(self, packet: av.Packet[Any]) -> list[VideoFrame]:
        try:
            return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except av.error.InvalidDataError:
            return []  # a damaged packet costs its own picture; the decoder goes on at the next one

    def _explained(self, error: Exception) -> SourceError:
        return explain(error, shown=self._shown, timeout_s=self._timeout_s, begun=self._begun)
