"""Between the connection and the application: nothing of the log is lost here, and nothing grows without bound.

- entries of the log and what belongs between them, in order. The server sends at most 100 entries beyond what is
  `received`, so this lane is short by itself; against a server that does not keep to that there is `MAX_ENTRIES`, and a
  full lane refuses: the connection is given up and what was refused is sent again on the next one.
- everything else has one slot a kind and camera (or engine), and the newest replaces the older. The oldest slot goes
  when there are more than `MAX_SLOTS`.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from sightline.client.events import (
    AlertSnapshot,
    AlertTriggered,
    AlertUpdated,
    CameraChanged,
    CaughtUp,
    ConnectionChanged,
    DetectionResult,
    EngineChanged,
    Event,
    FaceResult,
    Gap,
    PersonErased,
    Picture,
    QualityChanged,
    StreamFailed,
    StreamStarted,
    StreamStopped,
    StreamWanted,
)
from sightline.deliveries.entry import Cursor

__all__ = ["Mailbox"]

MAX_ENTRIES = 1_000
MAX_SLOTS = 1_024


class Mailbox:
    """Events that the application has not taken yet. The connection's state comes first, then the log, then slots."""

    def __init__(self) -> None:
        self._connection: ConnectionChanged | None = None
        self._log: deque[Event | Cursor] = deque()
        self._slots: OrderedDict[tuple[type[Event], str], Event] = OrderedDict()

    def put(self, event: Event) -> bool:
        """Takes an event in; false when there is no room for an entry of the log."""
        match event:
            case ConnectionChanged():
                self._connection = event
            case AlertTriggered() | AlertUpdated():
                if len(self._log) >= MAX_ENTRIES:
                    return False
                self._log.append(event)
            case AlertSnapshot() | Gap() | CaughtUp():
                # The later one says all that the earlier said, so that reconnections do not pile them up.
                self._take_out(type(event))
                self._log.append(event)
            case _:
                self._put_slot((type(event), _name_of(event)), event)
        return True

    def mark(self, cursor: Cursor) -> None:
        """Everything before `cursor` is in: `take` gives it back once all that has been taken."""
        if self._log and isinstance(self._log[-1], Cursor):
            self._log.pop()
        self._log.append(cursor)

    def take(self) -> Event | Cursor | None:
        """What comes next; a `Cursor` says that everything before it was taken. `None` when nothing is there."""
        if self._connection is not None:
            event, self._connection = self._connection, None
            return event
        if self._log:
            return self._log.popleft()
        return self._slots.popitem(last=False)[1] if self._slots else None

    def _take_out(self, kind: type[Event]) -> None:
        items, self._log = self._log, deque()
        for item in items:
            if isinstance(item, Cursor):
                self.mark(item)
            elif type(item) is not kind:
                self._log.append(item)

    def _put_slot(self, slot: tuple[type[Event], str], event: Event) -> None:
        self._slots[slot] = event
        if len(self._slots) > MAX_SLOTS:
            self._slots.popitem(last=False)


def _name_of(event: Event) -> str:
    match event:
        case CameraChanged(camera_id=id) | FaceResult(camera_id=id) | DetectionResult(camera_id=id):
            return id
        case Picture(camera_id=id):
            return id
        case DetectionResult(camera_id=id, source=source):
            return f"{id}/{source}"
        case StreamStarted(camera_id=id) | StreamFailed(camera_id=id) | StreamStopped(camera_id=id):
            return id
        case QualityChanged(camera_id=id) | StreamWanted(camera_id=id):
            return id
        case EngineChanged(engine_id=id) | PersonErased(person_id=id):
            return id
        case _:
            return ""
