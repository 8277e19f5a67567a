"""Fairness between clients that push frames: every client in turn, the newest frame of each."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sightline.deliveries.turns import Turns

CLIENTS = st.sampled_from("abcd")


def test_the_newest_frame_replaces_the_one_that_waits_and_keeps_its_turn() -> None:
    turns: Turns[int] = Turns()
    assert turns.put("a", 1) is None
    assert turns.put("b", 2) is None
    assert turns.put("a", 3) == 1
    assert turns.take() == ("a", 3)
    assert turns.take() == ("b", 2)
    assert turns.take() is None


def test_a_client_has_one_frame_under_way() -> None:
    turns: Turns[int] = Turns()
    turns.put("a", 1)
    assert turns.take() == ("a", 1)
    turns.put("a", 2)
    assert turns.take() is None
    turns.done("a")
    assert turns.take() == ("a", 2)


def test_whoever_leaves_leaves_nothing() -> None:
    turns: Turns[int] = Turns()
    turns.put("a", 1)
    assert turns.leave("a") == 1
    assert turns.leave("a") is None
    assert len(turns) == 0


@given(pushes=st.lists(st.integers(1, 50), min_size=2, max_size=6), rounds=st.integers(1, 20))
def test_clients_that_push_faster_are_served_as_often_as_others(pushes: list[int], rounds: int) -> None:
    """Whatever each pushes between two turns, no client is served twice before every other was served once."""
    turns: Turns[int] = Turns()
    served: list[int] = []
    for _ in range(rounds * len(pushes)):
        for client, count in enumerate(pushes):
            for frame in range(count):
                turns.put(str(client), frame)
        turn = turns.take()
        assert turn is not None
        client, frame = turn
        assert frame == pushes[int(client)] - 1, "the newest"
        served.append(int(client))
        turns.done(client)
    assert set(Counter(served).values()) == {rounds}
    assert all(served[index : index + len(pushes)].count(one) <= 1 for index, one in enumerate(served))


class TurnsMachine(RuleBasedStateMachine):
    """Beside a model: what waits, in the order of its clients' turns, and whose is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: Turns[int] = Turns()
        self.waiting: dict[str, int] = {}
        self.under_way: set[str] = set()
        self.next = 0

    @rule(client=CLIENTS)
    def put(self, client: str) -> None:
        self.next += 1
        assert self.turns.put(client, self.next) == self.waiting.get(client)
        self.waiting[client] = self.next

    @rule()
    def take(self) -> None:
        ready = [client for client in self.waiting if client not in self.under_way]
        turn = self.turns.take()
        if not ready:
            assert turn is None
            return
        assert turn == (ready[0], self.waiting.pop(ready[0]))
        self.under_way.add(ready[0])

    @rule(client=CLIENTS)
    def done(self, client: str) -> None:
        self.turns.done(client)
        self.under_way.discard(client)

    @rule(client=CLIENTS)
    def leave(self, client: str) -> None:
        assert self.turns.leave(client) == self.waiting.pop(client, None)

    @invariant()
    def as_many_wait(self) -> None:
        assert len(self.turns) == len(self.waiting)


TestTurnsMachine = TurnsMachine.TestCase


@given(st.lists(CLIENTS, min_size=1, max_size=40))
def test_frames_of_a_client_are_served_in_order(clients: list[str]) -> None:
    turns: Turns[int] = Turns()
    served: dict[str, list[int]] = {}
    for number, client in enumerate(clients):
        turns.put(client, number)
        if number % 3 == 0 and (turn := turns.take()) is not None:
            served.setdefault(turn[0], []).append(turn[1])
            turns.done(turn[0])
    assert all(before < after for frames in served.values() for before, after in pairwise(frames))
