"""One alert's way from responder to responder, as a state machine whose state is a row.

    PENDING ── nearest told ──→ AWAITING_RECEIPT ── on the device ──→ AWAITING_ACK
       │                              │ not in time                       │ not in time, or declined
       │                              └────────────→ next nearest ←───────┘
       │                                                  │ nobody left
       ├── nobody on duty ────────────────────────────────┴──→ EXHAUSTED: everybody and the outside channels told
       └── camera without position ──→ EVERYBODY ── not in time ──→ EXHAUSTED

    any ── taken, closed or expired ──→ ENDED

Nothing is told twice to one person, so every escalation ends. Somebody who has no connection (a phone in a pocket) is
told by push and has the whole time to acknowledge. Times are milliseconds of one clock, given by the caller; an input
that comes too early or too late changes nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from sightline.deliveries.routing import Position, Responder, Situation, nearest_first

__all__ = [
    "FINAL_PHASES",
    "NOBODY_TOLD",
    "Escalation",
    "Move",
    "Outcome",
    "Patience",
    "Phase",
    "Tell",
    "TellReason",
    "begin",
    "declined",
    "due",
    "ended",
]

NOBODY_TOLD = -1
"""The level before the first responder, who is level 0."""


class Phase(enum.StrEnum):
    """What the escalation waits for."""

    PENDING = "pending"
    AWAITING_RECEIPT = "awaiting_receipt"
    AWAITING_ACK = "awaiting_ack"
    EVERYBODY = "everybody"
    EXHAUSTED = "exhausted"
    ENDED = "ended"


FINAL_PHASES = frozenset({Phase.EXHAUSTED, Phase.ENDED})


class Outcome(enum.StrEnum):
    """How a step ended."""

    NOT_RECEIVED = "not_received"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    DECLINED = "declined"
    ENDED = "ended"


class TellReason(enum.StrEnum):
    """Why these are told now."""

    NEAREST = "nearest"
    CAMERA_WITHOUT_POSITION = "camera_without_position"
    NOBODY_ON_DUTY = "nobody_on_duty"
    NOBODY_LEFT = "nobody_left"
    NOT_ACKNOWLEDGED = "not_acknowledged"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a responder has, from being told: `receipt_ms` until it is on their device, `acknowledge_ms` until they
    have taken it."""

    receipt_ms: int = 5_000
    acknowledge_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Escalation:
    """The state. `responder` was told at `told_at_ms` by the log entry `told_offset`; `tried` were told or declined.

    `due_at_ms` is the deadline of the phase; a final phase has none.
    """

    phase: Phase
    level: int
    due_at_ms: int | None
    responder: str | None = None
    told_at_ms: int = 0
    told_offset: int = 0
    tried: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell `responder`, or everybody (`None`); with `outside`, the outside channels too."""

    level: int
    responder: Responder | None
    outside: bool
    reason: TellReason
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The state after an input, whom to tell now, and how the step before ended."""

    after: Escalation
    tell: Tell | None = None
    outcome: Outcome | None = None


def begin(now_ms: int) -> Escalation:
    """An alert was raised; its first step is due at once."""
    return Escalation(Phase.PENDING, NOBODY_TOLD, now_ms)


def due(before: Escalation, camera: Position | None, situation: Situation, patience: Patience, now_ms: int) -> Move:
    """The deadline may have passed."""
    if before.due_at_ms is None or now_ms < before.due_at_ms:
        return Move(before)
    match before.phase:
        case Phase.PENDING if camera is None:
            return _everybody(before, patience, now_ms)
        case Phase.PENDING:
            return _next(before, camera, situation, patience, now_ms, None)
        case Phase.AWAITING_RECEIPT if not _on_the_device(before, situation):
            return _next(before, camera, situation, patience, now_ms, Outcome.NOT_RECEIVED)
        case Phase.AWAITING_RECEIPT if now_ms < before.told_at_ms + patience.acknowledge_ms:
            return Move(
                replace(before, phase=Phase.AWAITING_ACK, due_at_ms=before.told_at_ms + patience.acknowledge_ms)
            )
        case Phase.EVERYBODY:
            tell = Tell(before.level + 1, None, True, TellReason.NOT_ACKNOWLEDGED)
            return Move(_exhausted(before, now_ms), tell, Outcome.NOT_ACKNOWLEDGED)
    return _next(before, camera, situation, patience, now_ms, Outcome.NOT_ACKNOWLEDGED)


def declined(
    before: Escalation, user_id: str, camera: Position | None, situation: Situation, patience: Patience, now_ms: int
) -> Move:
    """Somebody cannot take it. If it is theirs, the next one is told now; else they will not be asked."""
    after = replace(before, tried=before.tried | {user_id})
    if before.phase in FINAL_PHASES or before.responder != user_id:
        return Move(after)
    return _next(after, camera, situation, patience, now_ms, Outcome.DECLINED)


def ended(before: Escalation) -> Move:
    """Somebody has taken the alert, or it was closed, or it expired."""
    if before.phase is Phase.ENDED:
        return Move(before)
    outcome = None if before.phase is Phase.PENDING else Outcome.ENDED
    return Move(replace(before, phase=Phase.ENDED, due_at_ms=None), outcome=outcome)


def _on_the_device(before: Escalation, situation: Situation) -> bool:
    return any(
        responder.user_id == before.responder and responder.received_offset >= before.told_offset
        for responder in situation.responders
    )


def _next(
    before: Escalation, camera: Position | None, situation: Situation, patience: Patience, now_ms: int,
    outcome: Outcome | None,
) -> Move:  # fmt: skip
    """Tells the nearest who was not asked yet; without one, everybody and the outside channels."""
    left = [responder for responder in situation.responders if responder.user_id not in before.tried]
    if not left or camera is None:
        nobody = before.phase is Phase.PENDING and not situation.responders
        reason = TellReason.NOBODY_ON_DUTY if nobody else TellReason.NOBODY_LEFT
        return Move(_exhausted(before, now_ms), Tell(before.level + 1, None, True, reason), outcome)
    responder, distance = nearest_first(camera, left)[0]
    after = Escalation(
        phase=Phase.AWAITING_RECEIPT if responder.connected else Phase.AWAITING_ACK,
        level=before.level + 1,
        due_at_ms=now_ms + (patience.receipt_ms if responder.connected else patience.acknowledge_ms),
        responder=responder.user_id,
        told_at_ms=now_ms,
        tried=before.tried | {responder.user_id},
    )
    return Move(after, Tell(after.level, responder, False, TellReason.NEAREST, distance), outcome)


def _everybody(before: Escalation, patience: Patience, now_ms: int) -> Move:
    after = replace(
        before,
        phase=Phase.EVERYBODY,
        level=before.level + 1,
        due_at_ms=now_ms + patience.acknowledge_ms,
        told_at_ms=now_ms,
    )
    return Move(after, Tell(after.level, None, False, TellReason.CAMERA_WITHOUT_POSITION))


def _exhausted(before: Escalation, now_ms: int) -> Escalation:
    return replace(
        before, phase=Phase.EXHAUSTED, level=before.level + 1, due_at_ms=None, responder=None, told_at_ms=now_ms
    )
