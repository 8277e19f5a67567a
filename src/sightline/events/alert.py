"""An alert: something people are told, with a life cycle that ends when one of them has taken it.

    open ── ack ──→ acknowledged ── close ──→ closed
      │                                          ↑
      ├── the cause is gone (camera back) ───────┘
      └── retention ──→ expired

A move that the table does not know raises `Conflict` and names itself; a second acknowledgement is no error: the
first stays, and whoever asks is told who it was.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.exceptions import Conflict

__all__ = ["MOVES", "Alert", "AlertState", "AlertType", "Severity", "Verdict", "check_move"]


class AlertType(enum.StrEnum):
    """What an alert is about."""

    WATCHLIST_MATCH = "watchlist_match"
    UNKNOWN_PERSON = "unknown_person"
    PERSON_DETECTED = "person_detected"
    VEHICLE_DETECTED = "vehicle_detected"
    PACKAGE_DETECTED = "package_detected"
    PHONE_DETECTED = "phone_detected"
    LINE_CROSSED = "line_crossed"
    CROWD_WARNING = "crowd_warning"
    PRESENTATION_ATTACK = "presentation_attack"
    WRONG_USER = "wrong_user"
    CAMERA_OFFLINE = "camera_offline"
    NOBODY_ON_DUTY = "nobody_on_duty"
    PROCESSING_ERROR = "processing_error"
    CONNECTION_LIMIT = "connection_limit"
    OTHER = "other"
    TEST = "test"


class Severity(enum.StrEnum):
    """How loud an alert is; the order is that of the enum."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class AlertState(enum.StrEnum):
    """Where an alert is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    EXPIRED = "expired"


class Verdict(enum.StrEnum):
    """What the person who took a hit says of it: a match is a lead until somebody has looked."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"


MOVES: Mapping[AlertState, frozenset[AlertState]] = {
    AlertState.OPEN: frozenset({AlertState.ACKNOWLEDGED, AlertState.CLOSED, AlertState.EXPIRED}),
    AlertState.ACKNOWLEDGED: frozenset({AlertState.CLOSED, AlertState.EXPIRED}),
    AlertState.CLOSED: frozenset(),
    AlertState.EXPIRED: frozenset(),
}


def check_move(before: AlertState, after: AlertState) -> None:
    """Raises `Conflict` when an alert may not go from `before` to `after`."""
    if after not in MOVES[before]:
        raise Conflict(f"an alert that is {before.value} cannot become {after.value}")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert's record.

    `offset` is its first log entry; `captured_at_ms` the capture time of the deciding frame; `subject_id` the person's
    id, an engine's name for a stranger, or the camera's id; `why` the trace: rule, scores, samples, gates, timings.
    `audience` are the tags of who is told. `by` is the user who took it, at `at_ms`. `count` is how many events of a
    flood it stands for.
    """

    id: str
    offset: int
    event_id: str
    type: AlertType
    severity: Severity
    camera_id: str
    subject_id: str
    person_id: str | None
    reference_id: str | None
    watch_list_id: str | None
    similarity: float | None
    state: AlertState
    verdict: Verdict | None
    escalation_level: int
    by: str | None
    at_ms: int | None
    captured_at_ms: int
    created_at_ms: int
    audience: tuple[str, ...]
    has_snapshot: bool
    has_probe: bool
    why: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
