"""The larger stream: the picture of the moment that is asked for, decoded only then."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from sightline.engine.cameras.detail import DetailPictures
from sightline.engine.video.packet_fan import PacketFan
from sightline.frames import Image
from sightline.ingest.packet_decoder import PictureDecoder
from sightline.ingest.tap import PacketTap
from sightline.packets import EncodedPacket, StreamParameters
from tests.videos import number_in, numbered, write_video

STEP_MS = 100


class Counted(PictureDecoder):
    """Counts what is decoded."""

    opened = decoded = 0

    def __init__(self, parameters: StreamParameters) -> None:
        super().__init__(parameters)
        Counted.opened += 1

    def decode(self, packet: EncodedPacket) -> None:
        Counted.decoded += 1
        super().decode(packet)


@pytest.fixture
def packets(tmp_path: Path) -> list[EncodedPacket]:
    """Forty pictures, one every 100 ms, in groups of ten."""
    Counted.opened = Counted.decoded = 0
    path = write_video(tmp_path / "large.mp4", [numbered(n, 640, 480) for n in range(40)], fps=10)
    found: list[EncodedPacket] = []
    with av.open(str(path)) as container:
        tap = PacketTap(container.streams.video[0])
        for packet in container.demux():
            if packet.size:
                tap.read(packet)
                found += tap.take(1_000 + len(found) * STEP_MS, 0)
    return found


def shown(pictures: DetailPictures, at_ms: int) -> int | None:
    detail = pictures.detail(at_ms)
    image: Image | None = detail.picture() if detail is not None else None
    return None if image is None else number_in(image)


def test_the_nearest_picture_is_decoded_and_the_next_ones_from_there(packets: list[EncodedPacket]) -> None:
    fan = PacketFan()
    pictures = DetailPictures(fan, Counted)
    pictures.start()
    for packet in packets[:17]:
        fan.publish(packet)
    detail = pictures.detail(2_300)
    assert detail is not None and (detail.width, detail.height) == (640, 480)
    assert Counted.decoded == 0
    assert shown(pictures, 2_340) == 13
    assert (Counted.opened, Counted.decoded) == (1, 4)
    assert shown(pictures, 2_560) == 16
    assert (Counted.opened, Counted.decoded) == (1, 7)
    assert shown(pictures, 2_200) == 12, "an earlier moment takes the group from its beginning"
    for packet in packets[17:25]:
        fan.publish(packet)
    Counted.decoded = 0
    assert shown(pictures, 3_200) == 22
    assert Counted.decoded == 3, "from the newest keyframe"


def test_a_moment_of_which_there_is_no_picture(packets: list[EncodedPacket]) -> None:
    fan = PacketFan()
    pictures = DetailPictures(fan, Counted)
    assert pictures.detail(1_000) is None
    pictures.start()
    for packet in packets[:5]:
        fan.publish(packet)
    assert shown(pictures, 1_900) is None
    assert pictures.detail(60_000) is None
    pictures.stop()
    assert not fan.is_wanted


def test_damage_costs_its_group_and_no_more(packets: list[EncodedPacket]) -> None:
    fan = PacketFan()
    pictures = DetailPictures(fan, Counted)
    pictures.start()
    for packet in packets[12:25]:  # nothing before the first keyframe can be shown
        fan.publish(packet)
    assert shown(pictures, 2_400) is None
    assert shown(pictures, 3_300) == 23
