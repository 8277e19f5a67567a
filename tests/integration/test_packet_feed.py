"""From real files through a camera's reader to whoever listens for its packets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sightline.clock import SystemClock
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, FrameSource
from sightline.events.engine_link import CameraSpec
from sightline.events.scene import Scene
from sightline.frames import Frame, Image
from sightline.ingest.encoder import PictureEncoder
from sightline.ingest.open import open_source
from sightline.packets import EncodedPacket
from tests.videos import number_in, numbered, write_video

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def decoded(packets: list[EncodedPacket]) -> dict[int, Image]:
    """The pictures of one stream that begins with a keyframe, by their packets' presentation time."""
    context = av.CodecContext.create(packets[0].parameters.codec, "r")
    pictures = {}
    for one in [*packets, None]:
        packet = None
        if one is not None:
            packet = av.Packet(one.data)
            packet.pts, packet.dts, packet.time_base = one.pts, one.dts, Fraction(1, 90_000)
        for frame in context.decode(packet):  # type: ignore[attr-defined]
            pictures[frame.pts] = np.array(frame.to_ndarray(format="bgr24"))
    return pictures


class Listener:
    def __init__(self, reader: CameraReader, wanted: int) -> None:
        self.packets: list[EncodedPacket] = []
        self.enough = threading.Event()
        self._wanted = wanted
        self._listening = reader.packets.listen(self._heard)

    def _heard(self, packet: EncodedPacket) -> None:
        self.packets.append(packet)
        if len(self.packets) >= self._wanted:
            self._listening.close()
            self.enough.set()


@contextmanager
def reading(
    path: Path, *, scene: Scene | None = None, fps: float = 30.0, rotation: int = 0
) -> Iterator[tuple[CameraReader, list[Frame]]]:
    frames: list[Frame] = []

    class Kept(Mailboxes):
        def put(self, frame: Frame) -> None:
            frames.append(frame)

    def opened(spec: str, timeout_s: float, /) -> FrameSource:
        return open_source(spec, timeout_s=timeout_s)

    reader = CameraReader(
        CameraSpec(id="hall", source=str(path), analysis_fps=fps, scene=scene or Scene(), rotation=rotation),
        open_source=opened,
        mailboxes=Kept(),
        clock=SystemClock(),
        told=lambda _reader, _change: None,
        stall_after_ms=5_000,
        outage_after_ms=10_000,
        open_encoder=PictureEncoder,
    )
    try:
        yield reader, frames
    finally:
        reader.stop()
        assert reader.join(10)


def with_reordering(path: Path) -> Path:
    """A video whose pictures are not shown in the order in which they are sent."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 320, 240, "yuv420p", 10
        stream.options = {"preset": "veryfast", "bf": "3", "b-adapt": "0", "crf": "18"}
        for number in range(40):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), format="bgr24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("reordered", [False, True])
def test_a_frame_and_the_packet_that_holds_it_bear_the_same_time(tmp_path: Path, reordered: bool) -> None:
    path = tmp_path / "v.mp4"
    if reordered:
        with_reordering(path)
    else:
        write_video(path, [numbered(number) for number in range(40)], fps=20)
    with reading(path) as (reader, frames):
        listener = Listener(reader, 60)
        reader.start()
        assert listener.enough.wait(20)
    packets = listener.packets
    assert packets[0].keyframe
    assert packets[0].data.startswith(b"\x00\x00\x00\x01")
    assert all(before.dts < after.dts for before, after in zip(packets, packets[1:], strict=False))
    assert len({id(one.parameters) for one in packets}) == 1
    pictures = decoded(packets)
    times = {one.at_ms: pictures[one.pts] for one in packets if one.pts in pictures}
    held = [frame for frame in frames if frame.captured_at_ms in times]
    assert len(held) >= 40
    assert all(number_in(frame.image) == number_in(times[frame.captured_at_ms]) for frame in held)


def test_what_is_masked_is_in_no_packet(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [numbered(0xFFFF) for _ in range(20)], fps=20)
    with reading(path, scene=Scene(masks=(LEFT_HALF,))) as (reader, frames):
        listener = Listener(reader, 10)
        reader.start()
        assert listener.enough.wait(20)
    assert packets_black_on_the_left(listener.packets)
    assert {one.at_ms for one in listener.packets} <= {frame.captured_at_ms for frame in frames}


def test_what_is_turned_by_setting_is_turned_in_every_packet(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [numbered(number) for number in range(20)], fps=20)
    with reading(path, rotation=270) as (reader, frames):
        listener = Listener(reader, 10)
        reader.start()
        assert listener.enough.wait(20)
    parameters = listener.packets[0].parameters
    assert (parameters.width, parameters.height, parameters.rotation) == (240, 320, 0)
    pictures = decoded(listener.packets)
    shown = {one.at_ms: np.rot90(pictures[one.pts], -1) for one in listener.packets if one.pts in pictures}
    held = {frame.captured_at_ms: np.rot90(frame.image, -1) for frame in frames}
    assert len(shown) >= 8
    assert all(number_in(shown[at_ms]) == number_in(held[at_ms]) for at_ms in shown)
    assert len({number_in(image) for image in shown.values()}) >= 8


def test_a_mask_that_is_drawn_while_somebody_listens_cuts_the_stream(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [numbered(0xFFFF) for _ in range(20)], fps=20)
    with reading(path) as (reader, _):
        watched, first = Listener(reader, 60), Listener(reader, 10)
        reader.start()
        assert first.enough.wait(20)
        reader.camera = CameraSpec(id="hall", source=str(path), analysis_fps=30.0, scene=Scene(masks=(LEFT_HALF,)))
        assert watched.enough.wait(20)
    packets = watched.packets
    changed = next(n for n, one in enumerate(packets) if one.parameters is not packets[0].parameters)
    assert packets[changed].keyframe
    assert packets_black_on_the_left(packets[changed:])


def packets_black_on_the_left(packets: list[EncodedPacket]) -> bool:
    pictures = decoded(packets).values()
    assert pictures
    return all(picture[:, :150].max() < 30 and picture[:, 170:].min() > 200 for picture in pictures)


def test_pictures_that_no_browser_plays_are_encoded_once_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=20)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for number in range(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), format="bgr24")))
    with reading(path, fps=2.0) as (reader, _):
        slow = Listener(reader, 4)
        reader.start()
        assert slow.enough.wait(20)
        queue = reader.packets.queue(fps=20.0)
        fast = Listener(reader, 30)
        assert fast.enough.wait(20)
        queue.close()
    gaps_ms = np.diff([one.at_ms for one in slow.packets])
    assert gaps_ms.min() > 300, "the rate of the analysis"
    assert np.median(np.diff([one.at_ms for one in fast.packets])) < 100
    assert {one.parameters.codec for one in [*slow.packets, *fast.packets]} == {"h264"}
    assert number_in(next(iter(decoded(slow.packets).values()))) in range(20)
