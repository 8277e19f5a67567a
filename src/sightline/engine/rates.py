"""Rates: how many a second there were, and whether the next one is due."""

from __future__ import annotations

from collections import deque

__all__ = ["Cadence", "Pace", "RateMeter", "UsualGap"]


class Cadence:
    """Says which frames of a stream to take so that about `per_second` are taken, evenly, whatever rate they come at.

    The first frame is taken at once, the second `phase` of an interval (0–1) later than its time: streams that begin
    together with different phases do not all want attention in the same instants.

    >>> cadence = Cadence(10.0)
    >>> [cadence.due(at_s) for at_s in (0.0, 0.05, 0.1, 0.15, 0.2)]
    [True, False, True, False, True]
    """

    def __init__(self, per_second: float, phase: float = 0.0) -> None:
        self._interval_s = 1.0 / per_second
        self._phase = phase
        self._next_s: float | None = None

    def due(self, now_s: float) -> bool:
        """Whether to take the frame that is there now; a frame that is taken moves the cadence on."""
        # A frame that comes up to a tenth of an interval early is taken: clocks of cameras wander.
        if self._next_s is not None and now_s < self._next_s - 0.1 * self._interval_s:
            return False
        on_time_s = now_s + self._phase * self._interval_s if self._next_s is None else self._next_s
        late = now_s - on_time_s > self._interval_s
        self._next_s = (now_s if late else on_time_s) + self._interval_s
        return True


class Pace:
    """Spreads what wants to happen at once: `at_once` may, then `per_second`, in the order in which they ask.

    >>> pace = Pace(per_second=10.0, at_once=2)
    >>> [round(pace.wait_s(0.0), 3) for _ in range(4)]
    [0.0, 0.0, 0.1, 0.2]
    >>> pace.wait_s(60.0)
    0.0
    """

    def __init__(self, *, per_second: float, at_once: int) -> None:
        self._interval_s = 1.0 / per_second
        self._credit_s = (at_once - 1) * self._interval_s
        self._next_s = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """How long to wait, for somebody who asks now; the turn is theirs. Times are seconds on a clock that never
        jumps."""
        turn_s = max(self._next_s, now_s - self._credit_s)
        self._next_s = turn_s + self._interval_s
        return max(0.0, turn_s - now_s)


class UsualGap:
    """The time between the events of a stream: the shorter of the last two gaps, so that one outage is no habit.

    >>> gap = UsualGap()
    >>> [gap.seen(at_ms) for at_ms in (0, 500, 1_000, 21_000, 21_500)]
    [0, 500, 500, 500, 500]
    """

    def __init__(self) -> None:
        self._at_ms: int | None = None
        self._last_ms: int | None = None

    def seen(self, at_ms: int) -> int:
        """One more event, at this time; the usual gap in ms, 0 at first. Time that jumps back is no gap."""
        before_ms, self._at_ms = self._at_ms, at_ms
        if before_ms is None or at_ms < before_ms:
            return self._last_ms or 0
        gap_ms, last_ms = at_ms - before_ms, self._last_ms
        self._last_ms = gap_ms
        return gap_ms if last_ms is None else min(gap_ms, last_ms)


class RateMeter:
    """Events a second over the last `window_s` seconds; times are seconds on a clock that never jumps."""

    def __init__(self, window_s: float = 5.0) -> None:
        self._window_s = window_s
        self._times_s: deque[float] = deque()

    def add(self, now_s: float) -> None:
        """One more."""
        self._times_s.append(now_s)
        self._forget(now_s)

    def rate(self, now_s: float) -> float:
        """Events a second, 0.0 when fewer than two lie within the window."""
        self._forget(now_s)
        times = self._times_s
        if len(times) < 2:
            return 0.0
        # From the first event to now, or to the last when the next is not late yet: exact for a steady stream.
        step_s = (times[-1] - times[0]) / (len(times) - 1)
        end_s = times[-1] if now_s - times[-1] <= 2 * step_s else now_s
        return (len(times) - 1) / (end_s - times[0]) if end_s > times[0] else 0.0

    def _forget(self, now_s: float) -> None:
        while self._times_s and now_s - self._times_s[0] > self._window_s:
            self._times_s.popleft()
