"""Who sits before a workstation, and what is to be done about it.

    evidence of a frame ─ find ─→ finding ─ k of the last n ─→ decided finding ─ table ─→ action, reason

Findings are tried in their order: a phone counts before anything else, a missing face before a false one.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = [
    "TABLE",
    "Action",
    "Evidence",
    "Finding",
    "Reason",
    "Verdict",
    "VerdictRules",
    "Watch",
    "find",
    "parse_decide_over",
]


MAX_WINDOW = 1000


class Finding(enum.StrEnum):
    """What a frame shows, in the order in which findings are tried."""

    PHONE = "phone"
    NO_FACE = "no_face"
    ATTACK = "attack"
    WRONG_USER = "wrong_user"
    RIGHT_USER = "right_user"


class Action(enum.StrEnum):
    """What the workstation is told to do."""

    SIGN_OUT = "ACTION_SIGN_OUT"
    LOCK_SCREEN = "ACTION_LOCK_SCREEN"
    WARNING = "ACTION_WARNING"
    ERROR = "ACTION_ERROR"
    NONE = "NO_ACTION"


class Reason(enum.StrEnum):
    """Why."""

    PHONE_DETECTION = "REASON_PHONE_DETECTION"
    NO_FACE = "REASON_NO_FACE"
    SPOOF_IMAGE = "REASON_SPOOF_IMAGE"
    WRONG_USER = "REASON_WRONG_USER"
    CLIENT_NOT_AVAILABLE = "REASON_CLIENT_NOT_AVAILABLE"
    BLOCKED_CLIENT = "REASON_BLOCKED_CLIENT"
    PAUSED_CLIENT = "REASON_PAUSED_CLIENT"
    SYSTEM_FULL = "SYSTEM_FULL"
    EMPTY = "EMPTY_REASON"


_REASONS = MappingProxyType(
    {
        Finding.PHONE: Reason.PHONE_DETECTION,
        Finding.NO_FACE: Reason.NO_FACE,
        Finding.ATTACK: Reason.SPOOF_IMAGE,
        Finding.WRONG_USER: Reason.WRONG_USER,
        Finding.RIGHT_USER: Reason.EMPTY,
    }
)

TABLE: Mapping[Finding, Action] = MappingProxyType(
    {
        Finding.PHONE: Action.SIGN_OUT,
        Finding.NO_FACE: Action.LOCK_SCREEN,
        Finding.ATTACK: Action.SIGN_OUT,
        Finding.WRONG_USER: Action.LOCK_SCREEN,
        Finding.RIGHT_USER: Action.NONE,
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the models say of a frame. `phone`: the confidence of the surest phone, 0 without one; `live` and
    `similarity` are of the largest face: how much it looks bona fide, and how near it is to the user who should sit
    here, each 0 to 1. `None`: nobody looked (no model), or there is no face.
    """

    phone: float = 0.0
    has_face: bool = False
    live: float | None = None
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class VerdictRules:
    """`phone`, `live`, `similarity` are the thresholds of the evidence; `needed` of the last `window` frames must show
    the same finding before it is acted upon; in the first `grace_ms` of a session nothing is. `table` gives the action
    of each finding. Raises `ValueError` for numbers that make no rule.
    """

    phone: float = 0.5
    live: float = 0.5
    similarity: float = 0.5
    needed: int = 1
    window: int = 1
    grace_ms: int = 0
    table: Mapping[Finding, Action] = field(default_factory=lambda: TABLE)

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.window:
            raise ValueError(f"{self.needed} of the last {self.window} frames is no rule")
        if set(self.table) != set(Finding):
            raise ValueError("every finding needs an action")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a frame: what it showed, what was decided over the last frames, and what is to be done."""

    shown: Finding
    decided: Finding
    action: Action
    reason: Reason


def find(evidence: Evidence, rules: VerdictRules) -> Finding:
    """What the frame shows. Without a judgement of liveness, nothing is an attack; without a similarity, a face is not
    the user's.
    """
    if evidence.phone >= rules.phone:
        return Finding.PHONE
    if not evidence.has_face:
        return Finding.NO_FACE
    if evidence.live is not None and evidence.live < rules.live:
        return Finding.ATTACK
    if evidence.similarity is None or evidence.similarity < rules.similarity:
        return Finding.WRONG_USER
    return Finding.RIGHT_USER


def parse_decide_over(text: str) -> tuple[int, int]:
    """`needed` and `window` of `k/n`. Raises `ValueError`.

    >>> parse_decide_over("3/5")
    (3, 5)
    """
    needed, _, window = text.partition("/")
    if not (needed.isdecimal() and window.isdecimal() and 1 <= int(needed) <= int(window) <= MAX_WINDOW):
        raise ValueError(f"{text!r} is no rule: write it like 3/5, at most {MAX_WINDOW}")
    return int(needed), int(window)


class Watch:
    """The frames of one session at a workstation, which began at `since_ms`."""

    def __init__(self, rules: VerdictRules, since_ms: int) -> None:
        self._rules = rules
        self._since_ms = since_ms
        self._shown: deque[Finding] = deque(maxlen=rules.window)

    @property
    def rules(self) -> VerdictRules:
        """By what it judges."""
        return self._rules

    def judge(self, evidence: Evidence, at_ms: int) -> Verdict:
        """The verdict on the next frame, captured at `at_ms`."""
        shown = find(evidence, self._rules)
        self._shown.append(shown)
        decided = Finding.RIGHT_USER if at_ms - self._since_ms < self._rules.grace_ms else self._agreed()
        return Verdict(shown, decided, self._rules.table[decided], _REASONS[decided])

    def _agreed(self) -> Finding:
        """The first finding, in their order, that enough of the last frames show; the right user when none is."""
        agreed = (finding for finding in Finding if self._shown.count(finding) >= self._rules.needed)
        return next(agreed, Finding.RIGHT_USER)
