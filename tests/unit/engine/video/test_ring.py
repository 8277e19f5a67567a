from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.engine.video.ring import Ring
from sightline.packets import TICKS_PER_MS, EncodedPacket, StreamParameters

PARAMETERS = StreamParameters("h264")


def packet(
    at_ms: int, *, keyframe: bool = False, size: int = 10, parameters: StreamParameters = PARAMETERS
) -> EncodedPacket:
    return EncodedPacket(parameters, bytes(size), at_ms * TICKS_PER_MS, at_ms * TICKS_PER_MS, keyframe, at_ms)


def filled(ring: Ring, *, seconds: int, keyframe_every_s: int, fps: int = 4) -> Ring:
    for number in range(seconds * fps):
        ring.add(packet(number * 1000 // fps, keyframe=number % (fps * keyframe_every_s) == 0))
    return ring


def test_a_clip_begins_at_the_last_keyframe_that_is_early_enough() -> None:
    ring = filled(Ring(seconds=20, limit_bytes=10**6), seconds=15, keyframe_every_s=2)
    packets = ring.since(13_000, 5_000)
    assert packets[0].keyframe
    assert packets[0].at_ms == 8_000
    assert packets[-1].at_ms == 14_750


def test_with_too_short_a_past_it_begins_with_the_oldest() -> None:
    ring = filled(Ring(seconds=20, limit_bytes=10**6), seconds=3, keyframe_every_s=2)
    assert ring.since(2_000, 5_000)[0].at_ms == 0


def test_what_is_older_than_the_bound_goes_by_whole_groups() -> None:
    ring = filled(Ring(seconds=6, limit_bytes=10**6), seconds=60, keyframe_every_s=4)
    packets = ring.since(59_000, 3_600_000)
    assert packets[0].keyframe
    assert 6_000 <= packets[-1].at_ms - packets[0].at_ms <= 6_000 + 4_000


def test_another_stream_is_never_mixed_in() -> None:
    ring = filled(Ring(seconds=60, limit_bytes=10**6), seconds=5, keyframe_every_s=1)
    other = StreamParameters("h264")
    ring.add(packet(5_000, parameters=other))
    assert ring.since(5_000, 5_000) == []
    ring.add(packet(5_250, keyframe=True, parameters=other))
    assert [one.at_ms for one in ring.since(5_250, 5_000)] == [5_250]


def test_a_group_that_alone_is_too_large_is_lost_and_counted() -> None:
    ring = Ring(seconds=60, limit_bytes=100)
    for number in range(12):
        ring.add(packet(number, keyframe=number == 0))
    assert ring.groups_lost == 1
    assert ring.size_bytes == 0
    ring.add(packet(20, keyframe=True))
    assert ring.size_bytes == 10


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60), st.integers(0, 3_000)), max_size=120))
def test_it_is_bounded_and_always_begins_with_a_keyframe(steps: list[tuple[bool, int, int]]) -> None:
    ring = Ring(seconds=10, limit_bytes=500)
    at_ms = 0
    for keyframe, size, step_ms in steps:
        at_ms += step_ms
        ring.add(packet(at_ms, keyframe=keyframe, size=size))
        held = ring.since(at_ms, 3_600_000)
        assert ring.size_bytes == sum(len(one.data) for one in held) <= 500
        assert not held or held[0].keyframe
        groups = [one.at_ms for one in held if one.keyframe]
        assert len(groups) < 2 or groups[1] > at_ms - 10_000
