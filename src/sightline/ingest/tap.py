"""The encoded packets of one libav stream, in the form that `sightline.packets` states."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import av.error
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

from sightline.packets import TICKS_PER_S, EncodedPacket, StreamParameters

__all__ = ["PacketTap", "stamped"]

MAX_PACKETS = 512
"""Read since somebody last asked; decoders may want a whole group of pictures before they give the first."""
_ANNEX_B = {
    "h264": "h264_mp4toannexb,dump_extra=freq=keyframe",
    "hevc": "hevc_mp4toannexb,dump_extra=freq=keyframe",
}
_TICK = Fraction(1, TICKS_PER_S)


class PacketTap:
    """Remembers packets as they are read, copies those that are asked for. Used by the thread that reads."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._codec = str(stream.codec_context.name)
        self._read: deque[av.Packet[Any]] = deque(maxlen=MAX_PACKETS)
        self._filter: BitStreamFilterContext | None = None
        self._parameters: StreamParameters | None = None

    def read(self, packet: av.Packet[Any]) -> None:
        """The stream's next packet."""
        self._read.append(packet)

    def drop(self) -> None:
        """Nobody asks for what was read so far."""
        self._read.clear()

    def take(self, at_ms: int, rotation: int) -> Sequence[EncodedPacket]:
        """What was read since the last call, stamped `at_ms`. Damaged packets are left out."""
        taken: list[EncodedPacket] = []
        while self._read:
            taken += self._converted(self._read.popleft(), at_ms, rotation)
        return taken

    def _converted(self, packet: av.Packet[Any], at_ms: int, rotation: int) -> Sequence[EncodedPacket]:
        parameters = self._stated(rotation)
        description = _ANNEX_B.get(self._codec)
        if description is None:
            return [stamped(packet, parameters, at_ms)]
        if self._filter is None:
            self._filter = BitStreamFilterContext(description, self._stream)
        try:
            # A copy, for the filter takes what it is given, and the decoder still needs it.
            return [stamped(part, parameters, at_ms) for part in self._filter.filter(_copied(packet))]
        except av.error.FFmpegError:
            self._filter = None  # damaged: what it remembers of it is of no use
            return []

    def _stated(self, rotation: int) -> StreamParameters:
        """The same object for as long as nothing changes."""
        context = self._stream.codec_context
        now = StreamParameters(
            codec=self._codec,
            extradata=bytes(context.extradata or b""),
            width=context.width,
            height=context.height,
            rotation=rotation,
        )
        if self._parameters != now:
            self._parameters = now
        return self._parameters or now


def stamped(packet: av.Packet[Any], parameters: StreamParameters, at_ms: int) -> EncodedPacket:
    """A libav packet as a value; a missing time is the other one, 0 where both are missing."""
    base = packet.time_base or _TICK
    dts = packet.dts if packet.dts is not None else packet.pts
    pts = packet.pts if packet.pts is not None else dts
    return EncodedPacket(
        parameters=parameters,
        data=bytes(packet),
        pts=round((pts or 0) * base * TICKS_PER_S),
        dts=round((dts or 0) * base * TICKS_PER_S),
        keyframe=bool(packet.is_keyframe),
        at_ms=at_ms,
    )


def _copied(packet: av.Packet[Any]) -> av.Packet[Any]:
    copy: av.Packet[Any] = av.Packet(bytes(packet))
    copy.pts, copy.dts, copy.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
    if packet.time_base is not None:
        copy.time_base = packet.time_base
    return copy
