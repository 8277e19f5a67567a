"""Whether a track really shows what a detector says: so many hits among the latest looks.

A detector that sees a phone in one frame of 25 is wrong about it again and again, but seldom in most of six looks at
the same place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["Look", "TemporalVote", "VoteRules"]


@dataclass(frozen=True, slots=True)
class VoteRules:
    """`needed` hits with a score of at least `min_score` among the latest `window` looks. Raises `ValueError` for
    rules that cannot be met.
    """

    needed: int
    window: int
    min_score: float

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.window:
            raise ValueError(f"{self.needed} hits of {self.window} looks cannot be")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a track: the detector's score, 0 to 1; 0 when it found nothing there."""

    frame_id: int
    at_ms: int
    score: float


class TemporalVote:
    """The vote on one track. Once passed, it stays passed: a track that was a phone is one."""

    def __init__(self, rules: VoteRules) -> None:
        self._rules = rules
        self._looks: deque[Look] = deque(maxlen=rules.window)
        self.passed = False

    @property
    def looks(self) -> tuple[Look, ...]:
        """The latest looks, oldest first."""
        return tuple(self._looks)

    @property
    def hits(self) -> int:
        """How many of the latest looks count."""
        return sum(look.score >= self._rules.min_score for look in self._looks)

    def look(self, look: Look) -> bool:
        """Takes one more look; whether the vote is passed."""
        self._looks.append(look)
        self.passed = self.passed or self.hits >= self._rules.needed
        return self.passed
