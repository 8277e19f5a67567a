from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from sightline.frames import Image
from sightline.ingest import decoding
from sightline.ingest.decoding import MAX_BURST_FRAMES, LateDecoder
from tests.videos import number_in, numbered, write_video


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the bursts that were decoded."""
    bursts: list[int] = []
    decode = LateDecoder._decode

    def counted(self: LateDecoder) -> None:
        if self._queue:
            bursts.append(len(self._queue))
        decode(self)

    monkeypatch.setattr(LateDecoder, "_decode", counted)
    return bursts


def encoded(path: Path, codec: str, count: int, group: int = 15) -> Path:
    """A video with a keyframe every `group` pictures, or of nothing else."""
    if codec == "libx264":
        return write_video(path, [numbered(n) for n in range(count)], fps=group)
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream(codec, rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for number in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), format="bgr24")))
        container.mux(stream.encode())
    return path


def packets(path: Path) -> tuple[LateDecoder, Iterator[av.Packet[Any]]]:
    container = av.open(str(path))
    decoder = LateDecoder(container.streams.video[0].codec_context)
    return decoder, (packet for packet in container.demux() if packet.size)


def shown(decoder: LateDecoder) -> Image:
    frame = decoder.newest()
    assert frame is not None
    return frame.to_ndarray(format="bgr24")


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
@pytest.mark.parametrize("every", [1, 3, 7])
def test_the_frame_shown_is_that_of_the_packet_taken_last(tmp_path: Path, codec: str, every: int) -> None:
    decoder, stream = packets(encoded(tmp_path / ("v.avi" if codec == "mjpeg" else "v.mp4"), codec, 40))
    for number, packet in enumerate(stream):
        decoder.take(packet)
        if number % every == 0:
            assert number_in(shown(decoder)) == number
            assert number_in(shown(decoder)) == number


def test_pictures_that_stand_alone_are_decoded_only_when_wanted(tmp_path: Path, decodes: list[int]) -> None:
    decoder, stream = packets(encoded(tmp_path / "v.avi", "mjpeg", 40))
    for packet in stream:
        decoder.take(packet)
    assert number_in(shown(decoder)) == 39
    assert decodes == [1]


def test_others_are_decoded_in_bursts(tmp_path: Path, decodes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BURST_S", 1e6)
    decoder, stream = packets(encoded(tmp_path / "v.mp4", "libx264", 41, group=60))
    for packet in stream:
        decoder.take(packet)
    assert decodes == [1] + [MAX_BURST_FRAMES] * 5


def test_a_group_of_which_nobody_wants_a_picture_is_not_decoded(tmp_path: Path, decodes: list[int]) -> None:
    decoder, stream = packets(encoded(tmp_path / "v.mp4", "libx264", 50, group=10))
    for number, packet in enumerate(stream):
        decoder.take(packet)
        if number == 4:
            assert number_in(shown(decoder)) == 4
        if number == 20:  # two groups ago somebody asked, in the last one nobody did
            before = sum(decodes)
        if number == 33:
            assert sum(decodes) == before
            assert number_in(shown(decoder)) == number
            assert sum(decodes) == before + 4  # from the keyframe on


def test_slow_frames_are_decoded_at_once(tmp_path: Path, decodes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BURST_S", 0.0)
    decoder, stream = packets(encoded(tmp_path / "v.mp4", "libx264", 10))
    for packet in stream:
        decoder.take(packet)
    assert decodes == [1] * 10


def test_damage_shows_no_stale_picture(tmp_path: Path) -> None:
    decoder, stream = packets(encoded(tmp_path / "v.avi", "mjpeg", 6))
    good = list(stream)
    decoder.take(good[0])
    assert number_in(shown(decoder)) == 0
    damaged = av.Packet(b"this is no picture")
    damaged.stream = good[0].stream
    decoder.take(damaged)
    assert decoder.newest() is None
    assert decoder.failing_since_s is not None
    decoder.take(good[1])
    assert number_in(shown(decoder)) == 1
    assert decoder.failing_since_s is None
