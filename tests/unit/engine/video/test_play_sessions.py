from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from sightline.engine.cameras.picture_fan import PictureFan
from sightline.engine.video.live_video import LiveVideo
from sightline.engine.video.packet_fan import PacketFan
from sightline.engine.video.play_sessions import PlaySessions
from sightline.events.peer import Offer
from sightline.exceptions import PeerRefused
from sightline.packets import EncodedPacket
from tests.encoded import numbered_packets

OFFER = Offer(request_id="r", session_id="s", camera_id="hall", direction="play", offer="v=0", max_side=640, fps=5.0)


class Camera:
    def __init__(self) -> None:
        self.packets, self.pictures, self.size = PacketFan(), PictureFan(), (320, 240)


class Players:
    """The far end: it says what the test says."""

    def __init__(self) -> None:
        self.answering: Future[tuple[str, Callable[[EncodedPacket], None]]] = Future()
        self.got: list[EncodedPacket] = []
        self.ended: Callable[[], None] = lambda: None

    def play(
        self, session_id: str, camera_id: str, offer: str, ended: Callable[[], None]
    ) -> Future[tuple[str, Callable[[EncodedPacket], None]]]:
        assert (session_id, camera_id, offer) == ("s", "hall", "v=0")
        self.ended = ended
        return self.answering


@pytest.fixture
def players() -> Players:
    return Players()


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.fixture
def sessions(players: Players, camera: Camera) -> PlaySessions:
    return PlaySessions(players, LiveVideo({"hall": camera}.get, None), lambda work: work())


async def test_packets_come_until_the_session_ends(sessions: PlaySessions, players: Players, camera: Camera) -> None:
    players.answering.set_result(("answer", players.got.append))
    assert await sessions.open(OFFER) == "answer"
    first, second = numbered_packets(2)
    camera.packets.publish(first)
    players.ended()
    players.ended()
    camera.packets.publish(second)
    assert players.got == [first] and not camera.packets.is_wanted


async def test_who_is_refused_is_shown_nothing(sessions: PlaySessions, players: Players, camera: Camera) -> None:
    players.answering.set_exception(PeerRefused("no", "INVALID_OFFER"))
    with pytest.raises(PeerRefused):
        await sessions.open(OFFER)
    players.ended()
    assert not camera.packets.is_wanted and not sessions._watchers


async def test_who_leaves_while_answered_is_shown_nothing(
    sessions: PlaySessions, players: Players, camera: Camera
) -> None:
    opening = asyncio.create_task(sessions.open(OFFER))
    await asyncio.sleep(0)
    players.ended()
    players.answering.set_result(("answer", players.got.append))
    assert await opening == "answer"
    assert not camera.packets.is_wanted and not sessions._watchers
