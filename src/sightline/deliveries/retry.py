"""When something that could not be sent is tried again: later each time, and not all at the same moment."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RetrySchedule"]

FACTOR = 3.0
JITTER = 0.5
"""A wait is up to this share shorter or longer, so that what failed together does not come back together."""


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """`tries` in all; the first pause is `first_ms`, each further one three times as long, `longest_ms` at most.

    With the defaults eight tries take about an hour and a half.
    """

    tries: int = 8
    first_ms: int = 5_000
    longest_ms: int = 3_600_000

    def wait_ms(self, failures: int, chance: float, *, asked_ms: int = 0) -> int | None:
        """How long to wait after the `failures`th failure (from 1); `None` when that was the last try.

        `chance` is a random number in [0, 1). The other side may have asked for `asked_ms`: it is heard, within
        `longest_ms`.

        >>> [RetrySchedule(tries=4).wait_ms(failures, 0.5) for failures in (1, 2, 3, 4)]
        [5000, 15000, 45000, None]
        """
        if failures >= self.tries:
            return None
        pause_ms = float(min(self.first_ms, self.longest_ms))
        for _ in range(failures - 1):
            pause_ms = min(pause_ms * FACTOR, self.longest_ms)
        jittered_ms = pause_ms * (1 + JITTER * (2 * chance - 1))
        return max(int(jittered_ms), min(asked_ms, self.longest_ms), 1)
