"""Whether there is a crowd, without flicker: a limit crossed for good measure, and gone for good measure.

    unknown ── above for `over_ms` ──→ crowd ←── above for `over_ms` ── calm
       └────── not above for `under_ms` ─────→ calm ←── for `under_ms` ─┘

Nothing is known at the start, so the first answer is told whichever it is: an alert that was raised before a restart
must be closed after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.events.scene import CrowdWatch

__all__ = ["CrowdAlarm"]


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

    def counted(self, people: int, at_ms: int) -> bool:
        """So many people are there at this time; whether that changed the state. Time that jumps back begins
        the waiting anew.
        """
        over = people > self.watch.threshold
        if over is not self._over or at_ms < self.since_ms:
            self._over, self.since_ms, self.most = over, at_ms, people
        self.most = max(self.most, people)
        patience_ms = self.watch.over_ms if over else self.watch.under_ms
        if self.crowded is over or at_ms - self.since_ms < patience_ms:
            return False
        self.crowded = over
        return True

    def interrupted(self) -> None:
        """Nothing was seen for a while: what is counted next begins anew."""
        self._over = None
