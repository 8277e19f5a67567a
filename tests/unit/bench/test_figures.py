"""The benchmark's arithmetic."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import (
    EngineCost,
    Latency,
    cameras_per_core,
    median_by_key,
    percentile,
    quantile_of,
    share_above,
)

LATE_S = {0.001: 900.0, 0.02: 990.0, 0.05: 999.0, math.inf: 1000.0}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0.0, 1.0))
def test_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    enough = share * len(values)
    assert found in values
    assert sum(value <= found for value in values) >= enough
    assert sum(value < found for value in values) < max(enough, 1e-9)


def test_no_values_have_no_percentile() -> None:
    assert math.isnan(percentile([], 0.5))


def test_a_core_is_full_at_80_percent() -> None:
    assert cameras_per_core(0.1) == pytest.approx(8.0)


def test_median_by_key_counts_a_missing_stage_as_nothing() -> None:
    assert median_by_key([{"a": 1.0, "b": 5.0}, {"a": 2.0}, {"a": 9.0}]) == {"a": 2.0, "b": 0.0}


@pytest.mark.parametrize(
    ("share", "value"), [(0.45, 0.0005), (0.9, 0.001), (0.99, 0.02), (0.9945, 0.035), (1.0, 0.05)]
)
def test_quantile_lies_evenly_within_its_bucket(share: float, value: float) -> None:
    assert quantile_of(LATE_S, share) == pytest.approx(value)


def test_quantile_of_nothing_is_none() -> None:
    assert math.isnan(quantile_of({0.001: 0.0, math.inf: 0.0}, 0.5))


def test_share_above_a_bound() -> None:
    assert share_above(LATE_S, 0.02) == pytest.approx(0.01)
    assert math.isnan(share_above({0.02: 0.0, math.inf: 0.0}, 0.02))


def test_what_the_parts_do_not_explain_is_overhead() -> None:
    cost = EngineCost({"decode": 2.0, "detect": 6.0, "track": 1.0}, total_ms=10.0)
    assert cost.elsewhere_ms == pytest.approx(1.0)
    assert cost.overhead_share(("decode", "detect", "embed")) == pytest.approx(0.2)


def test_parts_dearer_than_the_whole_leave_no_negative_rest() -> None:
    cost = EngineCost({"decode": 5.0, "track": 5.0}, total_ms=8.0)
    assert cost.elsewhere_ms == 0.0
    assert cost.overhead_share(("decode",)) == pytest.approx(0.5)


def test_latency_beyond_inference() -> None:
    assert Latency(total_ms=50.0, inference_ms=12.0).beyond_inference_ms == pytest.approx(38.0)
