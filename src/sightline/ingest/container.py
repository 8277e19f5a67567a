"""One libav container with a video stream in it: opened, demultiplexed, decoded, converted; by one thread."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import av
import av.error
import numpy as np
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.decoding import LateDecoder
from sightline.ingest.faults import explain
from sightline.ingest.tap import PacketTap
from sightline.packets import TICKS_PER_S, EncodedPacket

__all__ = ["VideoContainer"]

_LIBAV_ERRORS = (av.error.FFmpegError, OSError, EOFError, ValueError, UnicodeError)
MAX_PIXELS = 8192 * 8192
"""Largest picture that is converted, in pixels: more is an attack or a broken stream, not a camera."""


class VideoContainer:
    """The first video stream of whatever libav can open.

    `shown` is the source without credentials, for error texts. `timeout_s` bounds every wait for the network, and the
    time in which no picture comes although other bytes do; 0 means no bound (files). `hardware` decodes what it can.
    Raises `SourceError`.
    """

    def __init__(
        self,
        url: str,
        *,
        shown: str,
        timeout_s: float,
        format: str | None = None,
        options: Mapping[str, str] | None = None,
        hardware: HWAccel | None = None,
    ) -> None:
        self._shown = shown
        self._timeout_s = timeout_s
        self._interrupted = False
        self._begun = False
        self._time_s: float | None = None
        asked_at_s = time.monotonic()
        try:
            self._container: InputContainer = av.open(
                url, format=format, options=dict(options or {}), timeout=timeout_s or None, hwaccel=hardware
            )
        except _LIBAV_ERRORS as error:
            raise self._explained(error, waited_s=time.monotonic() - asked_at_s) from None
        try:
            self._stream: VideoStream = self._first_video()
        except SourceError:
            self._container.close()
            raise
        self._decoder = LateDecoder(self._stream.codec_context)
        self._tap = PacketTap(self._stream)
        self._picture_ticks: int | None = None
        self._packets = self._video_packets()

    def _first_video(self) -> VideoStream:
        streams = self._container.streams.video
        if not streams or streams[0].codec_context is None:
            raise SourceError(f"{self._shown} holds no video")
        stream = streams[0]
        for other in self._container.streams:
            if other is not stream:
                other.discard = Discard.all
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
    def duration_s(self) -> float | None:
        """Length in seconds as the header says, None where it does not."""
        duration = self._container.duration
        return duration / av.time_base if duration and duration > 0 else None

    @property
    def frame_time_s(self) -> float | None:
        """Time of the frame read last on the container's clock in seconds, None when it gives none."""
        return self._time_s

    def advance(self) -> bool:
        """Reads the next frame, to be decoded by and by; False at the end of the stream. Raises `SourceError`."""
        try:
            packet = next(self._packets, None)
            if packet is None:
                return False
            self._decoder.take(packet)
            self._tap.read(packet)
        except _LIBAV_ERRORS as error:
            raise self._explained(error) from None
        self._begun = True
        ticks = packet.dts if packet.dts is not None else packet.pts
        base = packet.time_base
        self._time_s = float(ticks * base) if ticks is not None and base is not None else None
        return True

    def rewind(self) -> bool:
        """Back to the first frame; False when this kind of container cannot seek."""
        try:
            self._container.seek(0)
        except _LIBAV_ERRORS:
            return False
        self._decoder.reset()
        self._packets = self._video_packets()
        return True

    def picture(self) -> Image:
        """The frame read last, upright, H×W×3 uint8 BGR. Raises `SourceError`."""
        frame = self._newest()
        if frame.width * frame.height > MAX_PIXELS:
            raise SourceError(f"the picture is too large ({frame.width}×{frame.height})")
        try:
            # PyAV's array is a view of libav's memory, which must not reach another thread: hence the copy.
            image = np.array(frame.to_ndarray(format="bgr24", threads=1), np.uint8)
        except _LIBAV_ERRORS as error:
            raise self._explained(error) from None
        ticks = frame.pts * frame.time_base * TICKS_PER_S if frame.pts is not None and frame.time_base else None
        self._picture_ticks = round(ticks) if ticks is not None else None
        turns = round(self._decoder.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image

    @property
    def picture_ticks(self) -> int | None:
        """Time of the last `picture` as its packet has it (`pts`, in ticks of 1/90000 s), None when it has none."""
        return self._picture_ticks

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        """The packets read since the last call, stamped `at_ms`; with None they are let go of."""
        if at_ms is None:
            self._tap.drop()
            return ()
        return self._tap.take(at_ms, self._decoder.rotation)

    def interrupt(self) -> None:
        """Makes `advance` give up after the packet it waits for."""
        self._interrupted = True

    def close(self) -> None:
        """Closes decoder and connection."""
        self._decoder.close()
        self._packets = iter(())
        self._container.close()

    def _newest(self) -> VideoFrame:
        """The newest frame, reading on where the packets so far gave none."""
        try:
            while (frame := self._decoder.newest()) is None:
                if not self.advance():
                    raise SourceError(f"{self._shown} holds no picture that can be decoded")
        except _LIBAV_ERRORS as error:
            raise self._explained(error) from None
        return frame

    def _video_packets(self) -> Iterator[av.Packet[Any]]:
        silent_since_s = time.monotonic()
        for packet in self._container.demux():
            if self._interrupted:
                raise SourceError("reading was stopped")
            now_s = time.monotonic()
            if packet.stream_index == self._stream.index and packet.size:
                yield packet
                silent_since_s = now_s
            failing_since_s = self._decoder.failing_since_s or now_s
            if self._timeout_s and now_s - min(silent_since_s, failing_since_s) > self._timeout_s:
                raise SourceError(f"no picture came for {self._timeout_s:g} s")

    def _explained(self, error: Exception, waited_s: float = 0.0) -> SourceError:
        return explain(error, shown=self._shown, timeout_s=self._timeout_s, waited_s=waited_s, begun=self._begun)
