"""Against real encoders, with a camera that is a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from sightline.deliveries.fragments import Fragment, Opening
from sightline.engine.cameras.picture_fan import PictureFan
from sightline.engine.video.live_fragments import LiveFragments
from sightline.engine.video.live_video import LiveVideo
from sightline.engine.video.packet_fan import PacketFan
from sightline.events.live_video import ShowVideo
from sightline.frames import Frame
from sightline.ingest.encoder import PictureEncoder
from sightline.packets import EncodedPacket
from tests.encoded import START_MS, numbered_packets

PATIENCE_S = 20.0


@dataclass
class Camera:
    packets: PacketFan = field(default_factory=PacketFan)
    pictures: PictureFan = field(default_factory=PictureFan)
    size: tuple[int, int] = (320, 240)

    def look(self, number: int, *, grey: int = 100) -> None:
        """Its thread has grabbed another picture."""
        image = np.full((self.size[1], self.size[0], 3), grey, np.uint8)
        for take in self.pictures.due(number / 10):
            take(Frame("hall", number, START_MS + number * 100, image), number / 10)


class Heard:
    """Packets as they come, from whichever thread."""

    def __init__(self) -> None:
        self.packets: list[EncodedPacket] = []
        self._changed = threading.Condition()

    def take(self, packet: EncodedPacket) -> None:
        with self._changed:
            self.packets.append(packet)
            self._changed.notify_all()

    def until(self, count: int) -> list[EncodedPacket]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.packets) >= count, PATIENCE_S), len(self.packets)
            return list(self.packets)


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.fixture
def video(camera: Camera) -> Iterator[LiveVideo]:
    video = LiveVideo({"hall": camera}.get, PictureEncoder)
    yield video
    video.close()


def watch(video: LiveVideo, quality: str = "sd", max_side_px: int = 960) -> Heard:
    heard = Heard()
    video.watch("hall", quality, max_side_px=max_side_px, fps=10.0, take=heard.take)
    return heard


def test_what_fits_is_passed_on_as_it_is(camera: Camera, video: LiveVideo) -> None:
    heard = watch(video)
    packets = numbered_packets(5)
    for packet in packets:
        camera.packets.publish(packet)
    late = watch(video)
    assert heard.packets == packets
    assert late.packets == packets, "from the last keyframe"
    assert not camera.pictures.due(0.0), "nobody decodes for it"


def test_what_is_too_large_is_encoded_once_for_all_who_watch_it(camera: Camera, video: LiveVideo) -> None:
    camera.size = (1280, 720)
    first, second = watch(video, "thumbnail", 320), watch(video, "thumbnail", 320)
    assert not camera.packets.is_wanted
    assert len(camera.pictures.due(0.0)) == 1
    camera.look(1)
    (packet,) = first.until(1)
    assert packet.keyframe and packet.at_ms == START_MS + 100
    assert (packet.parameters.width, packet.parameters.height) == (320, 180)
    assert second.until(1) == [packet]


def test_what_browsers_do_not_play_is_encoded(camera: Camera, video: LiveVideo) -> None:
    heard = watch(video)
    packet = numbered_packets(1)[0]
    camera.packets.publish(replace(packet, parameters=replace(packet.parameters, codec="hevc")))
    assert heard.packets == []
    video.tick()
    assert not camera.packets.is_wanted
    camera.look(1)
    assert heard.until(1)[0].parameters.codec == "h264"


def test_a_camera_that_grows_too_large_goes_on_smaller(camera: Camera, video: LiveVideo) -> None:
    heard = watch(video, max_side_px=320)
    for packet in numbered_packets(2):
        camera.packets.publish(packet)
    camera.size = (640, 480)
    for packet in numbered_packets(2, width=640, height=480):
        camera.packets.publish(packet)
    assert len(heard.packets) == 2, "nothing larger than was asked for"
    video.tick()
    camera.look(1)
    assert heard.until(3)[-1].parameters.width == 320


def test_nothing_is_done_for_nobody(camera: Camera, video: LiveVideo) -> None:
    heard = Heard()
    one = video.watch("hall", "hd", max_side_px=1920, fps=10.0, take=heard.take)
    other = video.watch("hall", "thumbnail", max_side_px=64, fps=10.0, take=heard.take)
    video.leave(one)
    video.leave(other)
    video.leave(other)
    assert not camera.packets.is_wanted and not camera.pictures.due(0.0)


def test_who_is_early_waits_for_the_camera() -> None:
    cameras: dict[str, Camera] = {}
    video = LiveVideo(cameras.get, None)
    heard = watch(video)
    cameras["hall"] = Camera(size=(0, 0))
    video.tick()
    assert not cameras["hall"].packets.is_wanted, "how large it is, is not known yet"
    cameras["hall"].size = (320, 240)
    video.tick()
    cameras["hall"].packets.publish(numbered_packets(1)[0])
    assert len(heard.packets) == 1
    video.close()


def test_fragments_begin_with_an_opening_and_again_after_a_loss(camera: Camera, video: LiveVideo) -> None:
    put: list[tuple[str, str, Opening | Fragment]] = []
    fragments = LiveFragments(video, lambda *part: put.append(part), lambda work: work())
    fragments.show(ShowVideo(camera_id="hall", quality="sd", fps=10.0, max_side=960))
    packets = numbered_packets(3)
    for packet in packets[:2]:
        camera.packets.publish(packet)
    assert [type(part) for _, _, part in put] == [Opening, Fragment]
    assert {(camera_id, quality) for camera_id, quality, _ in put} == {("hall", "sd")}
    fragments.begin_again()
    assert [type(part) for _, _, part in put[2:]] == [Opening, Fragment]
    put.clear()
    fragments.forget()
    camera.packets.publish(packets[2])
    assert put == [] and not camera.packets.is_wanted
