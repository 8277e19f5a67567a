"""A camera with two streams: the smaller one is analysed, faces are recognised in the larger one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import pytest

from sightline.cameras import CameraState
from sightline.clock import SystemClock
from sightline.engine.cameras.detail import DetailPictures
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, LargeStream
from sightline.events.engine_link import CameraSpec
from sightline.frames import Frame, Image
from sightline.ingest.encoder import PictureEncoder
from sightline.ingest.open import open_source
from sightline.ingest.packet_decoder import PictureDecoder
from sightline.packets import EncodedPacket
from sightline.privacy import FaceBlur
from tests.faulty_rtsp import faulty_rtsp
from tests.videos import number_in, numbered, write_video


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Of the larger and of the smaller stream: the same numbers, twice as many pictures in the larger."""
    folder = tmp_path_factory.mktemp("streams")
    pictures = [numbered(n, 1280, 720) for n in range(90)]
    large = write_video(folder / "large.h264", pictures, format="h264")
    small = write_video(folder / "small.h264", [cv2.resize(image, (320, 180)) for image in pictures], format="h264")
    with faulty_rtsp(large) as large_port, faulty_rtsp(small) as small_port:
        yield large_port, small_port


def reader_of(camera: CameraSpec, mailboxes: Mailboxes | None, large: LargeStream | None = None) -> CameraReader:
    return CameraReader(
        camera,
        open_source=lambda spec, timeout_s: open_source(spec, timeout_s=timeout_s),
        mailboxes=mailboxes,
        clock=SystemClock(),
        told=lambda reader, change: None,
        stall_after_ms=3_000,
        outage_after_ms=30_000,
        large=large,
        open_encoder=PictureEncoder,
    )


def frames_with_detail(mailboxes: Mailboxes, count: int) -> Iterator[tuple[Frame, Image]]:
    until_s = time.monotonic() + 30
    while count:
        assert time.monotonic() < until_s
        frame = mailboxes.take(5)
        assert frame is not None
        mailboxes.done(frame.camera_id)
        picture = frame.detail.picture() if frame.detail is not None else None
        if picture is not None:
            count -= 1
            yield frame, picture


def test_frames_are_of_the_smaller_stream_and_bring_the_moment_in_the_larger(ports: tuple[int, int]) -> None:
    large_port, small_port = ports
    camera = CameraSpec(
        id="hall",
        source=f"rtsp://127.0.0.1:{large_port}/none",
        substream=f"rtsp://127.0.0.1:{small_port}/none",
        analysis_fps=10.0,
    )
    main = reader_of(camera, None)
    mailboxes = Mailboxes()
    reader = reader_of(camera, mailboxes, LargeStream(main, DetailPictures(main.packets, PictureDecoder)))
    reader.start()
    try:
        # Each stream plays from when it was asked for: what must hold is that they keep their distance.
        apart = []
        for frame, picture in frames_with_detail(mailboxes, 12):
            assert (frame.width, frame.height, picture.shape) == (320, 180, (720, 1280, 3))
            apart.append((number_in(frame.image) - number_in(picture)) % 90)
        middle = sorted(apart)[len(apart) // 2]
        assert all(min((one - middle) % 90, (middle - one) % 90) <= 6 for one in apart), apart
        report = reader.report()
        assert (report.state, report.reason, report.width) == (CameraState.ONLINE.value, "", 320)
        assert reader.packets is main.packets
    finally:
        reader.stop()
        assert reader.join(10)


def test_both_streams_are_turned_and_where_faces_are_blurred_the_larger_one_is_shown_to_nobody(
    ports: tuple[int, int],
) -> None:
    large_port, small_port = ports
    camera = CameraSpec(
        id="hall",
        source=f"rtsp://127.0.0.1:{large_port}/none",
        substream=f"rtsp://127.0.0.1:{small_port}/none",
        analysis_fps=10.0,
        rotation=90,
        blur_faces=FaceBlur.ALL,
    )
    main = reader_of(camera, None)
    mailboxes = Mailboxes()
    reader = reader_of(camera, mailboxes, LargeStream(main, DetailPictures(main.packets, PictureDecoder)))
    packets: list[EncodedPacket] = []
    reader.packets.listen(packets.append, fps=10.0)
    reader.start()
    try:
        for frame, picture in frames_with_detail(mailboxes, 4):
            assert (frame.width, frame.height, picture.shape) == (180, 320, (1280, 720, 3))
            shown = len(packets)
            reader.show(frame)
            assert len(packets) == shown + 1
    finally:
        reader.stop()
        assert reader.join(10)
    assert {(one.parameters.width, one.parameters.height) for one in packets} == {(180, 320)}
    assert len(packets) == 4, "of what is not shown nothing is seen"


def test_without_its_larger_stream_a_camera_is_analysed_by_the_smaller_and_says_so(ports: tuple[int, int]) -> None:
    camera = CameraSpec(
        id="hall", source="rtsp://127.0.0.1:9/none", substream=f"rtsp://127.0.0.1:{ports[1]}/none", analysis_fps=10.0
    )
    main = reader_of(camera, None)
    mailboxes = Mailboxes()
    reader = reader_of(camera, mailboxes, LargeStream(main, DetailPictures(main.packets, PictureDecoder)))
    reader.start()
    try:
        frame = mailboxes.take(10)
        assert frame is not None and frame.detail is None
        until_s = time.monotonic() + 10
        while "nothing listens" not in (reason := reader.report().reason):
            assert time.monotonic() < until_s, reason
            time.sleep(0.05)
        assert reason == "analysed by its smaller stream alone: nothing listens at 127.0.0.1:9"
        assert reader.report().state == CameraState.ONLINE.value
    finally:
        reader.stop()
        assert reader.join(10)
