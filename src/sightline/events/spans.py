"""Spans of time, and what overlaps them. Times are milliseconds since the epoch; an end is not in its span."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

__all__ = ["Span", "merged", "overlap"]

Span = tuple[int, int]
"""From and to."""

_END = itemgetter(1)


def merged(spans: Iterable[Span], *, margin_ms: int = 0) -> list[Span]:
    """The spans, each longer by `margin_ms` at both ends, as the fewest that cover the same: in order, none touching
    another."""
    found: list[Span] = []
    for since, until in sorted((since - margin_ms, until + margin_ms) for since, until in spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def overlap(spans: Sequence[Span], since: int, until: int) -> bool:
    """Whether any of these `merged` spans has a moment between `since` and `until`; where both are one, that moment."""
    first = bisect_right(spans, since, key=_END)
    return first < len(spans) and spans[first][0] < max(until, since + 1)
