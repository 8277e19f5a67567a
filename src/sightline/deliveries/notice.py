"""A notice: one thing to tell one target, as a row that stays until it is told, and what came of trying.

    WAITING ── claimed ──→ tried ── sent ──→ gone from the table
       ↑                     │
       └── again, later ─────┤
       ↑                     └── the last try, or no use ──→ DEAD ── dropped ──→ gone
       └────────────────────── retried by a person ────────────┘

A claim is a compare-and-set on the number of attempts that also moves the due time past the time-out: whoever dies
while sending leaves a notice that becomes due again by itself. So a notice is told at least once, and `id` lets the
receiver notice a second time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sightline.deliveries.channel import ChannelKind, NoticeEvent

__all__ = ["Attempt", "Backlog", "Notice", "Outcome", "Standing"]


@dataclass(frozen=True, slots=True)
class Notice:
    """`target_id` is a push subscription's or a channel's id. Holds ids only: names are joined when it is sent.

    `due_at_ms` is absent for a dead one. `problem` says in plain words why the last attempt failed, and holds no
    address.
    """

    id: str
    kind: ChannelKind
    target_id: str
    alert_id: str
    event: NoticeEvent
    attempts: int
    due_at_ms: int | None
    problem: str
    created_at_ms: int
    dead_at_ms: int | None


class Outcome(enum.Enum):
    """What came of an attempt, and what follows: nothing, another try, none, or the end of the target itself."""

    SENT = "sent"
    TRY_AGAIN = "try_again"
    REFUSED = "refused"
    TARGET_GONE = "target_gone"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An outcome; `problem` in plain words and without any address, `retry_after_ms` where the other side asked."""

    outcome: Outcome
    problem: str = ""
    retry_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: how many, since when the oldest (by its creation), how many are dead, when the next is due."""

    waiting: int
    oldest_ms: int | None
    dead: int
    next_due_ms: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one target does: what waits for it and since when, what was given up, and why the newest of those failed so
    far (empty: nothing has failed)."""

    waiting: int = 0
    oldest_ms: int | None = None
    dead: int = 0
    problem: str = ""
