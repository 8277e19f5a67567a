from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.engine.video.packet_fan import PacketFan
from sightline.packets import EncodedPacket, StreamParameters

PARAMETERS = StreamParameters("h264")


def packet(number: int, *, keyframe: bool = False, size: int = 10) -> EncodedPacket:
    return EncodedPacket(PARAMETERS, bytes(size), number, number, keyframe, number)


def numbers(packets: list[EncodedPacket]) -> list[int]:
    return [one.dts for one in packets]


def test_nobody_listens_and_nothing_is_kept() -> None:
    fan = PacketFan()
    fan.publish(packet(1, keyframe=True))
    heard: list[EncodedPacket] = []
    assert not fan.is_wanted
    fan.listen(heard.append)
    assert heard == []
    assert fan.is_wanted


def test_a_newcomer_begins_at_the_last_keyframe() -> None:
    fan = PacketFan()
    first: list[EncodedPacket] = []
    late: list[EncodedPacket] = []
    fan.listen(first.append)
    for number in range(7):
        fan.publish(packet(number, keyframe=number in (0, 4)))
    listening = fan.listen(late.append)
    fan.publish(packet(7))
    assert numbers(late) == [4, 5, 6, 7]
    assert numbers(first) == list(range(8))
    listening.close()
    listening.close()
    fan.publish(packet(8))
    assert numbers(late) == [4, 5, 6, 7]


def test_what_was_cut_reaches_no_newcomer() -> None:
    fan = PacketFan()
    fan.listen(lambda _packet: None)
    fan.publish(packet(0, keyframe=True))
    fan.cut()
    late: list[EncodedPacket] = []
    fan.listen(late.append)
    assert late == []


def test_the_fastest_wish_counts_for_encoding() -> None:
    fan = PacketFan()
    fan.listen(lambda _packet: None)
    assert fan.fps == 0.0
    viewer = fan.queue(fps=25.0)
    assert fan.fps == 25.0
    viewer.close()
    assert fan.fps == 0.0


def test_a_slow_taker_loses_the_oldest_groups_and_goes_on_at_a_keyframe() -> None:
    fan = PacketFan()
    queue = fan.queue(limit_packets=5)
    for number in range(8):
        fan.publish(packet(number, keyframe=number % 3 == 0))
    taken = []
    while (one := queue.take()) is not None:
        taken.append(one)
    assert numbers(taken) == [3, 4, 5, 6, 7]
    assert queue.dropped == 3


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 50), st.booleans()), max_size=80),
    st.integers(1, 8),
    st.integers(20, 200),
)
def test_a_queue_is_bounded_and_never_begins_after_a_loss_but_with_a_keyframe(
    steps: list[tuple[bool, int, bool]], limit_packets: int, limit_bytes: int
) -> None:
    fan = PacketFan()
    queue = fan.queue(limit_packets=limit_packets, limit_bytes=limit_bytes)
    before = -1
    taken = 0
    for number, (keyframe, size, takes) in enumerate(steps):
        fan.publish(packet(number, keyframe=keyframe, size=size))
        if takes and (one := queue.take()) is not None:
            taken += 1
            assert one.dts > before
            assert one.keyframe or one.dts == before + 1
            before = one.dts
    left = 0
    while queue.take() is not None:
        left += 1
    assert left <= limit_packets
    assert taken + left + queue.dropped == len(steps)
