"""An engine's side of its lease (`sightline.events.lease`): says beats, and knows how long it may go on reading."""

from __future__ import annotations

from collections.abc import Iterable

from sightline.events.lease import Beat, Lease

__all__ = ["LeaseKeeper"]

KEPT_BEATS = 64


class LeaseKeeper:
    """Times are this machine's monotonic seconds."""

    def __init__(self) -> None:
        self._number = 0
        self._said_s: dict[int, float] = {}
        self._until_s: float | None = None
        self._length_s = 0.0
        self._gateways = 1

    def beat(self, holds: Iterable[str], clock_offset_ms: int | None, now_s: float) -> Beat:
        """The next beat, which is about to be said."""
        self._number += 1
        self._said_s[self._number] = now_s
        if len(self._said_s) > KEPT_BEATS:
            del self._said_s[min(self._said_s)]
        return Beat(number=self._number, holds=sorted(holds), clock_offset=clock_offset_ms)

    def granted(self, lease: Lease) -> float | None:
        """The gateway answered; returns when the beat was said, `None` for one of an earlier link."""
        said_s = self._said_s.pop(lease.beat, None)
        if said_s is not None:
            self._length_s, self._gateways = lease.length_ms / 1000, lease.gateways
            self._prolong(said_s)
        return said_s

    def nobody_listens(self, tried_s: float, addresses: int) -> None:
        """Every one of `addresses` refused the connection at `tried_s` or later. When these are all the gateways there
        are, none lives that could give a camera to another engine, and one that is started now waits for a lease's
        length before it does: what is seen meanwhile is kept for it."""
        if addresses >= self._gateways and self._until_s is not None and tried_s < self._until_s:
            self._prolong(tried_s)

    def link_opened(self, now_s: float) -> None:
        """A lease that ended on an earlier link says nothing about what is assigned on this one."""
        self._said_s.clear()
        if self.is_over(now_s):
            self._until_s = None

    def is_over(self, now_s: float) -> bool:
        """Whether there was a lease, and it has ended."""
        return self._until_s is not None and now_s >= self._until_s

    def _prolong(self, from_s: float) -> None:
        until_s = from_s + self._length_s
        self._until_s = until_s if self._until_s is None else max(self._until_s, until_s)
