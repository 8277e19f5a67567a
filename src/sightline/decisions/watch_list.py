"""A watch list: part of the gallery plus what happens on a hit."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.events.alert import Severity

__all__ = ["WatchList"]


@dataclass(frozen=True, slots=True)
class WatchList:
    """A named part of the gallery. A hit on an enabled list raises an alert of `severity`; with
    `require_live`, only once the track has been shown to be bona fide."""

    id: str
    name: str
    severity: Severity
    enabled: bool
    created_at_ms: int
    people: int = 0
    require_live: bool = False
