"""How long to wait before the next attempt to connect.

Two rules, the longer wait wins. `retry_delay_ms` grows with every attempt and starts anew once the server has
identified the client. `Breaker` minds what that series cannot: a server that is there, but ends every session at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Backoff", "Breaker", "retry_delay_ms"]

FIRST_DELAY_MS = 1_000
GROWTH = 1.5
LONGEST_DELAY_MS = 30_000
LAST_GROWING_ATTEMPT = 64
"""Beyond it the power would only grow; the delay has long been the longest."""

REFUSALS_TO_OPEN = 5
PAUSE_MS = 60_000
SETTLED_AFTER_MS = 10_000


def retry_delay_ms(attempt: int, chance: float, jitter: float = 0.5) -> int:
    """Milliseconds before reconnection `attempt` (0 is the first): 1, 1.5, 2.25 … 30 s, spread by ±`jitter`.

    `chance` is uniform in [0, 1). The spread keeps a thousand clients of a restarted server from coming back as one.
    """
    exact = min(FIRST_DELAY_MS * GROWTH ** min(attempt, LAST_GROWING_ATTEMPT), LONGEST_DELAY_MS)
    return _spread(exact, chance, jitter)


@dataclass(slots=True)
class Breaker:
    """Stops hammering a server that refuses: after five sessions in a row that came to nothing, one try a minute.

    A session came to nothing when the server answered and yet ended it within ten seconds of identification (or
    never identified). A server that cannot be reached and a line that breaks do not count: nobody refuses there.
    """

    refusals: int = 0

    def ended(self, *, lived_ms: int) -> None:
        """The server ended a session `lived_ms` after it had identified the client; 0 where it never did."""
        self.refusals = 0 if lived_ms >= SETTLED_AFTER_MS else self.refusals + 1

    def pause_ms(self, chance: float, jitter: float = 0.5) -> int:
        """The least wait before the next attempt; 0 while the breaker is closed. `chance` as above."""
        return _spread(PAUSE_MS, chance, jitter) if self.refusals >= REFUSALS_TO_OPEN else 0


@dataclass(slots=True)
class Backoff:
    """Both rules and the limit of `max_attempts` in a row (`None`: no limit). `chance` is drawn once an attempt."""

    chance: Callable[[], float]
    jitter: float
    max_attempts: int | None
    breaker: Breaker = field(default_factory=Breaker)
    attempts: int = 0

    def next_delay_ms(self, server_delay_ms: int | None) -> int | None:
        """The wait before the next attempt, which counts from now on; `None` when it was the last.

        `server_delay_ms` is what the server asked for: it replaces the series, not the breaker.
        """
        if self.max_attempts is not None and self.attempts >= self.max_attempts:
            return None
        chance = self.chance()
        own_delay_ms = retry_delay_ms(self.attempts, chance, self.jitter)
        self.attempts += 1
        wished_ms = own_delay_ms if server_delay_ms is None else server_delay_ms
        return max(wished_ms, self.breaker.pause_ms(chance, self.jitter))


def _spread(exact_ms: float, chance: float, jitter: float) -> int:
    return int(exact_ms * (1 - jitter + 2 * jitter * chance) + 0.5)  # halves go up, as in every SDK
