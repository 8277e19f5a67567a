"""How a rush of clients is spread over time: whoever restarts a server is met by everybody at once.

`Arrivals` lets a steady number a second in and gives everybody else an appointment. `time_to_return_s` does the same in
advance, for the clients of a server that is about to stop. Both are told to clients as `retry_after_s`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Arrivals", "time_to_return_s"]

SHARE_OF_APPOINTMENTS = 0.9
"""The share of the rate that appointments may use: the rest is for those who come without one."""

LEAST_S = 1.0
"""No appointment is nearer: in the first second of a rush, those who come without one take what there is."""

LONGEST_S = 60.0
"""Appointments begin anew beyond this: whoever ignores theirs must not push those of the others away for ever."""


@dataclass(slots=True)
class Arrivals:
    """Admits `per_s` clients a second, and a second's worth at once; 0 admits everybody. Times: monotonic seconds."""

    per_s: float
    _room: float = field(init=False)
    _room_at_s: float = field(init=False, default=0.0)
    _given_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._room = self._most()

    def wait_s(self, now_s: float) -> float:
        """0: come in. Otherwise the seconds after which to come back, different for everybody."""
        if not self.per_s:
            return 0.0
        self._room = min(self._most(), self._room + max(0.0, now_s - self._room_at_s) * self.per_s)
        self._room_at_s = now_s
        if self._room >= 1:
            self._room -= 1
            return 0.0
        given_s = max(self._given_s + 1 / (SHARE_OF_APPOINTMENTS * self.per_s), now_s + LEAST_S)
        self._given_s = given_s if given_s <= now_s + LONGEST_S else now_s + LEAST_S
        return self._given_s - now_s

    def _most(self) -> float:
        """At once; a slow rate admits one client even so."""
        return max(1.0, self.per_s)


def time_to_return_s(number: int, per_s: float) -> float:
    """Seconds after which the client with this number, counted from 0, comes back to a server that `Arrivals` guards.

    >>> time_to_return_s(0, 40), time_to_return_s(360, 40)
    (1.0, 11.0)
    """
    return LEAST_S + (number / (SHARE_OF_APPOINTMENTS * per_s) if per_s else 0.0)
