"""A camera's packets to a WebRTC peer, as they are: nothing is encoded for it.

What aiortc is given as time is the time of capture, so that the peer can tell which frame it shows: once the first
picture is out, a message on the data channel `times`, if the peer has opened one, says which RTP timestamp stands for
which time (`{"rtp": …, "at_ms": …}`, 90 timestamps a millisecond), and again should the clock be set.

Bound: `MAX_WAITING` packets wait. Policy when full: they are dropped, and it goes on at a keyframe.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from fractions import Fraction
from typing import Any

import av
from aiortc import RTCDataChannel, RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamTrack

from sightline.exceptions import PeerRefused
from sightline.packets import TICKS_PER_MS, TICKS_PER_S, EncodedPacket

__all__ = ["TIMES_CHANNEL", "PacketTrack", "offer_to_play"]

MAX_WAITING = 900
TIMES_CHANNEL = "times"
_LONGEST_STEP_MS = 60_000
_STEP_AFTER_JUMP_MS = 40
_TIME_BASE = Fraction(1, TICKS_PER_S)


class PacketTrack(MediaStreamTrack):
    """Packets of H.264 for one peer. `put` may be called from any thread, the rest in the loop of the sessions."""

    kind = "video"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._of_sessions = loop
        self._packets: deque[EncodedPacket] = deque()
        self._changed = asyncio.Event()
        self._at_keyframe = True
        self._base_ms: int | None = None
        self._sent_ticks: int | None = None
        self._sent_ms = 0
        self._told = False
        self.sender: RTCRtpSender | None = None
        self.times: RTCDataChannel | None = None

    def put(self, packet: EncodedPacket) -> None:
        """The next packet."""
        if not self._of_sessions.is_closed():
            self._of_sessions.call_soon_threadsafe(self._take, packet)

    async def recv(self) -> av.Packet[Any]:
        """The next packet for aiortc's sender, which has sent the one before."""
        if not self._told:
            self._told = self._tell_times()
        while not self._packets:
            self._changed.clear()
            await self._changed.wait()
        packet = self._packets.popleft()
        given: av.Packet[Any] = av.Packet(packet.data)
        given.pts = given.dts = self._ticks(packet)
        given.time_base = _TIME_BASE
        return given

    def _take(self, packet: EncodedPacket) -> None:
        if self._at_keyframe and not packet.keyframe:
            return
        if len(self._packets) >= MAX_WAITING:
            self._packets.clear()
            self._at_keyframe = True
            return
        self._at_keyframe = False
        self._packets.append(packet)
        self._changed.set()

    def _ticks(self, packet: EncodedPacket) -> int:
        """The time of capture. Of pictures that are there only for those after them, a moment before the newest.

        A newcomer begins with all that has come since the last keyframe: at their own times its player would show these
        at their own pace, and stay behind for ever.
        """
        behind = len(self._packets)
        at_ms = (self._packets[-1] if behind else packet).at_ms - behind
        if self._base_ms is None:
            self._base_ms = at_ms
        if self._sent_ticks is not None and not -_LONGEST_STEP_MS < at_ms - self._sent_ms < _LONGEST_STEP_MS:
            self._base_ms += at_ms - self._sent_ms - _STEP_AFTER_JUMP_MS  # the clock was set, or the camera away
            self._told = False
        ticks = (at_ms - self._base_ms) * TICKS_PER_MS
        if self._sent_ticks is not None:
            ticks = max(ticks, self._sent_ticks + 1)
        self._sent_ticks, self._sent_ms = ticks, at_ms
        return ticks

    def _tell_times(self) -> bool:
        if self._sent_ticks is None or self._base_ms is None or self.times is None or self.times.readyState != "open":
            return False
        # aiortc adds an origin of its own choice, and has no seam for it.
        rtp = getattr(self.sender, "_RTCRtpSender__rtp_timestamp", None)
        if rtp is None:
            return True
        at_ms = self._base_ms + self._sent_ticks // TICKS_PER_MS
        self.times.send(json.dumps({"rtp": rtp, "at_ms": at_ms}))
        return True


def offer_to_play(connection: RTCPeerConnection, offer: str, track: PacketTrack) -> None:
    """Makes a connection, which does not know the offer yet, send the track. Raises `PeerRefused`."""
    if "h264" not in offer.lower():
        raise PeerRefused("a camera's video is H.264, which this offer does not take", "NOT_SUPPORTED")
    transceiver = connection.addTransceiver(track, direction="sendonly")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType in ("video/H264", "video/rtx")])
    track.sender = transceiver.sender

    def opened(channel: RTCDataChannel) -> None:
        if channel.label == TIMES_CHANNEL:
            track.times = channel

    connection.on("datachannel", opened)
