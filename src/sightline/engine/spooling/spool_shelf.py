"""What lies in a spool, in order, and what goes first when there is too much."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from sightline.events.fact import (
    Attack,
    CrowdChanged,
    Identified,
    Kept,
    LineCrossed,
    ObjectSeen,
    Reported,
    Sighting,
    SourceState,
    Unknown,
)

__all__ = ["Shelf", "ShelfEntry", "Victim", "kind_of"]

_KINDS = ("sighting", "object", "unknown", "source_state", "identified")
"""Kinds of what is kept, the first to go first."""


def kind_of(fact: Kept) -> str:
    """The kind by which facts and sightings are kept: `identified` the longest."""
    if isinstance(fact, Sighting):
        return "sighting"
    match fact.what:
        case Identified() | Attack() | Reported():
            return "identified"
        case SourceState() | CrowdChanged():
            return "source_state"
        case Unknown():
            return "unknown"
        case ObjectSeen() | LineCrossed():
            return "object"


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """One fact: its place in the order, its size, and the sizes of its pictures by role (all in bytes)."""

    number: int
    key: str
    kind: str
    fact_bytes: int
    pictures: dict[str, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Everything of this entry."""
        return self.fact_bytes + sum(self.pictures.values())


@dataclass(frozen=True, slots=True)
class Victim:
    """What goes next: only the pictures of `entry`, or all of it."""

    entry: ShelfEntry
    pictures_only: bool


class Shelf:
    """An ordered index with a running total. Holds no picture and no fact itself."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._entries: OrderedDict[int, ShelfEntry] = OrderedDict()
        self._pictured: OrderedDict[int, None] = OrderedDict()
        self._kinds: dict[str, OrderedDict[int, None]] = {kind: OrderedDict() for kind in _KINDS}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, number: int) -> bool:
        return number in self._entries

    def __getitem__(self, number: int) -> ShelfEntry:
        return self._entries[number]

    def numbers(self) -> list[int]:
        """All numbers, the oldest first."""
        return list(self._entries)

    def add(self, entry: ShelfEntry) -> None:
        """Puts an entry at the end; numbers rise."""
        self._entries[entry.number] = entry
        self._kinds[entry.kind][entry.number] = None
        if entry.pictures:
            self._pictured[entry.number] = None
        self.size_bytes += entry.size_bytes

    def remove(self, number: int) -> None:
        """Takes an entry out."""
        entry = self._entries.pop(number)
        self._kinds[entry.kind].pop(number)
        self._pictured.pop(number, None)
        self.size_bytes -= entry.size_bytes

    def strip(self, number: int) -> None:
        """Takes the pictures off an entry."""
        entry = self._entries[number]
        self._entries[number] = replace(entry, pictures={})
        self._pictured.pop(number, None)
        self.size_bytes -= sum(entry.pictures.values())

    def victim(self) -> Victim | None:
        """The oldest pictures; when there are none, the oldest fact of the least kind; None when empty."""
        for number in self._pictured:
            return Victim(self._entries[number], pictures_only=True)
        for kind in _KINDS:
            for number in self._kinds[kind]:
                return Victim(self._entries[number], pictures_only=False)
        return None
