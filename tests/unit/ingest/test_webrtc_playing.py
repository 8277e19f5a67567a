"""A camera's packets to a real peer over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy

from sightline.exceptions import PeerRefused
from sightline.ingest.published import Publications
from sightline.ingest.webrtc import WebRtcPeers
from sightline.ingest.webrtc_network import MediaNetwork
from sightline.ingest.webrtc_playing import TIMES_CHANNEL, PacketTrack
from sightline.packets import EncodedPacket
from tests.encoded import START_MS, numbered_packets
from tests.videos import number_in

CAMERA = "hall"
PATIENCE_S = 20.0
RATE = 15


@pytest.fixture
def peers() -> Iterator[WebRtcPeers]:
    peers = WebRtcPeers(Publications(), MediaNetwork())
    yield peers
    peers.close()


class Player:
    """Somebody who watches; `times` is what the camera's side says of them."""

    def __init__(self, *, codec: str = "video/H264") -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        transceiver = self.connection.addTransceiver("video", direction="recvonly")
        codecs = RTCRtpReceiver.getCapabilities("video").codecs
        transceiver.setCodecPreferences([one for one in codecs if one.mimeType == codec])
        self.receiver = transceiver.receiver
        self.times: asyncio.Queue[dict[str, int]] = asyncio.Queue()
        channel = self.connection.createDataChannel(TIMES_CHANNEL)
        channel.on("message", lambda message: self.times.put_nowait(json.loads(message)))

    @property
    def track(self) -> MediaStreamTrack:
        """What comes; from the answer on."""
        return self.receiver.track

    async def play(
        self, peers: WebRtcPeers, ended: Callable[[], None] = lambda: None
    ) -> Callable[[EncodedPacket], None]:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answering = peers.play("one", CAMERA, self.connection.localDescription.sdp, ended)
        answer, put = await asyncio.wrap_future(answering)
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return put

    async def numbers(self, count: int) -> list[int]:
        async with asyncio.timeout(PATIENCE_S):
            frames = [await self.track.recv() for _ in range(count)]
        return [number_in(frame.to_ndarray(format="bgr24")) for frame in frames]


@contextlib.asynccontextmanager
async def player(*, codec: str = "video/H264") -> AsyncIterator[Player]:
    """Closed at the end."""
    player = Player(codec=codec)
    try:
        yield player
    finally:
        await player.connection.close()


@contextlib.asynccontextmanager
async def feeding(put: Callable[[EncodedPacket], None]) -> AsyncIterator[None]:
    """Packets come, at the pace of a camera."""
    task = asyncio.create_task(feed(put, numbered_packets(60)))
    try:
        yield
    finally:
        task.cancel()


async def feed(put: Callable[[EncodedPacket], None], packets: list[EncodedPacket]) -> None:
    for packet in packets:
        put(packet)
        await asyncio.sleep(1 / RATE)


async def test_pictures_are_shown_and_their_times_told(peers: WebRtcPeers) -> None:
    async with player() as one, feeding(await one.play(peers)):
        numbers = await one.numbers(10)
        assert numbers == sorted(set(numbers))
        async with asyncio.timeout(PATIENCE_S):
            told = await one.times.get()
            frame = await one.track.recv()
        assert set(told) == {"rtp", "at_ms"} and 0 <= told["rtp"] < 2**32
        number = number_in(frame.to_ndarray(format="bgr24"))
        # aiortc counts a frame's time from the first RTP timestamp, which it keeps to itself.
        rtp = frame.pts + one.receiver._RTCRtpReceiver__timestamp_mapper._origin
        shown_ms = told["at_ms"] + ((rtp - told["rtp"] + 2**31) % 2**32 - 2**31) / 90
        assert round(shown_ms) == START_MS + number * 1000 // RATE


async def test_its_end_is_told(peers: WebRtcPeers) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with player() as one, feeding(await one.play(peers, lambda: loop.call_soon_threadsafe(over.set))):
        await one.numbers(1)
        peers.end("one", CAMERA)
        async with asyncio.timeout(PATIENCE_S):
            await over.wait()
            with pytest.raises(MediaStreamError):
                while True:
                    await one.track.recv()


async def test_who_takes_no_h264_is_refused(peers: WebRtcPeers) -> None:
    async with player(codec="video/VP8") as one:
        with pytest.raises(PeerRefused, match=r"H\.264"):
            await one.play(peers)


async def times(packets: list[EncodedPacket], track: PacketTrack) -> list[int]:
    for packet in packets:
        track.put(packet)
    await asyncio.sleep(0)
    return [int((await track.recv()).pts) for _ in packets]


async def test_the_past_takes_a_moment_only() -> None:
    """What came since the last keyframe is given a millisecond each, so that a player is not behind for ever."""
    track = PacketTrack(asyncio.get_running_loop())
    first = numbered_packets(20)
    assert await times(first, track) == [number * 90 for number in range(20)]
    later = [replace(packet, at_ms=first[-1].at_ms + 100 * (number + 1)) for number, packet in enumerate(first[:3])]
    for number, packet in enumerate(later):
        assert await times([packet], track) == [19 * 90 + 9000 * (number + 1)]


async def test_a_clock_that_is_set_does_not_stop_the_video() -> None:
    track = PacketTrack(asyncio.get_running_loop())
    packets = numbered_packets(3)
    jumped = [packets[0], replace(packets[1], at_ms=START_MS - 86_400_000), replace(packets[2], at_ms=START_MS + 10**9)]
    given = [(await times([packet], track))[0] for packet in jumped]
    assert given == [0, 40 * 90, 80 * 90]


async def test_who_reads_nothing_goes_on_at_a_keyframe() -> None:
    track = PacketTrack(asyncio.get_running_loop())
    keyframe, *others = numbered_packets(2)
    for packet in [keyframe, *others * 1000, keyframe]:
        track.put(packet)
    await asyncio.sleep(0)
    packet = await track.recv()
    assert bytes(packet) == keyframe.data and len(track._packets) == 0
