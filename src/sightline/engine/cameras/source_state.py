"""The state of one camera's source: what is said of it, when it is opened again, when its absence becomes a fact.

    connecting ── frame ──→ online ── silence for `stall_after_ms` ──→ stalled ── frame ──→ online
        │  ↑                  │                                           │
        │  └── retry is due ──┼───────────────────────────────────────────┤ the reader gave up or was closed
        └──── failed ─────────┴──→ offline, or stalled after silence ←────┘

The reader drives it with `connecting`, `frame`, `failed` and `crashed`, a timer with `tick`. Every call takes the time
on a clock that never jumps, in milliseconds, and returns what there is to tell. After `failed` or `crashed` the reader
waits until `retry_at_ms`: 1, 1.5, 2.25 … 30 s, with jitter. A source that rests (a phone whose user stopped) is
offline, and missed by nobody.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sightline.cameras import CameraState

__all__ = ["Outage", "SourceMachine", "StateChange"]

FIRST_RETRY_MS = 1_000
RETRY_FACTOR = 1.5
LAST_RETRY_MS = 30_000
JITTER_SHARE = 0.2
"""A delay is drawn from ±20 %, so that cameras behind one switch do not all come back in the same instant."""
STEADY_AFTER_MS = 5_000
"""Pictures for this long reset the delays: a camera that drops after its first picture is not hammered."""
CRASHES_BEFORE_QUARANTINE = 3
CRASH_WINDOW_MS = 120_000
QUARANTINE_MS = 300_000


@dataclass(frozen=True, slots=True)
class StateChange:
    """The state (or the picture's size) is another now."""

    state: CameraState
    reason: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A camera was without pictures for good measure (`ended` false), or has them again. `length_ms` so far."""

    ended: bool
    reason: str
    length_ms: int


Told = tuple[StateChange | Outage, ...]


class SourceMachine:
    """The life of one source, without clock, thread or connection."""

    def __init__(
        self,
        now_ms: int,
        *,
        stall_after_ms: int = 5_000,
        outage_after_ms: int = 10_000,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.state = CameraState.CONNECTING
        self.reason = ""
        self.since_ms = now_ms
        self.width = 0
        self.height = 0
        self.retry_at_ms: int | None = None
        self._stall_after_ms = stall_after_ms
        self._outage_after_ms = outage_after_ms
        self._chance = chance
        self._failures = 0
        self._crashes: deque[int] = deque(maxlen=CRASHES_BEFORE_QUARANTINE)
        self._without_picture_since_ms = now_ms
        self._steady_since_ms = now_ms
        self._outage_told = False
        self._resting = False

    def connecting(self, now_ms: int) -> Told:
        """The reader opens the source (again)."""
        self.retry_at_ms = None
        return self._enter(CameraState.CONNECTING, self.reason, now_ms)

    def frame(self, now_ms: int, width: int, height: int) -> Told:
        """A picture of this size came."""
        told: Told = ()
        if self._outage_told:
            away_ms = now_ms - self._without_picture_since_ms
            told = (Outage(ended=True, reason="pictures again", length_ms=away_ms),)
            self._outage_told = False
        self._without_picture_since_ms = now_ms
        self._resting = False
        self.retry_at_ms = None
        if self.state is not CameraState.ONLINE:
            self._steady_since_ms = now_ms
        elif now_ms - self._steady_since_ms >= STEADY_AFTER_MS:
            self._failures = 0
        reason, resized = "", (width, height) != (self.width, self.height)
        if resized and self.width and self.state is CameraState.ONLINE:
            reason = f"the picture changed from {self.width}×{self.height} to {width}×{height}"
        self.width, self.height = width, height
        if self.state is CameraState.ONLINE and resized:
            self.reason = reason
            return (*told, StateChange(self.state, reason))
        return (*told, *self._enter(CameraState.ONLINE, reason, now_ms, keep_reason=True))

    def failed(self, now_ms: int, reason: str, *, permanent: bool = False, resting: bool = False) -> Told:
        """The source could not be opened or read; `permanent` when trying again soon cannot help, `resting` when nobody
        means it to work now."""
        self._resting = resting
        silent_ms = now_ms - self._without_picture_since_ms
        silent = self.state in (CameraState.ONLINE, CameraState.STALLED) and silent_ms >= self._stall_after_ms
        self.retry_at_ms = now_ms + (LAST_RETRY_MS if permanent else self._next_delay_ms())
        stalled = silent and not resting
        return self._enter(CameraState.STALLED if stalled else CameraState.OFFLINE, reason, now_ms)

    def crashed(self, now_ms: int, what: str) -> Told:
        """Reading raised what no source should raise. The third time within two minutes is quarantine."""
        self._resting = False
        self._crashes.append(now_ms)
        recent = sum(now_ms - at_ms <= CRASH_WINDOW_MS for at_ms in self._crashes)
        if recent < CRASHES_BEFORE_QUARANTINE:
            return self.failed(now_ms, f"reading this camera crashed: {what}")
        self._crashes.clear()
        self.retry_at_ms = now_ms + QUARANTINE_MS
        minutes = QUARANTINE_MS // 60_000
        reason = f"quarantined for {minutes} minutes after {recent} crashes, the last: {what}"
        return self._enter(CameraState.OFFLINE, reason, now_ms)

    def tick(self, now_ms: int) -> Told:
        """Time passed."""
        silent_ms = now_ms - self._without_picture_since_ms
        told: Told = ()
        if self.state is CameraState.ONLINE and silent_ms >= self._stall_after_ms:
            told = self._enter(CameraState.STALLED, f"no picture for {self._stall_after_ms / 1000:g} s", now_ms)
        if not self._outage_told and not self._resting and silent_ms >= self._outage_after_ms:
            self._outage_told = True
            reason = self.reason or f"no picture since {silent_ms / 1000:.0f} s"
            told = (*told, Outage(ended=False, reason=reason, length_ms=silent_ms))
        return told

    def _enter(self, state: CameraState, reason: str, now_ms: int, *, keep_reason: bool = False) -> Told:
        if state is self.state and (keep_reason or reason == self.reason):
            return ()
        if state is not self.state:
            self.since_ms = now_ms
        self.state, self.reason = state, reason
        return (StateChange(state, reason),)

    def _next_delay_ms(self) -> int:
        delay_ms = min(LAST_RETRY_MS, FIRST_RETRY_MS * RETRY_FACTOR ** min(self._failures, 20))
        self._failures += 1
        return round(delay_ms * (1 + JITTER_SHARE * (2 * self._chance() - 1)))
