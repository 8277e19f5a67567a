"""Streams without a server: addresses, qualities, and when each ends."""

from __future__ import annotations

import pytest

from sightline.deliveries.rendition import Quality, parse_renditions
from sightline.exceptions import Forbidden, NotFound, Unavailable
from sightline.gateway.video.held_sessions import HeldSessions
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.streams import Streams
from sightline.gateway.video.viewers import Viewers

RENDITIONS = parse_renditions(["thumbnail=320@2", "sd=960@10", "hd=1920@25"])
OPEN_MS = 60_000


class Clock:
    def __init__(self) -> None:
        self.at_ms = 1_000

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_s(self) -> float:
        return self.at_ms / 1000


def made(limit: int = 10) -> tuple[Streams, Clock, list[str]]:
    clock, told = Clock(), []
    viewers = Viewers(RENDITIONS, limit=limit)
    viewers.on_change = lambda: told.append("viewers")
    live = LiveViewers(viewers.renditions, limit=9)
    streams = Streams(viewers, live, HeldSessions(lambda camera_id: None), clock, open_ms=OPEN_MS)
    streams.on_change = lambda: told.append("streams")
    return streams, clock, told


def secret_of(path: str) -> str:
    return path.partition("token=")[2]


def test_starting_again_renews_the_address_and_keeps_whoever_plays() -> None:
    streams, _, told = made()
    first = streams.start("c", "u", "cam", Quality.SD).path
    viewer = streams.open("cam", secret_of(first))
    again = streams.start("c", "u", "cam", Quality.HD)
    assert viewer.quality is Quality.HD and again.viewers == {viewer}
    with pytest.raises(Forbidden):
        streams.open("cam", secret_of(first))
    streams.open("cam", secret_of(again.path))
    assert told.count("streams") == 2


def test_the_best_quality_that_anybody_wants() -> None:
    streams, _, _ = made()
    streams.start("a", "u", "cam", Quality.THUMBNAIL)
    streams.start("b", "u", "cam", Quality.HD)
    streams.start("b", "u", "yard", Quality.SD)
    assert streams.wanted() == {"cam": Quality.HD, "yard": Quality.SD}
    assert streams.stop("b", "cam", Quality.SD) is False
    assert streams.stop("b", "cam", Quality.HD) is True
    assert streams.stop("b", "cam") is False
    assert streams.wanted() == {"cam": Quality.THUMBNAIL, "yard": Quality.SD}
    with pytest.raises(NotFound):
        streams.change("b", "cam", Quality.SD)


def test_an_address_opens_for_a_time_and_plays_until_its_client_has_been_away_for_as_long() -> None:
    streams, clock, _ = made()
    path = streams.start("c", "u", "cam", Quality.SD).path
    viewer = streams.open("cam", secret_of(path))
    clock.at_ms += OPEN_MS
    with pytest.raises(Forbidden):
        streams.open("cam", secret_of(path))
    streams.tick(clock.at_ms + 10 * OPEN_MS)
    assert streams.wanted() == {"cam": Quality.SD}, "its client is there"
    streams.client_left("c")
    streams.tick(clock.at_ms + OPEN_MS - 1)
    assert streams.wanted() == {"cam": Quality.SD}
    streams.tick(clock.at_ms + OPEN_MS)
    assert not streams.wanted()
    streams.close(viewer)
    assert len(streams.viewers) == 0


@pytest.mark.parametrize("wrong", ["", "guess"])
def test_an_address_is_of_one_camera_and_cannot_be_guessed(wrong: str) -> None:
    streams, _, _ = made()
    path = streams.start("c", "u", "cam", Quality.SD).path
    for camera_id, secret in (("yard", secret_of(path)), ("cam", wrong)):
        with pytest.raises(Forbidden):
            streams.open(camera_id, secret)


async def test_users_and_cameras_take_their_streams_along() -> None:
    streams, _, _ = made()
    opened = [
        streams.open(camera_id, secret_of(streams.start("c", user_id, camera_id, Quality.SD).path))
        for user_id, camera_id in (("ada", "cam"), ("ada", "yard"), ("bob", "hall"))
    ]
    plain = streams.viewers.add("hall", Quality.HD, "ada", until_ms=5_000)
    streams.camera_removed("yard")
    assert await opened[1].next() is None
    streams.user_changed("ada")
    assert await opened[0].next() is None
    assert await plain.next() is None
    assert streams.wanted() == {"hall": Quality.SD}
    streams.viewers.end_all()
    assert await opened[2].next() is None


async def test_who_came_with_a_token_plays_no_longer_than_that() -> None:
    streams, _, _ = made()
    viewer = streams.viewers.add("cam", Quality.SD, "ada", until_ms=5_000)
    viewer.put(1, b"jpeg", 0.0)
    streams.tick(4_999)
    assert await viewer.next() == b"jpeg"
    streams.tick(5_000)
    assert await viewer.next() is None


async def test_pictures_go_to_those_who_play_that_quality_at_its_rate() -> None:
    streams, _, told = made()
    viewers = streams.viewers
    hd, thumbnail = viewers.add("cam", Quality.HD, "u"), viewers.add("cam", Quality.THUMBNAIL, "u")
    assert viewers.wished(["cam", "yard"]) == {
        ("cam", Quality.HD): RENDITIONS[Quality.HD], ("cam", Quality.THUMBNAIL): RENDITIONS[Quality.THUMBNAIL],
    }  # fmt: skip
    for number in range(30):
        viewers.picture("cam", "thumbnail", number, b"%d" % number, number / 10)
    assert int(await thumbnail.next() or b"") >= 24, "the newest that was due"
    assert 4 <= thumbnail.replaced <= 6, "two a second"
    viewers.picture("yard", "hd", 1, b"other", 0.0)
    viewers.picture("cam", "hd", 1, b"mine", 0.0)
    assert await hd.next() == b"mine"
    viewers.remove(hd)
    viewers.remove(thumbnail)
    assert viewers.wished(["cam"]) == {}
    assert told.count("viewers") == 4


def test_there_is_an_end_to_how_many_play() -> None:
    streams, _, _ = made(limit=1)
    streams.viewers.add("cam", Quality.SD, "u")
    with pytest.raises(Unavailable):
        streams.viewers.add("cam", Quality.SD, "u")
