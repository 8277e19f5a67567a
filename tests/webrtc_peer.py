"""A device that publishes by WebRTC, as aiortc does it: pictures with a number in them, in the codec that is wished."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack
from aiortc.rtcdtlstransport import generate_certificate
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from sightline.frames import Image
from sightline.ingest.webrtc_keys import AnyKeyCertificate
from tests.videos import numbered

__all__ = ["NumberedTrack", "PublishingPeer", "publishing_peer"]

OF_TRANSPORT = ("a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:", "a=fingerprint:", "a=setup:")
CANDIDATES = ("a=candidate:", "a=end-of-candidates")


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

    def __init__(self, codec: Literal["h264", "vp8"], *, audio: bool = False, rsa: bool = False) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        if rsa:
            key: Any = generate_private_key(65537, 2048)  # aiortc says that it takes others only, and takes these
            certificate = AnyKeyCertificate(key, generate_certificate(key))
            setattr(self.connection, "_RTCPeerConnection__certificates", [certificate])  # noqa: B010
        if audio:
            self.connection.addTransceiver("audio", direction="sendonly")
        self.track = NumberedTrack()
        self.transceiver = self.connection.addTransceiver(self.track, direction="sendonly")
        wanted = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType.lower() == f"video/{codec}"]
        self.transceiver.setCodecPreferences(wanted)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def offer_as_obs_does(self) -> str:
        """The same as OBS (libdatachannel) writes it: what belongs to the transport is said once for
        the whole session, and the offer goes out before any candidate is known."""
        session, *media = (await self.offer()).split("m=")
        of_transport = [line for line in media[0].splitlines() if line.startswith(OF_TRANSPORT)]
        left = [
            "".join(line + "\r\n" for line in part.splitlines() if not line.startswith((*OF_TRANSPORT, *CANDIDATES)))
            for part in media
        ]
        return session + "".join(line + "\r\n" for line in of_transport) + "".join("m=" + part for part in left)

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def fall_silent(self) -> None:
        """Sends nothing any more, without a word."""
        self.transceiver.sender.replaceTrack(None)

    def speak_again(self) -> None:
        self.transceiver.sender.replaceTrack(self.track)


@contextlib.asynccontextmanager
async def publishing_peer(
    codec: Literal["h264", "vp8"], *, audio: bool = False, rsa: bool = False
) -> AsyncIterator[PublishingPeer]:
    """Closed at the end."""
    peer = PublishingPeer(codec, audio=audio, rsa=rsa)
    try:
        yield peer
    finally:
        await peer.connection.close()
