"""What clients were shown, held against the log: what is lost, reordered, shown twice, or skipped without a word. Pure.

The log is what was accepted: every entry, also those that retention has forgotten since. A client's history is what its
application was shown, in order. The checker knows nothing of how either came about.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

__all__ = [
    "Entry",
    "Event",
    "Findings",
    "GapTold",
    "Kind",
    "Moved",
    "Shown",
    "SnapshotShown",
    "check",
    "check_accepted",
]


class Kind(enum.StrEnum):
    """What an entry of the log is."""

    ALERT = "alert"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log. `ends` is true for an update after which the alert is not open any more."""

    offset: int
    kind: Kind
    alert_id: str
    audience: frozenset[str]
    ends: bool = False


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """The application was shown an entry."""

    kind: Kind
    alert_id: str
    offset: int


class SnapshotShown(msgspec.Struct, frozen=True, tag="snapshot"):
    """The application was shown all open alerts instead of history; the log goes on after `offset`."""

    alert_ids: frozenset[str]
    offset: int


class GapTold(msgspec.Struct, frozen=True, tag="gap"):
    """The application was told that entries after `before` are missing; `None`: after the last that it saw."""

    before: int | None


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """`position {from, to}`: all that is addressed to this client in (start, to] has been sent."""

    start: int
    to: int


Event = Shown | SnapshotShown | GapTold | Moved


@dataclass(slots=True)
class Findings:
    """What is wrong, each in words; all empty when nothing is. `shown` counts the entries that were shown."""

    lost: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unexplained_gaps: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    shown: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost or self.reordered or self.duplicated or self.unexplained_gaps or self.invented)

    def add(self, other: Findings, *, of: str) -> None:
        """Takes over what was found in the history of the client `of`."""
        for name in ("lost", "reordered", "duplicated", "unexplained_gaps", "invented"):
            getattr(self, name).extend(f"{of}: {what}" for what in getattr(other, name))
        self.shown += other.shown

    def in_words(self, most: int = 5) -> str:
        """The first few of each kind."""
        lines = []
        for name in ("lost", "reordered", "duplicated", "unexplained_gaps", "invented"):
            found = getattr(self, name)
            lines += [f"{name} {len(found)}", *(f"  {what}" for what in found[:most])] if found else []
        return "\n".join(lines) or "nothing is wrong"


def check(
    log: Sequence[Entry], history: Iterable[Event], tags: Collection[str], *, floor: int, start: int | None = None,
    until: int | None = None,
) -> Findings:  # fmt: skip
    """Holds the history of one client, which carries `tags`, against the log.

    `log` is every entry there ever was, by offset; `floor` is the last offset that retention has forgotten by the end;
    `start` is where the client stood before its history began, `None` for a new device: that is shown a snapshot first.
    What is beyond `until` need not have been shown yet.
    """
    return _Reader(log, frozenset(tags), floor, start).read(history, until)


def check_accepted(log: Sequence[Entry], accepted: Iterable[str]) -> list[str]:
    """The alerts whose acceptance an engine was told and that the log does not begin with; empty when all is well."""
    first: dict[str, Kind] = {}
    for entry in log:
        first.setdefault(entry.alert_id, entry.kind)
    return [alert_id for alert_id in accepted if first.get(alert_id) is not Kind.ALERT]


class _Reader:
    """Reads one history from its beginning to its end."""

    def __init__(self, log: Sequence[Entry], tags: frozenset[str], floor: int, start: int | None) -> None:
        self._mine = {entry.offset: entry for entry in log if entry.audience & tags}
        self._offsets = list(self._mine)
        self._floor = floor
        self._at = start
        """Up to where the client has been shown the log, or a snapshot instead; `None` before the first snapshot."""
        self._moved = start
        self._gap_after: int | None = None
        self._excused: list[tuple[int, int]] = [] if start is None else [(-1, start)]
        """Ranges (after, to] that the client need not be shown: before its time, or a snapshot stood for them."""
        self._alerts: set[str] = set()
        self._updates: set[int] = set()
        self._findings = Findings()

    def read(self, history: Iterable[Event], until: int | None) -> Findings:
        """Everything that is wrong with it."""
        for event in history:
            match event:
                case Shown():
                    self._shown(event)
                case SnapshotShown():
                    self._snapshot(event)
                case GapTold():
                    self._gap(event)
                case Moved():
                    self._position(event)
        if self._gap_after is not None:
            self._say("unexplained_gaps", f"no open alerts were shown after the gap at {self._gap_after}")
        for entry in self._mine.values():
            if (until is None or entry.offset <= until) and not self._has(entry):
                self._say("lost", f"{entry.kind.value} {entry.alert_id} at {entry.offset} was never shown")
        return self._findings

    def _shown(self, event: Shown) -> None:
        self._findings.shown += 1
        what = f"{event.kind.value} {event.alert_id} at {event.offset}"
        entry = self._mine.get(event.offset)
        if entry is None or (entry.kind, entry.alert_id) != (event.kind, event.alert_id):
            self._say("invented", f"{what} is not in the log, or not addressed to this client")
            return
        if event.alert_id in self._alerts if event.kind is Kind.ALERT else event.offset in self._updates:
            self._say("duplicated", f"{what} was shown before")
        elif self._at is not None and event.offset <= self._at:
            self._say("reordered", f"{what} was shown after {self._at}")
        if event.kind is Kind.ALERT:
            self._alerts.add(event.alert_id)
        else:
            self._updates.add(event.offset)
        self._at = max(event.offset, -1 if self._at is None else self._at)

    def _snapshot(self, event: SnapshotShown) -> None:
        if self._at is not None and self._gap_after is None:
            self._say("unexplained_gaps", f"a snapshot at {event.offset} after {self._at}, and no word of a gap")
        for alert_id in sorted(self._open_at(event.offset) - event.alert_ids):
            self._say("lost", f"alert {alert_id} was open and is not in the snapshot at {event.offset}")
        after = self._gap_after if self._gap_after is not None else -1 if self._at is None else self._at
        self._excused.append((after, event.offset))
        self._alerts |= event.alert_ids
        self._at = self._moved = event.offset
        self._gap_after = None

    def _gap(self, event: GapTold) -> None:
        at = event.before if event.before is not None else self._at
        self._gap_after = -1 if at is None else at
        if self._gap_after >= self._floor:
            self._say("unexplained_gaps", f"a gap after {at}, but the log has everything after {self._floor}")

    def _position(self, event: Moved) -> None:
        if self._moved is not None and self._count(event.start) > self._count(self._moved):
            self._say("unexplained_gaps", f"a position from {event.start} after one to {self._moved}")
        if event.to < event.start:
            self._say("reordered", f"a position from {event.start} back to {event.to}")
        self._moved = max(event.to, -1 if self._moved is None else self._moved)

    def _count(self, to: int) -> int:
        """How many entries up to there are addressed to this client."""
        return bisect_right(self._offsets, to)

    def _has(self, entry: Entry) -> bool:
        if any(after < entry.offset <= to for after, to in self._excused):
            return True
        return entry.alert_id in self._alerts if entry.kind is Kind.ALERT else entry.offset in self._updates

    def _open_at(self, offset: int) -> set[str]:
        """Alerts that are addressed to this client and were open when the log ended at `offset`."""
        still_open: set[str] = set()
        for entry in self._mine.values():
            if entry.offset > offset:
                break
            if entry.kind is Kind.ALERT:
                still_open.add(entry.alert_id)
            elif entry.ends:
                still_open.discard(entry.alert_id)
        return still_open

    def _say(self, kind: str, what: str) -> None:
        getattr(self._findings, kind).append(what)
