"""From one camera's source to its fan: packets as the camera sent them where that may be, encoded here where it must.

It must be where the camera's pictures are drawn or of a codec that no browser plays, where the scene has masks or faces
are blurred (what nobody may see leaves the engine in no form), and where the picture is turned. Encoding happens once a
camera, for the ring at the rate of the analysis, and faster only while somebody asks for it; while nobody listens it
costs nothing, and passing on costs nothing but a look.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from sightline.engine.rates import Cadence
from sightline.engine.video.packet_fan import PacketFan
from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.packets import PASSABLE_CODECS, TICKS_PER_MS, TICKS_PER_S, EncodedPacket, StreamParameters, Timeline

__all__ = ["Encoder", "OpenEncoder", "PacketFeed", "PacketSource"]

MAX_FPS = 30.0
"""Pictures a second that are encoded at most."""
MAX_AGE_MS = 10_000
"""What a decoder holds back is not older; more is a source whose clock jumps."""
REMEMBERED_TIMES = 256
"""Packets whose time of arrival is remembered: a decoder holds back far fewer pictures."""

_log = structlog.get_logger(__name__)


class PacketSource(Protocol):
    """The part of a source that this module reads."""

    @property
    def codec(self) -> str:
        """Name of the codec."""

    @property
    def picture_ticks(self) -> int | None:
        """Time of the last picture as its packet has it."""

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        """What was read since the last call, stamped; with None it is let go of."""

    def picture(self) -> Image:
        """The frame grabbed last, H×W×3 uint8 BGR."""


class Encoder(Protocol):
    """Pictures of one size in, packets out."""

    def fits(self, image: Image) -> bool:
        """Whether the picture has that size."""

    def encode(self, image: Image, *, ticks: int, at_ms: int) -> Sequence[EncodedPacket]:
        """The next picture at `ticks` (1/90000 s). Raises `SourceError`."""


OpenEncoder = Callable[[int, int], Encoder]
"""From width and height in pixels. Raises `SourceError`."""


class PacketFeed:
    """One camera's. Used by the thread that reads it; `picture` by the one that analyses it where it comes from there,
    `fan` by everybody.
    """

    def __init__(self, camera_id: str, open_encoder: OpenEncoder | None) -> None:
        self.fan = PacketFan()
        self._camera_id = camera_id
        self._open_encoder = open_encoder
        self._encoder: Encoder | None = None
        self._encoding = False
        self._timeline = Timeline()
        self._parameters: StreamParameters | None = None
        self._fps = 0.0
        self._cadence: Cadence | None = None
        self._times: OrderedDict[int, int] = OrderedDict()
        self._looked = False
        self._lock = threading.Lock()
        """Around everything that has to do with encoding: pictures may come from another thread."""

    @property
    def encodes(self) -> bool:
        """Whether somebody waits for pictures to be encoded."""
        return self._encoding and self.fan.is_wanted

    def source_opened(self) -> None:
        """What is read from now on comes from a new connection."""
        with self._lock:
            self._timeline.source_changed()
        self._times.clear()
        self._looked = False

    def read(self, source: PacketSource, at_ms: int, *, redrawn: bool) -> None:
        """A frame was grabbed: hands on what can be handed on as it is, nothing where the pictures are `redrawn` before
        they leave. Raises `SourceError`."""
        if not self.fan.is_wanted:
            source.packets(None)
            with self._lock:
                self._stop_encoding()
            return
        if not self._looked and source.codec in PASSABLE_CODECS:
            source.picture()  # whether it is turned shows in a decoded picture only
            self._looked = True
        packets = _apart(source.packets(at_ms))
        for packet in packets:
            self._times[packet.pts] = packet.at_ms
        while len(self._times) > REMEMBERED_TIMES:
            self._times.popitem(last=False)
        turned = bool(packets) and packets[0].parameters.rotation % 360 != 0
        encoding = redrawn or source.codec not in PASSABLE_CODECS or turned or (self._encoding and not packets)
        with self._lock:
            if encoding != self._encoding:
                self._encoding = encoding
                self.fan.cut()  # what went before may show what is masked now
                self._parameters = None
                self._stop_encoding()
            if not encoding:
                for packet in packets:
                    self._publish(packet)

    def captured_at_ms(self, source: PacketSource, at_ms: int) -> int:
        """When the packet of the source's last picture was read; `at_ms` where that is not known."""
        ticks = source.picture_ticks
        return at_ms if ticks is None else self._times.get(ticks, at_ms)

    def picture_due(self, now_s: float) -> bool:
        """Whether a picture is wanted now for encoding alone."""
        fps = min(self.fan.fps, MAX_FPS) if self._encoding else 0.0
        if fps != self._fps:
            self._fps, self._cadence = fps, Cadence(fps) if fps else None
        return self._cadence is not None and self._cadence.due(now_s)

    def picture(self, image: Image, *, now_s: float, at_ms: int) -> None:
        """A picture was made as it may leave: encoded where that is needed. A machine that cannot encode says so once,
        and goes without."""
        with self._lock:
            for packet in self._encoded(image, now_s, at_ms) if self.encodes else ():
                self._publish(packet)

    def _encoded(self, image: Image, now_s: float, at_ms: int) -> Sequence[EncodedPacket]:
        if self._open_encoder is None:
            return ()
        try:
            if self._encoder is None or not self._encoder.fits(image):
                self._encoder = self._open_encoder(image.shape[1], image.shape[0])
            return self._encoder.encode(image, ticks=round(now_s * TICKS_PER_S), at_ms=at_ms)
        except SourceError as error:
            _log.error("a camera's pictures cannot be encoded", camera=self._camera_id, reason=error.reason)
            self._encoder, self._open_encoder = None, None
            return ()

    def _publish(self, packet: EncodedPacket) -> None:
        """A reconnection to the same stream goes on with it; after a cut even equal parameters are others."""
        if self._parameters is None or self._parameters != packet.parameters:
            self._parameters = replace(packet.parameters)
        self.fan.publish(self._timeline.place(replace(packet, parameters=self._parameters)))

    def _stop_encoding(self) -> None:
        self._encoder = None
        self._timeline.source_changed()


def _apart(packets: Sequence[EncodedPacket]) -> Sequence[EncodedPacket]:
    """Packets that were read in one go, each at the time at which it came by the source's own clock: a time of arrival
    names one packet."""
    if len(packets) < 2:
        return packets
    last = packets[-1]
    ages_ms = [max(0, last.dts - packet.dts) // TICKS_PER_MS for packet in packets]
    return [
        replace(packet, at_ms=packet.at_ms - max(min(age_ms, MAX_AGE_MS), len(packets) - 1 - number))
        for number, (packet, age_ms) in enumerate(zip(packets, ages_ms, strict=True))
    ]
