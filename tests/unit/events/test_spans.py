from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.events.spans import Span, merged, overlap

MOMENTS = st.integers(0, 60)
SPANS = st.tuples(MOMENTS, MOMENTS).map(lambda ends: (min(ends), max(ends)))


def moments(spans: list[Span]) -> set[int]:
    return {moment for since, until in spans for moment in range(since, until)}


@given(st.lists(SPANS), st.integers(0, 5))
def test_merged_spans_cover_the_same_and_do_not_touch(spans: list[Span], margin_ms: int) -> None:
    found = merged(spans, margin_ms=margin_ms)
    assert moments(found) == moments([(since - margin_ms, until + margin_ms) for since, until in spans])
    assert all(before[1] < after[0] for before, after in zip(found, found[1:], strict=False))


@given(st.lists(SPANS), SPANS)
def test_an_overlap_is_a_moment_in_common(spans: list[Span], asked: Span) -> None:
    solid = [span for span in merged(spans) if span[0] < span[1]]
    since, until = asked
    assert overlap(solid, since, until) == bool(moments(solid) & moments([(since, max(until, since + 1))]))


def test_one_moment_with_a_margin_is_a_span() -> None:
    assert merged([(100, 100)], margin_ms=10) == [(90, 110)]
