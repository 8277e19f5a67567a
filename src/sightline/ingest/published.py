"""Pictures that come by themselves: a browser, a phone or a program publishes them, and the camera's thread reads them.

A publisher (WebRTC, pushed JPEG) hands over what is encoded; it is decoded as late as everything else, in the camera's
thread. Between the two is a `Publication`. Bound: `MAX_WAITING_PACKETS` and `MAX_WAITING_BYTES` a camera. Policy when
full: a key frame replaces all that waits; without one, everything waits for the next, which the publisher is asked for.
The newest publisher of a camera wins.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
import av.error
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.container import MAX_PIXELS
from sightline.ingest.decoding import LateDecoder
from sightline.packets import TICKS_PER_S, EncodedPacket, StreamParameters

__all__ = ["PublishedCodec", "PublishedPacket", "PublishedSource", "Publication", "Publications"]

PublishedCodec = Literal["h264", "vp8", "mjpeg"]

MAX_WAITING_PACKETS = 240
MAX_WAITING_BYTES = 16 * 2**20
SILENCE_S = 3.0
"""A publisher that sends nothing for so long is gone for now, whatever its connection says."""
KEY_FRAME_INTERVAL_S = 1.0
"""A publisher is asked for a key frame at most this often."""
MAX_PACKETS = 512
"""Packets that are kept for whoever asks for what was read."""
_LIBAV_ERRORS = (av.error.FFmpegError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class PublishedPacket:
    """One encoded picture. `ticks` are on the publisher's clock, 1/90000 s as RTP counts; `key` where it stands alone.
    H.264 is Annex B with the parameter sets in every key frame.
    """

    codec: PublishedCodec
    data: bytes
    ticks: int
    key: bool


class Publication:
    """What one publisher brings of one camera. `put` and `end` may be called from any thread, `take` from the reader's.

    `want_key_frame` and `ended` are called from whichever thread it is: they must not block.
    """

    def __init__(
        self,
        publications: Publications,
        camera_id: str,
        *,
        want_key_frame: Callable[[], None] = lambda: None,
        ended: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self.camera_id = camera_id
        self.heard_at_s = time.monotonic()
        self.over: SourceError | None = None
        self._publications = publications
        self._want_key_frame = want_key_frame
        self._ended = ended
        self._changed = threading.Condition()
        self._waiting: deque[PublishedPacket] = deque()
        self._waiting_bytes = 0
        self._needs_key = True
        self._asked_at_s = 0.0
        self._silent = True

    def put(self, packet: PublishedPacket) -> None:
        """The next picture."""
        with self._changed:
            if self.over is not None:
                return
            silent, self._silent = self._silent, False
            self.heard_at_s = time.monotonic()
            self._queue(packet)
        if silent:
            self._publications.heard(self)

    def take(self, timeout_s: float, stopped: threading.Event | None = None) -> PublishedPacket:
        """The next packet. Raises `SourceError` when none comes in time, none will come any more, or `stopped` is set
        (then `wake`)."""
        until_s = time.monotonic() + timeout_s
        with self._changed:
            while not self._waiting:
                if self.over is not None:
                    raise SourceError(self.over.reason, resting=self.over.resting)
                if stopped is not None and stopped.is_set():
                    raise SourceError("reading was stopped")
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    self._silent = True
                    raise SourceError(f"the device that publishes sent nothing for {timeout_s:g} s")
                self._changed.wait(left_s)
            packet = self._waiting.popleft()
            self._waiting_bytes -= len(packet.data)
            return packet

    def damaged(self) -> None:
        """What came could not be decoded: only a key frame helps."""
        with self._changed:
            self._ask_for_key_frame()

    def end(self, reason: str, *, resting: bool = False) -> None:
        """No more will come; `resting` where its user wanted that. Later words change nothing."""
        with self._changed:
            if self.over is not None:
                return
            self.over = SourceError(reason, resting=resting)
            self._waiting.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()
        self._publications.forget(self)
        self._ended(reason)

    def wake(self) -> None:
        """Lets a waiting `take` look whether it is stopped."""
        with self._changed:
            self._changed.notify_all()

    def _queue(self, packet: PublishedPacket) -> None:
        if packet.key:
            self._clear()
            self._needs_key = False
        elif self._needs_key:
            self._ask_for_key_frame()
            return
        elif (
            len(self._waiting) >= MAX_WAITING_PACKETS or self._waiting_bytes + len(packet.data) > MAX_WAITING_BYTES
        ):
            self._clear()
            self._needs_key = True
            self._ask_for_key_frame()
            return
        self._waiting.append(packet)
        self._waiting_bytes += len(packet.data)
        self._changed.notify_all()

    def _clear(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0

    def _ask_for_key_frame(self) -> None:
        now_s = time.monotonic()
        if now_s - self._asked_at_s >= KEY_FRAME_INTERVAL_S:
            self._asked_at_s = now_s
            self._want_key_frame()


class Publications:
    """Which camera is published by whom now. Every method may be called from any thread.

    `on_heard` is told the camera whose publisher begins to send, or sends again after it was silent.
    """

    def __init__(self, on_heard: Callable[[str], None] = lambda camera_id: None) -> None:
        self.on_heard = on_heard
        self._lock = threading.Lock()
        self._current: dict[str, Publication] = {}
        self._last_words: dict[str, SourceError] = {}

    def open(self, camera_id: str, timeout_s: float) -> PublishedSource:
        """What is published of this camera. Raises `SourceError` when nobody does."""
        with self._lock:
            publication = self._current.get(camera_id)
            last = self._last_words.get(camera_id)
        if publication is not None:
            return PublishedSource(publication, min(timeout_s, SILENCE_S))
        if last is None:
            raise SourceError("no device has published to this camera yet", permanent=True, resting=True)
        raise SourceError(last.reason, permanent=True, resting=last.resting)

    def heard(self, publication: Publication) -> None:
        """This one sends: it takes the place of any before it."""
        with self._lock:
            if publication.over is not None:
                return
            older = self._current.get(publication.camera_id)
            self._current[publication.camera_id] = publication
        if older is not None and older is not publication:
            older.end("another device publishes to this camera now")
        self.on_heard(publication.camera_id)

    def forget(self, publication: Publication) -> None:
        """This one has ended."""
        with self._lock:
            if self._current.get(publication.camera_id) is publication:
                del self._current[publication.camera_id]
                if publication.over is not None:
                    self._last_words[publication.camera_id] = publication.over


class PublishedSource:
    """See `Source`: what a publication brings, for as long as it does."""

    def __init__(self, publication: Publication, timeout_s: float) -> None:
        self._publication = publication
        self._timeout_s = timeout_s
        self._codec: PublishedCodec | None = None
        self._decoder: LateDecoder | None = None
        self._context: VideoCodecContext | None = None
        self._stopped = threading.Event()
        self._read: deque[tuple[StreamParameters, PublishedPacket]] = deque(maxlen=MAX_PACKETS)
        self._parameters = StreamParameters("")
        self._picture_ticks: int | None = None

    @property
    def codec(self) -> str:
        return self._codec or "none"

    @property
    def fps(self) -> float:
        return 0.0

    def grab(self) -> None:
        packet = self._publication.take(self._timeout_s, self._stopped)
        decoder = self._decoder_of(packet.codec)
        try:
            decoder.take(_as_av(packet))
            if packet.key:
                decoder.newest()  # whether the pictures are of another size now
        except _LIBAV_ERRORS as error:
            raise _damaged(error) from None
        if decoder.failing_since_s is not None:
            self._publication.damaged()
            if time.monotonic() - decoder.failing_since_s > self._timeout_s:
                raise SourceError(f"nothing that the device sent for {self._timeout_s:g} s could be decoded")
        self._read.append((self._stated(packet), packet))

    def picture(self) -> Image:
        while True:
            decoder = self._decoder
            if decoder is not None:
                try:
                    frame = decoder.newest()
                    if frame is not None:
                        self._picture_ticks = frame.pts
                        return _as_image(frame)
                except _LIBAV_ERRORS as error:
                    raise _damaged(error) from None
            self.grab()

    @property
    def picture_ticks(self) -> int | None:
        return self._picture_ticks

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        read = () if at_ms is None else tuple(self._read)
        self._read.clear()
        return [
            EncodedPacket(parameters, packet.data, packet.ticks, packet.ticks, packet.key, at_ms or 0)
            for parameters, packet in read
        ]

    def interrupt(self) -> None:
        self._stopped.set()
        self._publication.wake()

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()

    def _decoder_of(self, codec: PublishedCodec) -> LateDecoder:
        if self._decoder is None or codec != self._codec:
            if self._decoder is not None:
                self._decoder.close()
            context = av.CodecContext.create(codec, "r")
            assert isinstance(context, VideoCodecContext)
            context.options = {"max_pixels": str(MAX_PIXELS)}
            context.flags |= Flags.low_delay  # no picture is held back for others that might come before it
            self._decoder, self._codec, self._context = LateDecoder(context), codec, context
        return self._decoder

    def _stated(self, packet: PublishedPacket) -> StreamParameters:
        """The same object for as long as nothing changes, which is only at key frames."""
        context = self._context
        if packet.key and context is not None:
            now = StreamParameters(packet.codec, width=context.width, height=context.height)
            if now != self._parameters:
                self._parameters = now
        return self._parameters


def _as_av(packet: PublishedPacket) -> av.Packet[Any]:
    encoded: av.Packet[Any] = av.Packet(packet.data)
    encoded.pts = encoded.dts = packet.ticks
    encoded.time_base = Fraction(1, TICKS_PER_S)
    encoded.is_keyframe = packet.key
    return encoded


def _damaged(error: Exception) -> SourceError:
    return SourceError(f"what the device sends is damaged or too large ({type(error).__name__})")


def _as_image(frame: VideoFrame) -> Image:
    # PyAV's array is a view of libav's memory, which must not reach another thread: hence the copy.
    return np.array(frame.to_ndarray(format="bgr24", threads=1), np.uint8)
