from __future__ import annotations

import pytest

from sightline.engine.link.gateway_clock import GatewayClock


class Hands:
    """A clock that shows what it is told."""

    def __init__(self) -> None:
        self.wall_ms, self.at_s = 1_000_000, 50.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        return self.at_s

    def pass_s(self, seconds: float) -> None:
        self.wall_ms += int(seconds * 1000)
        self.at_s += seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_until_it_has_heard_it_is_the_machines_clock(hands: Hands) -> None:
    clock = GatewayClock(hands)
    assert (clock.now_ms(), clock.monotonic_s(), clock.offset_ms, clock.warnings()) == (1_000_000, 50.0, None, [])


@pytest.mark.parametrize(("ahead_ms", "word"), [(95_000, "95.0 s behind"), (-95_000, "95.0 s ahead of")])
def test_a_large_difference_is_corrected_and_told(hands: Hands, ahead_ms: int, word: str) -> None:
    clock = GatewayClock(hands)
    clock.heard(hands.wall_ms + ahead_ms, hands.at_s)
    assert clock.now_ms() == hands.wall_ms + ahead_ms
    assert clock.offset_ms == ahead_ms
    assert word in clock.warnings()[0]


def test_a_small_difference_is_left_alone(hands: Hands) -> None:
    clock = GatewayClock(hands)
    clock.heard(hands.wall_ms + 900, hands.at_s)
    assert clock.now_ms() == hands.wall_ms
    assert clock.offset_ms == 900
    assert clock.warnings() == []


def test_half_of_the_way_is_taken_off(hands: Hands) -> None:
    clock = GatewayClock(hands)
    asked_s = hands.at_s
    hands.pass_s(2.0)
    clock.heard(hands.wall_ms + 60_000 - 1_000, asked_s)
    assert clock.offset_ms == 60_000


def test_an_answer_that_took_long_shows_no_small_difference(hands: Hands) -> None:
    clock = GatewayClock(hands)
    asked_s = hands.at_s
    hands.pass_s(8.0)
    clock.heard(hands.wall_ms, asked_s)  # all of it on the way there
    assert clock.now_ms() == hands.wall_ms


def test_it_does_not_step_again_for_little(hands: Hands) -> None:
    clock = GatewayClock(hands)
    clock.heard(hands.wall_ms + 95_000, hands.at_s)
    clock.heard(hands.wall_ms + 95_400, hands.at_s)
    assert clock.now_ms() == hands.wall_ms + 95_000
    clock.heard(hands.wall_ms, hands.at_s)  # somebody has set the clock
    assert clock.now_ms() == hands.wall_ms
