"""Cameras as they are out there: each fault against a server process that has it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from sightline.exceptions import SourceError
from sightline.ingest.open import open_source
from tests.faulty_rtsp import Fault, faulty_rtsp
from tests.rtsp_server import available, rtsp_server
from tests.videos import number_in, numbered, write_video

TIMEOUT_S = 1.0


@pytest.fixture(scope="module")
def h264(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("h264")
    return write_video(folder / "video.h264", [numbered(n) for n in range(30)], format="h264")


@pytest.fixture(scope="module")
def faulty(h264: Path) -> Iterator[int]:
    with faulty_rtsp(h264) as port:
        yield port


def pictures(url: str, count: int) -> list[int]:
    """The numbers of the next `count` pictures that could be decoded."""
    source = open_source(url, timeout_s=TIMEOUT_S)
    try:
        found = []
        for _ in range(count):
            source.grab()
            found.append(number_in(source.picture()))
        return found
    finally:
        source.close()


def in_order(numbers: list[int]) -> bool:
    """Whether the pictures follow each other, here and there one twice or left out (the video begins again at 30)."""
    steps = [(after - before) % 30 for before, after in itertools.pairwise(numbers)]
    return set(steps) <= {0, 1, 2} and steps.count(1) > 0.8 * len(steps)


def refusal(url: str) -> str:
    with pytest.raises(SourceError) as caught:
        pictures(url, 1_000)
    return caught.value.reason


def test_a_camera_without_fault(faulty: int) -> None:
    assert in_order(pictures(f"rtsp://127.0.0.1:{faulty}/{Fault.NONE}", 20))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.SILENT, "127.0.0.1:{port} sent nothing for 1 s"),
        (Fault.BABBLES, "what 127.0.0.1:{port} sends is not a video"),
        (Fault.MUTE, "127.0.0.1:{port} sent nothing for 1 s"),
        (Fault.GARBAGE, "no picture came for 1 s"),
    ],
)
def test_a_camera_that_does_not_work_says_why(faulty: int, fault: Fault, reason: str) -> None:
    assert refusal(f"rtsp://127.0.0.1:{faulty}/{fault}") == reason.format(port=faulty)


@pytest.mark.parametrize("fault", [Fault.FROZEN_CLOCK, Fault.WILD_CLOCK, Fault.IRREGULAR])
def test_times_that_are_wrong_cost_no_picture(faulty: int, fault: Fault) -> None:
    assert in_order(pictures(f"rtsp://127.0.0.1:{faulty}/{fault}", 25))


def test_lost_packets_cost_pictures_and_not_the_camera(faulty: int) -> None:
    assert len(pictures(f"rtsp://127.0.0.1:{faulty}/{Fault.LOSSY}", 25)) == 25


def test_h265(tmp_path: Path) -> None:
    video = write_video(tmp_path / "video.h265", [numbered(n) for n in range(30)], format="hevc", codec="libx265")
    with faulty_rtsp(video, "H265") as port:
        source = open_source(f"rtsp://127.0.0.1:{port}/{Fault.NONE}", timeout_s=TIMEOUT_S)
        assert source.codec == "hevc"
        source.close()
        found = pictures(f"rtsp://127.0.0.1:{port}/{Fault.NONE}", 20)
        assert len(set(found)) > 15


def test_h265_of_another_make(tmp_path: Path) -> None:
    if not available():
        pytest.skip("GStreamer's RTSP server is not installed (`make test` does it)")
    video = write_video(tmp_path / "video.h265", [numbered(n) for n in range(30)], format="hevc", codec="libx265")
    with rtsp_server(video, video, codec="h265") as ports:
        assert len(set(pictures(f"rtsp://127.0.0.1:{ports.open}/video", 20))) > 15
        assert len(set(pictures(f"rtsp+udp://127.0.0.1:{ports.open}/video", 20))) > 15


@pytest.mark.parametrize("degrees", [90, 180])
def test_a_picture_that_says_how_it_is_turned_is_shown_upright(tmp_path: Path, degrees: int) -> None:
    video = write_video(tmp_path / "video.h264", [numbered(n) for n in range(30)], format="h264")
    turned = tmp_path / "turned.h264"
    with av.open(str(video)) as source, av.open(str(turned), "w", format="h264") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        told = av.BitStreamFilterContext(f"h264_metadata=display_orientation=insert:rotate={degrees}", stream)
        for packet in source.demux(stream):
            for changed in told.filter(packet) if packet.size else []:
                changed.stream = copy
                target.mux(changed)
    with faulty_rtsp(turned) as port:
        camera = open_source(f"rtsp://127.0.0.1:{port}/{Fault.NONE}", timeout_s=TIMEOUT_S)
        try:
            shapes = []
            for _ in range(40):
                camera.grab()
                shapes.append(camera.picture().shape[:2])
        finally:
            camera.close()
    assert set(shapes[20:]) == {(240, 320) if degrees == 180 else (320, 240)}
