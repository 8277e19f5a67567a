"""How many workstations there is room for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sightline.gateway.workstations.capacity import GONE_FOR_GOOD_S, Capacity
from sightline.settings import Settings


@dataclass
class Own:
    engines: int = 1
    grows: bool = True

    def count(self) -> int:
        return self.engines

    def may_grow(self) -> bool:
        return self.grows


@pytest.fixture
def capacity() -> Capacity:
    return Capacity(Settings(max_pipelines=5, max_clients_per_pipeline=30))


def test_all_that_may_be_started_count_while_there_is_room_for_them(capacity: Capacity) -> None:
    own = Own()
    capacity.own = own
    assert (capacity.pipelines, capacity.clients) == (5, 150)
    own.grows = False
    assert capacity.clients == 30
    own.engines = 7
    capacity.max_pipelines = 2
    assert capacity.clients == 60
    own.engines = 0
    assert capacity.clients == 0


def test_engines_elsewhere_count_until_they_are_gone_for_good(capacity: Capacity) -> None:
    assert capacity.clients == 30, "one is expected before there is any"
    for now_s, engines in ((0, 3), (1, 3), (2, 1), (10, 2)):
        capacity.observe(engines, now_s)
    assert capacity.pipelines == 3
    capacity.observe(1, 1 + GONE_FOR_GOOD_S)
    assert capacity.pipelines == 3
    capacity.observe(1, 2 + GONE_FOR_GOOD_S)
    assert capacity.pipelines == 2
    capacity.observe(9, 3 + GONE_FOR_GOOD_S)
    assert capacity.pipelines == 5
    capacity.own = Own(grows=False)
    assert capacity.pipelines == 5


@pytest.mark.parametrize(("clients", "pipelines"), [(0, 1), (30, 1), (31, 2), (150, 5), (999, 5)])
def test_pipelines_for_so_many_clients(capacity: Capacity, clients: int, pipelines: int) -> None:
    assert capacity.wanted(clients) == pipelines
