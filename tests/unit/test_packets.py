from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.packets import TICKS_PER_MS, EncodedPacket, StreamParameters, Timeline

PARAMETERS = StreamParameters("h264")


def packet(dts: int, *, pts: int | None = None, at_ms: int = 0) -> EncodedPacket:
    return EncodedPacket(PARAMETERS, b"x", dts if pts is None else pts, dts, True, at_ms)


def test_a_good_clock_is_kept_from_zero() -> None:
    timeline = Timeline()
    placed = [timeline.place(packet(9000 + 3600 * n, pts=9000 + 3600 * (n + 2), at_ms=n)) for n in range(3)]
    assert [one.dts for one in placed] == [0, 3600, 7200]
    assert [one.pts for one in placed] == [7200, 10800, 14400]


def test_a_loop_a_jump_and_no_times_at_all_go_by_the_time_of_arrival() -> None:
    timeline = Timeline()
    given = [packet(0, at_ms=1000), packet(3600, at_ms=1040), packet(0, at_ms=1080), packet(0, at_ms=1120)]
    given += [packet(90_000_000, at_ms=1160), packet(90_003_600, at_ms=1400)]
    assert [timeline.place(one).dts for one in given] == [0, 3600, 7200, 10800, 14400, 18000]


def test_after_a_reconnection_the_gap_is_as_long_as_it_was() -> None:
    timeline = Timeline()
    timeline.place(packet(3600, at_ms=1000))
    timeline.source_changed()
    assert timeline.place(packet(7200, at_ms=9000)).dts == 8000 * TICKS_PER_MS


@given(st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.integers(0, 2**40))))
def test_whatever_a_source_says_times_rise_and_no_picture_is_shown_before_it_is_decoded(
    times: list[tuple[int, int, int]],
) -> None:
    timeline = Timeline()
    placed = [timeline.place(packet(dts, pts=pts, at_ms=at_ms)) for dts, pts, at_ms in times]
    assert all(one.pts >= one.dts for one in placed)
    assert all(before.dts < after.dts for before, after in zip(placed, placed[1:], strict=False))
