"""H.264 as fragmented MP4 (ISO/IEC 14496-12 and -15) for browsers' MediaSource, one fragment a picture.

A picture is out once the next one is in: only then is it known how long it lasts, and `MediaSource` takes a guess that
is too short for a gap and shows nothing until the next keyframe. Before each fragment a `prft` box (ISO/IEC
14496-12, 8.16.5) says when its picture was captured, so that whoever plays it knows which boxes belong to it; libav's
muxer, which could do the rest, has no place for that.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.packets import TICKS_PER_S, EncodedPacket

__all__ = ["Fragment", "FragmentWriter", "Opening", "is_playable"]

NTP_EPOCH_S = 2_208_988_800
"""From 1900 to 1970."""
_SPS, _PPS, _DELIMITER = 7, 8, 9
_HIGH_PROFILES = (100, 110, 122, 144)
_TRACK = 1
_MAX_TICKS = 2 * TICKS_PER_S
"""A picture that lasts longer is followed by a gap: the camera was away, and comes back with a keyframe."""
_KEYFRAME_FLAGS, _DELTA_FLAGS = 0x0200_0000, 0x0101_0000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a player needs before the first fragment. `mime` is for `MediaSource`; `width` and `height` in pixels."""

    data: bytes
    mime: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One picture. A player can begin at a `keyframe`; `at_ms` is when it was captured."""

    data: bytes
    keyframe: bool
    at_ms: int


def is_playable(packet: EncodedPacket, max_side_px: int) -> bool:
    """Whether a browser plays this stream as it is: H.264, upright, no larger than asked for, no picture shown before
    one that comes earlier."""
    of = packet.parameters
    fits = 0 < max(of.width, of.height) <= max_side_px
    return of.codec == "h264" and fits and of.rotation == 0 and packet.pts == packet.dts


class FragmentWriter:
    """Packets of H.264 in Annex B, with parameter sets before their keyframes, in; openings and fragments out."""

    def __init__(self) -> None:
        self._sets: tuple[bytes, bytes] | None = None
        self._sequence = 0
        self._last: EncodedPacket | None = None

    def write(self, packet: EncodedPacket) -> list[Opening | Fragment]:
        """What is known with this packet: the fragment of the one before, and an opening where the stream is another.
        Nothing comes of what is before the first keyframe."""
        written: list[Opening | Fragment] = []
        if self._last is not None:
            ticks = min(max(1, packet.dts - self._last.dts), _MAX_TICKS)
            self._sequence += 1
            written.append(Fragment(self._fragment(self._last, ticks), self._last.keyframe, self._last.at_ms))
        if packet.keyframe:
            sets = _parameter_sets(packet.data)
            if sets is not None and sets != self._sets:
                self._sets = sets
                written.append(_opening(packet, *sets))
        self._last = packet if self._sets is not None else None
        return written

    def _fragment(self, packet: EncodedPacket, ticks: int) -> bytes:
        units = _units(packet.data)
        sample = b"".join(
            len(unit).to_bytes(4, "big") + unit for unit in units if unit[0] & 0x1F not in (_SPS, _PPS, _DELIMITER)
        )
        moof = self._moof(packet, ticks, len(sample), 0)
        moof = self._moof(packet, ticks, len(sample), len(moof) + 8)  # the data begin behind the header of `mdat`
        return _prft(packet) + moof + _box(b"mdat", sample)

    def _moof(self, packet: EncodedPacket, ticks: int, size: int, offset: int) -> bytes:
        flags = _KEYFRAME_FLAGS if packet.keyframe else _DELTA_FLAGS
        tfhd = _full(b"tfhd", 0, 0x020000, struct.pack(">I", _TRACK))  # offsets count from the start of `moof`
        tfdt = _full(b"tfdt", 1, 0, struct.pack(">Q", packet.dts))
        # one sample: its duration, size, flags, and how much later it is shown than decoded
        entry = struct.pack(">IIIi", ticks, size, flags, packet.pts - packet.dts)
        trun = _full(b"trun", 1, 0x000F01, struct.pack(">Ii", 1, offset) + entry)
        mfhd = _full(b"mfhd", 0, 0, struct.pack(">I", self._sequence))
        return _box(b"moof", mfhd + _box(b"traf", tfhd + tfdt + trun))


def _units(data: bytes) -> Iterator[bytes]:
    """The NAL units between the start codes."""
    start = data.find(b"\0\0\1")
    while start >= 0:
        begin = start + 3
        start = data.find(b"\0\0\1", begin)
        unit = data[begin:start] if start >= 0 else data[begin:]
        unit = unit.rstrip(b"\0")  # the longer start code's first zero, and padding; a unit ends with its stop bit
        if unit:
            yield unit


def _parameter_sets(data: bytes) -> tuple[bytes, bytes] | None:
    units = list(_units(data))
    sps = next((unit for unit in units if unit[0] & 0x1F == _SPS), None)
    pps = next((unit for unit in units if unit[0] & 0x1F == _PPS), None)
    return (sps, pps) if sps is not None and pps is not None and len(sps) >= 4 else None


def _prft(packet: EncodedPacket) -> bytes:
    seconds, ms = divmod(packet.at_ms, 1000)
    ntp = (seconds + NTP_EPOCH_S) << 32 | (ms << 32) // 1000
    return _full(b"prft", 1, 0, struct.pack(">IQQ", _TRACK, ntp, packet.pts))


def _opening(packet: EncodedPacket, sps: bytes, pps: bytes) -> Opening:
    width, height = packet.parameters.width, packet.parameters.height
    profile = sps[1:4]
    data = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isomiso6avc1mp41") + _moov(width, height, sps, pps)
    return Opening(data, f'video/mp4; codecs="avc1.{profile.hex()}"', width, height)


def _moov(width: int, height: int, sps: bytes, pps: bytes) -> bytes:
    rates = struct.pack(">IIIIIH10x", 0, 0, TICKS_PER_S, 0, 0x10000, 0x100)  # full speed, full volume
    mvhd = _full(b"mvhd", 0, 0, rates + _MATRIX + struct.pack(">24xI", _TRACK + 1))
    size = struct.pack(">II", width << 16, height << 16)
    tkhd = _full(b"tkhd", 0, 3, struct.pack(">III24x", 0, 0, _TRACK) + _MATRIX + size)
    mdhd = _full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, TICKS_PER_S, 0, 0x55C4, 0))  # language: undetermined
    hdlr = _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide") + b"video\0")
    minf = _box(
        b"minf",
        _full(b"vmhd", 0, 1, bytes(8))
        + _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1) + _full(b"url ", 0, 1, b"")))
        + _box(b"stbl", _stsd(width, height, sps, pps) + _no_samples()),
    )
    trex = _full(b"trex", 0, 0, struct.pack(">IIIII", _TRACK, 1, 0, 0, 0))
    trak = _box(b"trak", tkhd + _box(b"mdia", mdhd + hdlr + minf))
    return _box(b"moov", mvhd + trak + _box(b"mvex", trex))


def _stsd(width: int, height: int, sps: bytes, pps: bytes) -> bytes:
    sets = b"\xe1" + struct.pack(">H", len(sps)) + sps + b"\x01" + struct.pack(">H", len(pps)) + pps
    chroma = b"\xfd\xf8\xf8\x00" if sps[1] in _HIGH_PROFILES else b""  # 4:2:0, 8 bits
    avcc = _box(b"avcC", b"\x01" + sps[1:4] + b"\xff" + sets + chroma)
    # one data reference; 72 dpi; one picture a sample; no name; 24 bits deep
    entry = struct.pack(">6xH16xHHII4xH32xHh", 1, width, height, 0x480000, 0x480000, 1, 24, -1)
    return _full(b"stsd", 0, 0, struct.pack(">I", 1) + _box(b"avc1", entry + avcc))


def _no_samples() -> bytes:
    """The tables of a movie all of whose samples are in fragments."""
    empty = struct.pack(">I", 0)
    return (
        _full(b"stts", 0, 0, empty)
        + _full(b"stsc", 0, 0, empty)
        + _full(b"stsz", 0, 0, empty + empty)
        + _full(b"stco", 0, 0, empty)
    )


def _full(kind: bytes, version: int, flags: int, content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + content)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content
