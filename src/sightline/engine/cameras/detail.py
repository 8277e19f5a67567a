"""The larger stream of a camera, looked into at the moments that matter.

Its packets wait undecoded. When a face was found in the smaller stream, the larger one is decoded up to that moment and
goes on from there while faces are asked for; so it costs a decoder's time only while somebody is there. The moments
are matched by the time at which their packets came, for cameras encode their streams side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sightline.engine.video.packet_fan import Listening, PacketFan
from sightline.engine.video.ring import Ring
from sightline.exceptions import SourceError
from sightline.frames import Detail, Image
from sightline.packets import EncodedPacket, StreamParameters

__all__ = ["DetailPictures", "OpenDecoder", "PacketDecoder"]

KEPT_S = 4.0
KEPT_BYTES = 32 * 2**20
MAX_SKEW_MS = 200
"""A picture that is farther from the moment is of another one."""


class PacketDecoder(Protocol):
    """Encoded packets of one stream in, pictures out."""

    def decode(self, packet: EncodedPacket) -> None:
        """The next packet. Raises `SourceError`."""

    def picture(self) -> Image | None:
        """The newest picture, H×W×3 uint8 BGR, upright; None before the first. Raises `SourceError`."""


OpenDecoder = Callable[[StreamParameters], PacketDecoder]
"""Raises `SourceError`."""


class DetailPictures:
    """One camera's. `detail` is for the thread that reads the smaller stream, what it gives for one that analyses."""

    def __init__(self, fan: PacketFan, open_decoder: OpenDecoder) -> None:
        self._fan = fan
        self._open_decoder = open_decoder
        self._ring = Ring(seconds=KEPT_S, limit_bytes=KEPT_BYTES)
        self._listening: Listening | None = None
        self._decoder: PacketDecoder | None = None
        self._parameters: StreamParameters | None = None
        self._decoded_dts = -1
        self._newest: EncodedPacket | None = None

    def start(self) -> None:
        """Listens."""
        self._listening = self._fan.listen(self._add)

    def stop(self) -> None:
        """Listens no more."""
        if self._listening is not None:
            self._listening.close()

    def detail(self, at_ms: int) -> Detail | None:
        """What there is of that moment; None while the larger stream is away."""
        newest = self._newest
        if newest is None or abs(at_ms - newest.at_ms) > 1000 * KEPT_S or not newest.parameters.width:
            return None
        return Detail(newest.parameters.width, newest.parameters.height, lambda: self._picture(at_ms))

    def _add(self, packet: EncodedPacket) -> None:
        self._ring.add(packet)
        self._newest = packet

    def _picture(self, at_ms: int) -> Image | None:
        packets = self._ring.since(at_ms, 0)
        target = min(range(len(packets)), key=lambda index: abs(packets[index].at_ms - at_ms), default=-1)
        if target < 0 or abs(packets[target].at_ms - at_ms) > MAX_SKEW_MS:
            return None
        try:
            return self._decoded(packets[: target + 1])
        except SourceError:  # damaged: the next group of pictures may be whole
            self._decoder = None
            return None

    def _decoded(self, packets: Sequence[EncodedPacket]) -> Image | None:
        """The picture of the last of these packets, which begin with a keyframe."""
        goes_on = (
            self._decoder is not None
            and packets[0].parameters is self._parameters
            and packets[0].dts <= self._decoded_dts <= packets[-1].dts
        )
        if not goes_on:
            self._parameters, self._decoded_dts = packets[0].parameters, -1
            self._decoder = self._open_decoder(packets[0].parameters)
        assert self._decoder is not None
        for packet in packets:
            if packet.dts > self._decoded_dts:
                self._decoder.decode(packet)
                self._decoded_dts = packet.dts
        return self._decoder.picture()
