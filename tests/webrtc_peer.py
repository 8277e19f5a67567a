"""A device that publishes by WebRTC, as aiortc does it: pictures with a number in them, in the codec that is wished."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Literal

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack

from sightline.frames import Image
from tests.videos import numbered

__all__ = ["NumberedTrack", "PublishingPeer", "publishing_peer"]


class NumberedTrack(VideoStreamTrack):
    """30 pictures a second, each with its number (see `tests.videos`); or those of `pictures`, 15 a second, again and
    again."""

    def __init__(self, width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._numbers = itertools.count()
        self._size = width, height
        self.pictures: Sequence[Image] = ()

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        number = next(self._numbers)
        shown = self.pictures
        picture = shown[number // 2 % len(shown)] if shown else numbered(number, *self._size)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class PublishingPeer:
    """One end of a session. `offer` first, then `accept` the answer."""

    def __init__(self, codec: Literal["h264", "vp8"], *, audio: bool = False) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        if audio:
            self.connection.addTransceiver("audio", direction="sendonly")
        self.track = NumberedTrack()
        self.transceiver = self.connection.addTransceiver(self.track, direction="sendonly")
        wanted = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType.lower() == f"video/{codec}"]
        self.transceiver.setCodecPreferences(wanted)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def fall_silent(self) -> None:
        """Sends nothing any more, without a word."""
        self.transceiver.sender.replaceTrack(None)

    def speak_again(self) -> None:
        self.transceiver.sender.replaceTrack(self.track)


@contextlib.asynccontextmanager
async def publishing_peer(codec: Literal["h264", "vp8"], *, audio: bool = False) -> AsyncIterator[PublishingPeer]:
    """Closed at the end."""
    peer = PublishingPeer(codec, audio=audio)
    try:
        yield peer
    finally:
        await peer.connection.close()
