from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.engine.link.lease_keeper import LeaseKeeper
from sightline.events.lease import Lease


def lease(beat: int, length_ms: int = 6_000, gateways: int = 1) -> Lease:
    return Lease(beat=beat, length_ms=length_ms, server_time=0, gateways=gateways)


def test_a_lease_counts_from_when_the_beat_was_said() -> None:
    keeper = LeaseKeeper()
    beat = keeper.beat(["b", "a"], None, now_s=100.0)
    assert beat.holds == ["a", "b"]
    assert keeper.granted(lease(beat.number)) == 100.0  # however late the answer comes
    assert not keeper.is_over(105.9)
    assert keeper.is_over(106.0)


def test_without_a_lease_nothing_ends() -> None:
    keeper = LeaseKeeper()
    keeper.beat([], None, now_s=0.0)
    assert not keeper.is_over(1e9)


def test_an_answer_out_of_turn_shortens_nothing() -> None:
    keeper = LeaseKeeper()
    first, second = (keeper.beat([], None, now_s=at_s).number for at_s in (0.0, 2.0))
    keeper.granted(lease(second))
    keeper.granted(lease(first))
    assert not keeper.is_over(7.9)


def test_answers_to_beats_of_an_earlier_link_are_nobodys() -> None:
    keeper = LeaseKeeper()
    beat = keeper.beat([], None, now_s=0.0)
    keeper.link_opened(1.0)
    assert keeper.granted(lease(beat.number)) is None
    assert keeper.granted(lease(99)) is None


def test_refusals_prolong_a_lease_that_holds() -> None:
    keeper = LeaseKeeper()
    keeper.granted(lease(keeper.beat([], None, now_s=0.0).number))
    keeper.nobody_listens(5.0, addresses=1)
    assert not keeper.is_over(10.9)
    keeper.nobody_listens(12.0, addresses=1)  # too late
    assert keeper.is_over(12.0)


def test_refusals_of_some_gateways_say_nothing_of_the_others() -> None:
    keeper = LeaseKeeper()
    keeper.granted(lease(keeper.beat([], None, now_s=0.0).number, gateways=3))
    keeper.nobody_listens(5.0, addresses=2)
    assert keeper.is_over(6.0)


def test_a_lease_that_ended_is_forgotten_with_the_next_link() -> None:
    keeper = LeaseKeeper()
    keeper.granted(lease(keeper.beat([], None, now_s=0.0).number))
    keeper.link_opened(7.0)
    assert not keeper.is_over(8.0)


@given(
    ways=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=20),
    off_s=st.floats(-1e6, 1e6),
)
def test_an_engine_has_stopped_before_the_gateway_thinks_so(ways: list[tuple[float, float]], off_s: float) -> None:
    """Beats take a time on their way and their answers another; the two clocks have nothing to do with each other."""
    keeper, gateway_until_s, at_s = LeaseKeeper(), 0.0, 0.0
    for there_s, back_s in ways:
        beat = keeper.beat([], None, now_s=at_s)
        gateway_until_s = at_s + there_s + 6.0 + off_s  # by the gateway's clock
        keeper.granted(lease(beat.number))
        assert keeper.is_over(gateway_until_s - off_s + 1e-3)
        at_s += there_s + back_s
