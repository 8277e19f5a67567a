"""Identifiers."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from sightline.stores.ids import new_id

TIMES = st.integers(0, (1 << 48) - 1)


@given(TIMES)
def test_an_id_is_a_uuid_of_version_7(now_ms: int) -> None:
    made = uuid.UUID(new_id(now_ms))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now_ms


@given(TIMES, TIMES)
def test_ids_sort_by_time(first_ms: int, second_ms: int) -> None:
    first, second = new_id(first_ms), new_id(second_ms)
    assert first_ms == second_ms or (first < second) == (first_ms < second_ms)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id(1_700_000_000_000) for _ in range(1000)}) == 1000
