"""Whether there is a crowd, without flicker: a limit crossed for good measure, and gone for good measure.

    unknown ── above for `over_ms` ──→ crowd ←── above for `over_ms` ── calm
       └────── not above for `under_ms` ─────→ calm ←── for `under_ms` ─┘

Nothing is known at the start, so the first answer is told whichever it is: an alert that was raised before a restart
must be closed after it. A crowd that stays is told again every `REMIND_MS`: it may have begun in a time without alerts.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.events.scene import CrowdWatch

__all__ = ["REMIND_MS", "CrowdAlarm"]

REMIND_MS = 300_000
"""How often it is told that there still is a crowd."""


@dataclass(slots=True)
class CrowdAlarm:
    """The state of one watch. `since_ms` is when the count was first on the side of the limit where it is now;
    `most` the highest count since then.
    """

    watch: CrowdWatch
    crowded: bool | None = None
    since_ms: int = 0
    most: int = 0
    _over: bool | None = None
    _told_ms: int = 0

    def counted(self, people: int, at_ms: int) -> bool:
        """So many people are there at this time; whether that is to be told. Time that jumps back begins
        the waiting anew.
        """
        over = people > self.watch.threshold
        if over is not self._over or at_ms < self.since_ms:
            self._over, self.since_ms, self.most = over, at_ms, people
        self.most = max(self.most, people)
        patience_ms = self.watch.over_ms if over else self.watch.under_ms
        if at_ms - self.since_ms < patience_ms:
            return False
        still = self.crowded is over
        if still and not (over and at_ms - self._told_ms >= REMIND_MS):
            return False
        self.crowded, self._told_ms = over, at_ms
        return True

    def interrupted(self) -> None:
        """Nothing was seen for a while: what is counted next begins anew."""
        self._over = None
