"""Cameras as they are out there: each fault against a server process that has it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from sightline.clock import SystemClock
from sightline.engine.cameras import source_state
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader
from sightline.engine.rates import Pace
from sightline.events.engine_link import CameraSpec
from sightline.exceptions import SourceError
from sightline.ingest.open import open_source
from sightline.ingest.source import Source
from tests.faulty_rtsp import Fault, faulty_rtsp
from tests.flaky_proxy import flaky_proxy
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


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_state, "FIRST_RETRY_MS", 100)


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


@pytest.mark.usefixtures("quick_retries")
def test_fifty_cameras_that_go_down_at_once_come_back_one_after_the_other(faulty: int) -> None:
    """Fifty readers of one engine behind one switch. When each was opened again is what a camera would see."""
    pace, lock = Pace(per_second=50.0, at_once=5), threading.Lock()
    opened_s: list[float] = []

    def open_and_note(spec: str, timeout_s: float) -> Source:
        opened_s.append(time.monotonic())
        return open_source(spec, timeout_s=timeout_s)

    def turn_s() -> float:
        with lock:
            return pace.wait_s(time.monotonic())

    with flaky_proxy(faulty) as switch:
        readers = [
            CameraReader(
                CameraSpec(id=f"camera-{number}", source=f"rtsp://127.0.0.1:{switch.port}/mute", analysis_fps=1.0),
                open_source=open_and_note,
                mailboxes=Mailboxes(),
                clock=SystemClock(),
                told=lambda reader, change: None,
                stall_after_ms=3_000,
                outage_after_ms=30_000,
                turn_s=turn_s,
            )
            for number in range(50)
        ]
        for reader in readers:
            reader.start()
        wait_until(lambda: len(opened_s) >= 50)
        opened_s.clear()
        switch.cut()
        wait_until(lambda: len(opened_s) >= 50)
        for reader in readers:
            reader.stop()
        switch.cut()
        assert all(reader.join(10) for reader in readers)
    opened_s.sort()
    # In no tenth of a second more than its share and what may go at once; nearly a second passes in all.
    busiest = max(sum(start_s <= at_s < start_s + 0.1 for at_s in opened_s) for start_s in opened_s)
    assert busiest <= 0.1 * 50 + 5 + 1
    assert opened_s[49] - opened_s[0] >= (50 - 5 - 1) / 50


def wait_until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)
