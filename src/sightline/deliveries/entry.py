"""An entry of the alert log, and where a device stands in it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Cursor", "Entry", "EntryKind", "LogBounds"]


class EntryKind(enum.StrEnum):
    """What an entry tells: a new alert, or a new state of one."""

    ALERT_TRIGGERED = "alert_triggered"
    ALERT_UPDATED = "alert_updated"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Holds ids, never names or pictures: those are joined when it is sent.

    `audience` is the set of tags it is addressed to; `data` is the state that changed (`alert_updated`) or empty.
    """

    offset: int
    at_ms: int
    kind: EntryKind
    alert_id: str
    audience: frozenset[str]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogBounds:
    """The log's epoch (renewed by every restore), the lowest offset still kept minus one, and the highest offset.

    A reader at `offset` can be served without a gap when its epoch is this one and `floor <= offset <= top`.
    """

    epoch: str
    floor: int
    top: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a device has received: everything addressed to it up to and including `offset`."""

    epoch: str
    offset: int
