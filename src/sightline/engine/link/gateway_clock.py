"""The gateway's wall time, as an engine on another machine knows it.

What an engine reports is compared with what others report and with the gateway's own clock: an engine whose clock is a
minute slow would have every alert treated as late. So its times are corrected by what the answers of the gateway show;
a small difference is left alone, because time that steps costs more than it.
"""

from __future__ import annotations

from sightline.clock import Clock

__all__ = ["SKEW_SHOWN_MS", "GatewayClock"]

STEP_MS = 1_000
"""Differences below it are not corrected."""
SKEW_SHOWN_MS = 2_000
"""Differences from which somebody should set the clock."""


class GatewayClock:
    """This machine's clock until `heard` shows that the gateway's is another. Read from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._correction_ms = 0
        self.offset_ms: int | None = None
        """What must be added to this machine's clock to have the gateway's; `None` before anything was heard."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, by the gateway's clock."""
        return self._clock.now_ms() + self._correction_ms

    def monotonic_s(self) -> float:
        """See `Clock`."""
        return self._clock.monotonic_s()

    def heard(self, server_time_ms: int, asked_s: float) -> None:
        """The gateway said its time in answer to something that was said at `asked_s` (monotonic).

        The answer is taken to have been given half-way, which is off by half of the time that it took at most (RFC
        5905, section 8); what is within that is no difference.
        """
        way_ms = (self._clock.monotonic_s() - asked_s) * 500
        self.offset_ms = round(server_time_ms + way_ms - self._clock.now_ms())
        if abs(self.offset_ms - self._correction_ms) > STEP_MS + way_ms:
            self._correction_ms = self.offset_ms

    def warnings(self) -> list[str]:
        """What somebody should look into, in plain words."""
        if self.offset_ms is None or abs(self.offset_ms) < SKEW_SHOWN_MS:
            return []
        where = "behind" if self.offset_ms > 0 else "ahead of"
        off_s = abs(self.offset_ms) / 1000
        return [f"this machine's clock is {off_s:.1f} s {where} the gateway's, by which times are corrected: set it"]
