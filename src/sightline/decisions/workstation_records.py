"""Workstations and what is kept of them: who may sit there, how everybody stands, what was done."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from sightline.decisions.workstation import Action, Reason

__all__ = ["ActionEntry", "NewAction", "Sitter", "Standing", "StandingRecord", "Workstation"]


class Standing(enum.StrEnum):
    """How an administrator lets somebody work."""

    ACTIVE = "active"
    PAUSED = "paused"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Workstation:
    """A machine that people sit at. `people`: the ids of those who may; `has_token`: whether it may connect."""

    id: str
    name: str
    created_at_ms: int
    has_token: bool = False
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody who may sit at a workstation, as things are now."""

    person_id: str
    name: str
    standing: Standing
    has_reference: bool


@dataclass(frozen=True, slots=True)
class StandingRecord:
    """Somebody who is paused or blocked: why, by whom, and since when."""

    person_id: str
    standing: Standing
    reason: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class NewAction:
    """Something a workstation was told to do. `person_id`: who should have sat there; `recognised_id`: who else did, if
    it is known; `scores` and `thresholds`, 0 to 1 each, by the name of what was measured.
    """

    at_ms: int
    workstation: str
    action: Action
    reason: Reason
    person_id: str | None = None
    recognised_id: str | None = None
    scores: Mapping[str, float | None] | None = None
    thresholds: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """An entry of the action log."""

    id: str
    at_ms: int
    workstation: str
    action: Action
    reason: Reason
    person_id: str | None
    recognised_id: str | None
    scores: Mapping[str, float | None]
    thresholds: Mapping[str, float]
    has_picture: bool
