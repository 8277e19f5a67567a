"""What the server sent of the alert log, and where in it this client is. Pure.

Three places in the log matter: `sent`, up to where this connection's server has sent; `handled`, up to where the
application has done its work; and what the server was told is `received`, which is never beyond either.
"""

from __future__ import annotations

from collections import OrderedDict

from sightline.client.events import Alert, AlertSnapshot, AlertTriggered, AlertUpdated, CaughtUp, Event, Gap
from sightline.client.messages import IdentificationSuccess, OpenAlerts, Position
from sightline.deliveries.entry import Cursor

__all__ = ["Inbox", "LogMessage"]

REMEMBERED_ENTRIES = 10_000
"""How many entries are known again when they come twice; beyond it the oldest is forgotten."""

LogMessage = Alert | AlertUpdated | OpenAlerts | Position | CaughtUp


class Inbox:
    """Says what the application has to see of the log, and what the server may be told."""

    def __init__(self, handled: Cursor | None) -> None:
        self.handled = handled
        self.caught_up = False
        self._epoch = ""
        self._sent: int | None = None
        self._received = -1
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._open: list[Alert] = []
        """Of a snapshot whose last part has not come."""

    def begin(self, success: IdentificationSuccess, resumed_at: Cursor | None) -> Gap | None:
        """A session begins that was asked to continue after `resumed_at`; `Gap` when it cannot."""
        before = self.handled
        self._epoch = success.epoch
        self._received = -1
        self._sent = None
        self._open = []
        self.caught_up = success.mode == "live"
        lost = before is not None and (before.epoch != success.epoch or before.offset > success.offset)
        if success.mode == "gap" or lost:
            # A place that this log cannot have would be asked for again at every reconnection.
            self.handled = None if lost else before
            return Gap(before)
        if resumed_at is not None:
            self._sent = self._received = resumed_at.offset
        return None

    def take(self, message: LogMessage) -> tuple[list[Event], Cursor | None]:
        """What is news in it for the application, and the place in the log that is reached with it."""
        match message:
            case Alert(alert_id=alert_id):
                return ([AlertTriggered(message, not self.caught_up)] if self._is_new(alert_id) else []), None
            case AlertUpdated():
                return ([message] if self._is_new(self._key(message)) else []), None
            case OpenAlerts(alerts=alerts, offset=offset, more=more):
                self._open += alerts
                return ([], None) if more else self._shown(offset)
            case Position():
                return self._moved(message)
            case CaughtUp():
                self.caught_up = True
                return [message], None

    def forget(self, entry: AlertTriggered | AlertUpdated) -> None:
        """The application could not be given this entry: it is news when it comes again."""
        key = entry.alert.alert_id if isinstance(entry, AlertTriggered) else self._key(entry)
        self._seen.pop(key, None)

    def done(self, cursor: Cursor) -> bool:
        """The application has done its work up to `cursor`; true when that is news."""
        known = self.handled
        if known is not None and known.epoch == cursor.epoch and known.offset >= cursor.offset:
            return False
        self.handled = cursor
        return True

    @property
    def untold(self) -> int:
        """How far what the application is done with lies beyond what the server was told."""
        offset = self._receivable()
        return 0 if offset is None or self._received < 0 else max(0, offset - self._received)

    def take_received(self) -> int | None:
        """The offset to tell the server as `received`; `None` when it knows. It counts as told."""
        offset = self._receivable()
        if offset is None or offset <= self._received:
            return None
        self._received = offset
        return offset

    def _receivable(self) -> int | None:
        if self._sent is None or self.handled is None or self.handled.epoch != self._epoch:
            return None
        return min(self._sent, self.handled.offset)

    def _shown(self, offset: int) -> tuple[list[Event], Cursor]:
        """All parts of a snapshot are here."""
        alerts, self._open = tuple(self._open), []
        for alert in alerts:
            self._is_new(alert.alert_id)
        self._sent = offset
        self.caught_up = True
        return [AlertSnapshot(alerts, offset)], Cursor(self._epoch, offset)

    def _moved(self, position: Position) -> tuple[list[Event], Cursor | None]:
        before = self._sent
        if before is not None and position.to <= before:
            return [], None
        self._sent = position.to
        if before is None:
            self._received = max(self._received, position.start)
        # The socket is ordered, so a hole between two positions means that the server skipped entries.
        hole = before is not None and position.start > before
        gap: list[Event] = [Gap(None if before is None else Cursor(self._epoch, before))] if hole else []
        return gap, Cursor(self._epoch, position.to)

    def _key(self, update: AlertUpdated) -> str:
        return f"{update.alert_id}@{self._epoch}:{update.offset}"

    def _is_new(self, key: str) -> bool:
        if key in self._seen:
            self._seen.move_to_end(key)
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED_ENTRIES:
            self._seen.popitem(last=False)
        return True
