"""What devices publish: bounded, the newest wins, decoded late, and every end has its reason."""

from __future__ import annotations

import threading
from fractions import Fraction

import av
import pytest

from sightline.exceptions import SourceError
from sightline.images import encode_jpeg
from sightline.ingest import published
from sightline.ingest.published import Publication, Publications, PublishedPacket
from tests.videos import number_in, numbered

CAMERA = "phone"


def packet(number: int, *, key: bool = False, size: int = 10) -> PublishedPacket:
    return PublishedPacket("vp8", bytes(size), number, key)


@pytest.fixture(scope="module")
def encoded() -> list[PublishedPacket]:
    """Twelve pictures of VP8, of which the first and the seventh are key frames."""
    context = av.CodecContext.create("libvpx", "w")
    context.width, context.height, context.pix_fmt = 320, 240, "yuv420p"
    context.time_base = Fraction(1, 90_000)
    context.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8", "b": "2000000"}
    context.gop_size = 6
    packets = []
    for number in range(12):
        frame = av.VideoFrame.from_ndarray(numbered(number), format="bgr24")
        frame.pts = number * 3000
        for one in context.encode(frame):
            packets.append(PublishedPacket("vp8", bytes(one), number * 3000, bool(one.is_keyframe)))
    assert [one.key for one in packets] == [number % 6 == 0 for number in range(12)]
    return packets


def test_key_frame_replaces_what_waits() -> None:
    publication = Publication(Publications(), CAMERA)
    for number in range(5):
        publication.put(packet(number, key=number == 0))
    publication.put(packet(5, key=True))
    publication.put(packet(6))
    assert [publication.take(0).ticks, publication.take(0).ticks] == [5, 6]


def test_nothing_is_taken_before_the_first_key_frame_which_is_asked_for_once() -> None:
    asked: list[None] = []
    publication = Publication(Publications(), CAMERA, want_key_frame=lambda: asked.append(None))
    for number in range(5):
        publication.put(packet(number))
    with pytest.raises(SourceError):
        publication.take(0)
    assert len(asked) == 1


@pytest.mark.parametrize("size", [1, published.MAX_WAITING_BYTES // 10])
def test_too_many_pictures_wait_for_the_next_key_frame(size: int) -> None:
    asked: list[None] = []
    publication = Publication(Publications(), CAMERA, want_key_frame=lambda: asked.append(None))
    publication.put(packet(0, key=True, size=size))
    for number in range(1, published.MAX_WAITING_PACKETS + 1):
        publication.put(packet(number, size=size))
    assert asked
    with pytest.raises(SourceError):
        publication.take(0)
    publication.put(packet(1000, key=True))
    assert publication.take(0).ticks == 1000


def test_newest_publisher_wins_once_it_sends() -> None:
    heard: list[str] = []
    ended: list[str] = []
    publications = Publications(heard.append)
    first = Publication(publications, CAMERA, ended=ended.append)
    second = Publication(publications, CAMERA)
    first.put(packet(1, key=True))
    source = publications.open(CAMERA, 1)
    assert ended == []
    second.put(packet(2, key=True))
    assert ended == ["another device publishes to this camera now"]
    assert heard == [CAMERA, CAMERA]
    with pytest.raises(SourceError, match="another device"):
        source.grab()
    first.put(packet(3, key=True))  # too late
    assert second.take(0).ticks == 2


def test_why_nobody_publishes() -> None:
    publications = Publications()
    with pytest.raises(SourceError) as never:
        publications.open(CAMERA, 1)
    assert (never.value.permanent, never.value.resting) == (True, True)
    lost = Publication(publications, CAMERA)
    lost.put(packet(1, key=True))
    lost.end("the connection to the device was lost")
    lost.end("later words change nothing", resting=True)
    with pytest.raises(SourceError, match="was lost") as gone:
        publications.open(CAMERA, 1)
    assert not gone.value.resting
    stopped = Publication(publications, CAMERA)
    stopped.put(packet(1, key=True))
    stopped.end("the device stopped", resting=True)
    with pytest.raises(SourceError, match="stopped") as rests:
        publications.open(CAMERA, 1)
    assert rests.value.resting


def test_publisher_that_falls_silent_is_told_of_when_it_speaks_again() -> None:
    heard: list[str] = []
    publications = Publications(heard.append)
    publication = Publication(publications, CAMERA)
    publication.put(packet(1, key=True))
    publication.take(0)
    with pytest.raises(SourceError, match="sent nothing"):
        publication.take(0)
    assert heard == [CAMERA]
    publication.put(packet(2))
    assert heard == [CAMERA, CAMERA]
    assert publication.take(0).ticks == 2


def test_pictures_are_decoded(encoded: list[PublishedPacket]) -> None:
    publications = Publications()
    publication = Publication(publications, CAMERA)
    publication.put(encoded[0])
    source = publications.open(CAMERA, 1)
    source.grab()
    assert number_in(source.picture()) == 0
    for one in encoded[1:6]:
        publication.put(one)
        source.grab()
    assert source.codec == "vp8"
    assert number_in(source.picture()) == 5
    source.close()


def test_packets_are_handed_on_as_they_came(encoded: list[PublishedPacket]) -> None:
    publications = Publications()
    publication = Publication(publications, CAMERA)
    publication.put(encoded[0])
    source = publications.open(CAMERA, 1)
    source.grab()
    publication.put(encoded[1])
    source.grab()
    first, second = source.packets(1_000)
    assert (first.data, first.keyframe, first.pts, first.at_ms) == (encoded[0].data, True, 0, 1_000)
    assert (first.parameters.codec, first.parameters.width, first.parameters.height) == ("vp8", 320, 240)
    assert (second.keyframe, second.pts, second.parameters) == (False, 3000, first.parameters)
    source.picture()
    assert source.picture_ticks == 3000
    publication.put(encoded[2])
    source.grab()
    assert source.packets(None) == []
    assert source.packets(2_000) == []
    publication.put(PublishedPacket("mjpeg", encode_jpeg(numbered(7, 640, 480), quality=90), 9000, True))
    source.grab()
    (other,) = source.packets(3_000)
    assert (other.parameters.codec, other.parameters.width, other.parameters.height) == ("mjpeg", 640, 480)
    source.close()


def test_damage_costs_pictures_until_a_key_frame_comes(encoded: list[PublishedPacket]) -> None:
    asked: list[None] = []
    publications = Publications()
    publication = Publication(publications, CAMERA, want_key_frame=lambda: asked.append(None))
    publication.put(PublishedPacket("vp8", b"\x00\xff\xff\x00 not a picture", 0, True))
    source = publications.open(CAMERA, 1)
    source.grab()
    assert asked
    publication.put(encoded[6])
    source.grab()
    assert number_in(source.picture()) == 6
    source.close()


def test_codec_may_change(encoded: list[PublishedPacket]) -> None:
    publications = Publications()
    publication = Publication(publications, CAMERA)
    publication.put(encoded[0])
    source = publications.open(CAMERA, 1)
    source.grab()
    publication.put(PublishedPacket("mjpeg", encode_jpeg(numbered(77, 640, 480), quality=90), 0, True))
    source.grab()
    image = source.picture()
    assert (image.shape, number_in(image), source.codec) == ((480, 640, 3), 77, "mjpeg")
    source.close()


def test_interrupt_wakes_a_waiting_reader(encoded: list[PublishedPacket]) -> None:
    publications = Publications()
    publication = Publication(publications, CAMERA)
    publication.put(encoded[0])
    source = publications.open(CAMERA, 60)
    source.grab()
    stopper = threading.Timer(0.05, source.interrupt)
    stopper.start()
    with pytest.raises(SourceError, match="stopped"):
        source.grab()
    stopper.join()


def test_picture_that_is_too_large_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "MAX_PIXELS", 100)
    publications = Publications()
    publication = Publication(publications, CAMERA)
    publication.put(PublishedPacket("mjpeg", encode_jpeg(numbered(1), quality=90), 0, True))
    source = publications.open(CAMERA, 1)
    with pytest.raises(SourceError, match="too large"):
        source.grab()
