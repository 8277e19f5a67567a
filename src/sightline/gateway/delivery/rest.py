"""How long a worker rests that is woken by every alert: a flood of alerts must not be a flood of questions to the
store, and a single alert must not wait."""

from __future__ import annotations

__all__ = ["rest_s"]

WORKING_SHARE = 0.2
LONGEST_S = 0.2


def rest_s(worked_s: float) -> float:
    """The pause after `worked_s` seconds of work, so that work takes a fifth of the time at most; never long.

    >>> rest_s(0.001), rest_s(10.0)
    (0.004, 0.2)
    """
    return min(LONGEST_S, worked_s * (1 - WORKING_SHARE) / WORKING_SHARE)
