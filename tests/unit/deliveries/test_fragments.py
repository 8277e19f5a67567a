from __future__ import annotations

import io
import itertools
from dataclasses import replace

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.fragments import NTP_EPOCH_S, Fragment, FragmentWriter, Opening, is_playable
from sightline.packets import EncodedPacket, StreamParameters
from tests.encoded import START_MS, numbered_packets
from tests.videos import number_in

PARAMETERS = StreamParameters("h264", width=320, height=240)


def written(packets: list[EncodedPacket]) -> list[Opening | Fragment]:
    writer = FragmentWriter()
    return [part for packet in packets for part in writer.write(packet)]


def played(parts: list[Opening | Fragment]) -> list[tuple[int, float]]:
    """Number and time in seconds of each picture, as libav plays the file."""
    data = b"".join(part.data for part in parts)
    with av.open(io.BytesIO(data), format="mp4") as container:
        return [
            (number_in(frame.to_ndarray(format="bgr24")), round(float(frame.time or 0.0), 3))
            for frame in container.decode(video=0)
        ]


def test_every_picture_plays_at_its_time_and_is_out_with_the_next() -> None:
    packets = numbered_packets(41)
    writer = FragmentWriter()
    parts = [*writer.write(packets[0])]
    assert [type(part) for part in parts] == [Opening]
    for before, packet in itertools.pairwise(packets):
        (fragment,) = writer.write(packet)
        assert isinstance(fragment, Fragment)
        assert (fragment.at_ms, fragment.keyframe) == (before.at_ms, before.keyframe)
        parts.append(fragment)
    assert played(parts) == [(number, round(number / 15, 3)) for number in range(40)]


def test_each_picture_lasts_until_the_next() -> None:
    """Else `MediaSource` takes the time between them for a gap, and waits for a keyframe."""
    packets = numbered_packets(5)
    uneven = [replace(packet, pts=at, dts=at) for packet, at in zip(packets, (0, 900, 9000, 9500, 90_000), strict=True)]
    data = b"".join(part.data for part in written(uneven))
    with av.open(io.BytesIO(data), format="mp4") as container:
        lasts = [(packet.pts, packet.duration) for packet in container.demux(video=0) if packet.size]
    assert lasts == [(0, 900), (900, 8100), (9000, 500), (9500, 80_500)]


def test_the_opening_says_what_comes() -> None:
    opening = written(numbered_packets(1))[0]
    assert isinstance(opening, Opening)
    assert (opening.width, opening.height) == (320, 240)
    assert opening.mime.startswith('video/mp4; codecs="avc1.42')


def test_each_fragment_says_when_its_picture_was_captured() -> None:
    packet, following = numbered_packets(2)
    fragment = written([replace(packet, pts=4500, dts=4500), following])[1]
    assert fragment.data[4:8] == b"prft"
    ntp, media = int.from_bytes(fragment.data[16:24], "big"), int.from_bytes(fragment.data[24:32], "big")
    assert round(ntp * 1000 / 2**32) - NTP_EPOCH_S * 1000 == START_MS
    assert media == 4500


def test_nothing_comes_before_a_keyframe_and_another_size_opens_again() -> None:
    small, large = numbered_packets(3), numbered_packets(3, width=640, height=480)
    parts = written([*small[1:], *large])
    assert [type(part) for part in parts] == [Opening, Fragment, Fragment]
    again = written([*large, *small])
    assert [part.width for part in again if isinstance(part, Opening)] == [640, 320]


def test_a_picture_shown_later_than_decoded_keeps_its_time() -> None:
    packets = [replace(packet, pts=packet.pts + 9000) for packet in numbered_packets(4)]
    assert [at_s for _, at_s in played(written(packets))] == [0.1, 0.167, 0.233]


@pytest.mark.parametrize(
    ("changed", "plays"),
    [
        ({}, True),
        ({"parameters": replace(PARAMETERS, codec="hevc")}, False),
        ({"parameters": replace(PARAMETERS, width=1280, height=720)}, False),
        ({"parameters": replace(PARAMETERS, width=0, height=0)}, False),
        ({"parameters": replace(PARAMETERS, rotation=90)}, False),
        ({"pts": 10}, False),
    ],
)
def test_what_browsers_play_as_it_is(changed: dict[str, object], plays: bool) -> None:
    packet = EncodedPacket(PARAMETERS, b"", 0, 0, True, START_MS)
    assert is_playable(replace(packet, **changed), 960) is plays  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=5))
def test_damaged_packets_never_raise(contents: list[tuple[bytes, bool]]) -> None:
    packets = [EncodedPacket(PARAMETERS, data, n, n, keyframe, START_MS) for n, (data, keyframe) in enumerate(contents)]
    assert len(written(packets)) <= 2 * len(packets)
