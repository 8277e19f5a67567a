"""Encoded packets into files, and files that a crash left into whole ones: remuxed, never re-encoded.

A growing file is fragmented MP4 (ISO/IEC 14496-12, movie fragments; WebM for VP8, which no browser plays in MP4): what
is on the disk is a playable beginning of it at any instant after the first fragment, about half a second. A finished
file is an ordinary MP4 with its index in front, which every player seeks in.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from sightline.exceptions import SourceError
from sightline.packets import TICKS_PER_S, EncodedPacket, StreamParameters

__all__ = ["GrowingVideo", "RemuxedFiles"]

FRAGMENT_US = 500_000
_TICK = Fraction(1, TICKS_PER_S)
_GROWING = {
    "mp4": {"movflags": "empty_moov+default_base_moof", "frag_duration": str(FRAGMENT_US), "flush_packets": "1"},
    "webm": {"live": "1", "cluster_time_limit": "500", "flush_packets": "1"},
}
_FINISHED = {"mp4": {"movflags": "faststart"}, "webm": {}}
_APPLE_TAGS = {"hevc": "hvc1"}
"""Players of Apple's take H.265 under this name only; the others take it under any."""


class _Appending:
    """A file that libav can only write on to: it cannot go back and complete what is there already."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        return len(data)

    def close(self) -> None:
        self._file.close()


class GrowingVideo:
    """One file, written as packets come. `packets[0]` must be a keyframe; all are of one stream. Raises `SourceError`,
    `OSError`."""

    def __init__(self, path: Path, parameters: StreamParameters, first_dts: int) -> None:
        self._first_dts = first_dts
        format = _format_of(parameters.codec)
        self._file = _Appending(path)
        try:
            self._container: OutputContainer = av.open(
                self._file, "w", format=format, options=dict(_GROWING[format])
            )
            self._stream: Stream = self._container.add_mux_stream(
                parameters.codec, width=parameters.width, height=parameters.height
            )
            self._stream.time_base = _TICK
        except (av.error.FFmpegError, ValueError) as error:
            self._file.close()
            raise SourceError(f"no {parameters.codec} file can be written: {error}") from error

    def write(self, packet: EncodedPacket) -> None:
        """The next packet."""
        out: av.Packet[Any] = av.Packet(packet.data)
        out.pts, out.dts = packet.pts - self._first_dts, packet.dts - self._first_dts
        out.time_base, out.is_keyframe, out.stream = _TICK, packet.keyframe, self._stream
        try:
            self._container.mux(out)
        except (av.error.FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
                raise OSError(error.errno, error.strerror) from error
            raise SourceError(f"a packet cannot be written: {error}") from error

    def close(self) -> None:
        """Writes what is left. May be called after a failure, and then writes what it can."""
        try:
            with contextlib.suppress(av.error.FFmpegError, ValueError):  # the disk is full: what is there plays
                self._container.close()
        finally:
            self._file.close()


class RemuxedFiles:
    """What an engine does with files of video."""

    def grow(self, path: Path, parameters: StreamParameters, first_dts: int) -> GrowingVideo:
        """See `GrowingVideo`."""
        return GrowingVideo(path, parameters, first_dts)

    def format_of(self, codec: str) -> str:
        """`mp4` or `webm`."""
        return _format_of(codec)

    def finish(self, growing: Path, finished: Path) -> int:
        """Remuxes what a growing file holds, cut off or not, into a finished one; its length in milliseconds.

        Raises `SourceError` when there is nothing in it that can be played, `OSError` when the disk refuses.
        """
        format = finished.suffix.removeprefix(".")
        if format == "mp4":
            _cut_to_whole_fragments(growing)
        try:
            with av.open(str(growing)) as source, av.open(
                str(finished), "w", format=format, options=dict(_FINISHED[format])
            ) as target:
                return _remux(source, target)
        except (av.error.FFmpegError, ValueError, EOFError) as error:
            finished.unlink(missing_ok=True)
            if isinstance(error, OSError) and not isinstance(error, (av.error.InvalidDataError, av.error.EOFError)):
                raise OSError(error.errno, error.strerror) from error
            raise SourceError(f"{growing.name} holds no video that can be played") from error


def _format_of(codec: str) -> str:
    """The kind of file in which browsers play this codec: `webm` for VP8, else `mp4`."""
    return "webm" if codec == "vp8" else "mp4"


def _cut_to_whole_fragments(path: Path) -> None:
    """Cuts off a fragment that was not written to its end, on which some of libav's readers stumble."""
    whole = place = 0
    size = path.stat().st_size
    with path.open("r+b") as file:
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:  # a length of 64 bits follows
                length = int.from_bytes(head[8:16], "big")
            if length < 8 or place + length > size:
                break
            place += length
            if head[4:8] != b"moof":  # its pictures are in the box behind it
                whole = place
        if whole < size:
            file.truncate(whole)


def _remux(source: InputContainer, target: OutputContainer) -> int:
    if not source.streams.video:
        raise ValueError("no video")
    stream: VideoStream = source.streams.video[0]
    copied = target.add_stream_from_template(stream, opaque=True)
    tag = _APPLE_TAGS.get(stream.codec_context.name)
    if tag:
        copied.codec_context.codec_tag = tag
    end_ticks = written = 0
    for packet in source.demux(stream):
        if packet.dts is None or packet.is_corrupt:
            continue  # the last one of a file that was cut off
        end_ticks = max(end_ticks, (packet.pts or 0) + (packet.duration or 0))
        packet.stream = copied
        target.mux(packet)
        written += 1
    if not written or stream.time_base is None:
        raise ValueError("no packet")
    return round(end_ticks * stream.time_base * 1000)
