"""How long those rest that are woken by every alert: a flood of alerts must not be a flood of questions to the store,
or of writes to clients, and a single alert must not wait."""

from __future__ import annotations

__all__ = ["pause_s", "rest_s"]

WORKING_SHARE = 0.2
LONGEST_S = 0.2


def rest_s(worked_s: float) -> float:
    """The pause after `worked_s` seconds of work, so that work takes a fifth of the time at most; never long.

    >>> rest_s(0.001), rest_s(10.0)
    (0.004, 0.2)
    """
    return min(LONGEST_S, worked_s * (1 - WORKING_SHARE) / WORKING_SHARE)


SHARED_S = 0.005
LEAST_SHARE = 0.25


def pause_s(round_s: float) -> float:
    """The pause after a round to all clients that took `round_s` seconds, when there is more: what is committed in it
    shares a write. As long as the round, but no longer than it takes to be worth while: a pause makes the next round
    longer by what it gathers. A fourth of the round at least, so that there is time for other work however many clients
    there are.

    >>> pause_s(0.003), pause_s(0.01), pause_s(0.1)
    (0.003, 0.005, 0.025)
    """
    return max(min(round_s, SHARED_S), round_s * LEAST_SHARE)
