"""How many messages of each type one connection may send: token buckets, fed with the time.

A bucket holds a minute's worth of its rate, so that a client which has been away may say at once what it has to say;
what comes faster than the rate for longer than that is refused, and says after how long it would not be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["BURST_S", "OTHERS", "Bucket", "Rates", "parse_rates"]

BURST_S = 60.0
OTHERS = "*"
"""The type whose bucket all types share that have none of their own; malformed messages too."""

MAX_PER_S = 1_000_000.0


@dataclass(slots=True)
class Bucket:
    """Lets `per_s` messages a second through on average, and `BURST_S` seconds' worth of them at once."""

    per_s: float
    _tokens: float = 0.0
    _at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Takes one message: 0 when it may pass, else the seconds until one may. `now_s` is monotonic."""
        most = max(1.0, self.per_s * BURST_S)
        if self._at_s is None:
            self._tokens = most
        else:
            self._tokens = min(most, self._tokens + max(0.0, now_s - self._at_s) * self.per_s)
        self._at_s = now_s
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self.per_s


class Rates:
    """The buckets of one connection: one for each named type, one for all others."""

    def __init__(self, per_s: Mapping[str, float]) -> None:
        self._buckets = {type: Bucket(rate) for type, rate in per_s.items()}

    def wait_s(self, type: str, now_s: float) -> float:
        """As `Bucket.wait_s`. A type without a bucket, where there is none for the others, always passes."""
        bucket = self._buckets.get(type) or self._buckets.get(OTHERS)
        return bucket.wait_s(now_s) if bucket is not None else 0.0


def parse_rates(entries: Iterable[str]) -> Mapping[str, float]:
    """Messages a second by type, as `type=rate`. Raises `ValueError` that names the entry.

    >>> dict(parse_rates(["ack=10", "*=20"]))
    {'ack': 10.0, '*': 20.0}
    """
    rates: dict[str, float] = {}
    for entry in entries:
        type, equals, number = (part.strip() for part in entry.partition("="))
        try:
            rate = float(number)
        except ValueError:
            rate = 0.0
        if not type or not equals or not 0 < rate <= MAX_PER_S:
            raise ValueError(f"{entry!r} is no rate; write it like ack=10, in messages a second")
        if type in rates:
            raise ValueError(f"{type} is given twice")
        rates[type] = rate
    return MappingProxyType(rates)
