"""The far end of WebRTC sessions, with a real peer over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Literal

import pytest

from sightline.exceptions import PeerRefused, SourceError
from sightline.ingest import webrtc
from sightline.ingest.published import Publications, PublishedSource
from sightline.ingest.webrtc import WebRtcPeers, stands_alone
from sightline.ingest.webrtc_network import MediaNetwork
from tests.videos import number_in
from tests.webrtc_peer import PublishingPeer, publishing_peer

CAMERA = "phone"
PATIENCE_S = 20.0


class End:
    """The sessions, and word of who begins to send."""

    def __init__(self, ports: range = range(0)) -> None:
        self.publications = Publications(self._heard)
        self.peers = WebRtcPeers(self.publications, MediaNetwork(ports=ports))
        self.heard: list[str] = []

    def _heard(self, camera_id: str) -> None:
        self.heard.append(camera_id)

    async def answer(self, peer: PublishingPeer, session_id: str = "one") -> str:
        offer = await peer.offer()
        return await asyncio.wrap_future(self.peers.publish(session_id, CAMERA, offer))

    async def source(self, times: int = 1) -> PublishedSource:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.heard) < times:  # noqa: ASYNC110  # it is told from another thread
                await asyncio.sleep(0.01)
        return self.publications.open(CAMERA, PATIENCE_S)


@pytest.fixture
def end() -> Iterator[End]:
    end = End()
    yield end
    end.peers.close()


async def refusal(source: PublishedSource) -> SourceError:
    """Why it gives nothing any more."""

    def read_on() -> None:
        while True:
            source.grab()

    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(SourceError) as caught:
            await asyncio.to_thread(read_on)
    return caught.value


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_pictures_arrive_undecoded_and_in_order(end: End, codec: Literal["h264", "vp8"]) -> None:
    async with publishing_peer(codec, audio=True) as peer:
        answer = await end.answer(peer)
        assert answer.count("a=recvonly") == 1 and answer.count("a=inactive") == 1, "video is taken, sound is not"
        await peer.accept(answer)
        source = await end.source()
        numbers = []
        for _ in range(6):
            await asyncio.to_thread(source.grab)
            numbers.append(number_in(await asyncio.to_thread(source.picture)))
        assert numbers == sorted(set(numbers))
        assert source.codec == codec


async def test_offer_of_obs_is_understood(end: End) -> None:
    async with publishing_peer("h264", audio=True) as peer:
        offer = await peer.offer_as_obs_does()
        assert "a=candidate" not in offer and offer.index("a=setup:actpass") < offer.index("m=audio")
        await peer.accept(await asyncio.wrap_future(end.peers.publish("one", CAMERA, offer)))
        source = await end.source()
        await asyncio.to_thread(source.grab)
        assert source.codec == "h264"


async def test_peer_with_an_rsa_key_is_understood(end: End) -> None:
    """GStreamer's certificates have such keys."""
    async with publishing_peer("vp8", rsa=True) as peer:
        await peer.accept(await end.answer(peer))
        await asyncio.to_thread((await end.source()).grab)


async def test_end_by_its_user_is_no_loss(end: End) -> None:
    async with publishing_peer("vp8") as peer:
        await peer.accept(await end.answer(peer))
        source = await end.source()
        end.peers.end("one", "another camera")
        await asyncio.to_thread(source.grab)
        end.peers.end("one", CAMERA)
        assert (await refusal(source)).resting


async def test_end_of_what_is_over_is_told_again(end: End) -> None:
    told: list[tuple[str, str]] = []
    end.peers.on_ended = lambda session_id, reason: told.append((session_id, reason))
    end.peers.end("none", CAMERA)
    async with publishing_peer("vp8") as peer:
        await peer.accept(await end.answer(peer))
        source = await end.source()
        for _ in range(2):
            end.peers.end("one", CAMERA)
        assert (await refusal(source)).resting
    async with asyncio.timeout(PATIENCE_S):
        while len(told) < 3:  # noqa: ASYNC110  # it is told from another thread
            await asyncio.sleep(0.01)
    assert told == [("none", "the device stopped"), ("one", "the device stopped"), ("one", "the device stopped")]


async def test_peer_that_closes_is_lost_at_once(end: End) -> None:
    async with publishing_peer("vp8") as peer:
        await peer.accept(await end.answer(peer))
        source = await end.source()
    lost = await refusal(source)
    assert (lost.reason, lost.resting) == ("the device closed the connection", False)


async def test_second_publisher_takes_over(end: End) -> None:
    async with publishing_peer("vp8") as first, publishing_peer("vp8") as second:
        await first.accept(await end.answer(first))
        older = await end.source()
        await second.accept(await end.answer(second, "two"))
        assert "another device" in (await refusal(older)).reason
        await asyncio.to_thread((await end.source(2)).grab)


async def test_peer_that_never_comes_is_given_up(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "SETUP_S", 0.0)
    monkeypatch.setattr(webrtc, "CHECK_INTERVAL_S", 0.05)
    monkeypatch.setattr(webrtc, "MAX_SESSIONS", 1)
    async with publishing_peer("vp8") as peer, publishing_peer("vp8") as other:
        await end.answer(peer)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    await end.answer(other, "two")
                    break
                except PeerRefused as refused:
                    assert refused.code == "SYSTEM_FULL"
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ("", "the offer"),
        ("nonsense", "the offer"),
        ("v=0\r\nm=video\r\n", "the offer"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "no video"),
        ("v=0\r\n" * 10_000, "the offer"),
    ],
)
async def test_offers_that_are_none(end: End, offer: str, why: str) -> None:
    with pytest.raises(PeerRefused, match=why) as caught:
        await asyncio.wrap_future(end.peers.publish("one", CAMERA, offer))
    assert caught.value.code == "INVALID_OFFER"


async def test_offer_of_a_viewer_is_no_publisher(end: End) -> None:
    async with publishing_peer("vp8") as peer:
        offer = (await peer.offer()).replace("a=sendonly", "a=recvonly")
        with pytest.raises(PeerRefused, match="sends no video"):
            await asyncio.wrap_future(end.peers.publish("one", CAMERA, offer))


async def test_nothing_begins_after_the_end(end: End) -> None:
    end.peers.close()
    with pytest.raises(PeerRefused):
        end.peers.publish("one", CAMERA, "v=0")


@pytest.mark.parametrize(
    ("codec", "data", "alone"),
    [
        ("vp8", b"\x10\x02\x00\x9d\x01\x2a", True),
        ("vp8", b"\x11\x02\x00", False),
        ("vp8", b"", False),
        ("h264", b"\x00\x00\x00\x01\x67\x42\x00\x00\x01\x68\x00\x00\x00\x01\x65\x88", True),
        ("h264", b"\x00\x00\x00\x01\x41\x9a", False),
        ("h264", b"\x00\x00\x01", False),
        ("mjpeg", b"\xff\xd8", True),
    ],
)
def test_key_frames(codec: Literal["h264", "vp8", "mjpeg"], data: bytes, alone: bool) -> None:
    assert stands_alone(codec, data) is alone
