"""Encoded video between its source and whoever keeps, sends or shows it, without decoding.

Every stream is brought into one form where it is read, so that nobody after needs to ask: times in ticks of 1/90000 s
that only rise, whatever the source says; H.264 and H.265 as Annex B (ITU-T H.264 and H.265, annex B: NAL units behind
start codes) with the parameter sets before every keyframe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["PASSABLE_CODECS", "TICKS_PER_MS", "TICKS_PER_S", "EncodedPacket", "StreamParameters", "Timeline"]

TICKS_PER_S = 90_000
TICKS_PER_MS = TICKS_PER_S // 1000
PASSABLE_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
"""Codecs that players of today play, and whose packets are handed on as they are; others are encoded anew."""

MAX_STEP_TICKS = 10 * TICKS_PER_S
"""A gap in a source's times longer than this is damage: the time of arrival counts."""
MAX_REORDER_TICKS = 2 * TICKS_PER_S
"""A picture is shown at most so long after it is decoded; more is damage."""


@dataclass(frozen=True, slots=True)
class StreamParameters:
    """What all packets of one stream have in common. `codec` as FFmpeg names it (`h264`, `hevc`, `vp8`, `vp9`, `av1`,
    `mjpeg`); `extradata` as the source gave it (empty where it did not; Annex B packets repeat it, so nobody needs it
    to decode them); `width` and `height` in pixels as they are encoded, 0 when unknown; `rotation` in degrees
    anticlockwise, by which a player turns the picture.
    """

    codec: str
    extradata: bytes = b""
    width: int = 0
    height: int = 0
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One encoded picture. `pts` and `dts` in ticks of 1/90000 s on the camera's own timeline, which goes on through
    reconnections; `at_ms` is the epoch time at which it was read, the same number that the `Frame` decoded from it has
    as `captured_at_ms`. `parameters` that are another object than those of the packet before: another stream, which
    begins with this packet, and which no file or decoder may mix with the one before.
    """

    parameters: StreamParameters
    data: bytes
    pts: int
    dts: int
    keyframe: bool
    at_ms: int


class Timeline:
    """Makes a source's times fit to be kept: `dts` strictly rising and `pts` not before it, over gaps, jumps, loops and
    reconnections. Where the source's clock is unusable the time of arrival takes its place.
    """

    def __init__(self) -> None:
        self._source_dts: int | None = None
        self._dts: int | None = None
        self._at_ms = 0

    def place(self, packet: EncodedPacket) -> EncodedPacket:
        """The packet, whose times are the source's in ticks (0 where it gives none), on this timeline."""
        dts = self._next_dts(packet)
        reorder = packet.pts - packet.dts
        pts = dts + (reorder if 0 <= reorder <= MAX_REORDER_TICKS else 0)
        self._source_dts, self._dts, self._at_ms = packet.dts, dts, packet.at_ms
        return replace(packet, pts=pts, dts=dts)

    def source_changed(self) -> None:
        """What comes next is of another clock."""
        self._source_dts = None

    def _next_dts(self, packet: EncodedPacket) -> int:
        if self._dts is None:
            return 0
        step = packet.dts - self._source_dts if self._source_dts is not None else 0
        if not 0 < step <= MAX_STEP_TICKS:
            step = (packet.at_ms - self._at_ms) * TICKS_PER_MS
        return self._dts + max(1, step)
