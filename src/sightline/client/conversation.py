"""What a client and its server talk about once the server knows who the client is. Pure; `Session` owns it.

Alerts reach the application once for each id, however often they are sent; the server is told `received` only when the
application has done its work; acknowledgements are sent again until they are recorded; subscriptions, streams, duty and
location outlive the connection. Every method returns what is to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sightline.client.effects import AckRefused, Answer, Deliver, Effect, Mark, Persist, Send
from sightline.client.events import (
    Alert,
    AlertAccepted,
    AlertTriggered,
    AlertUpdated,
    CaughtUp,
    DutyStatus,
    Event,
    Problem,
    QualityChanged,
    Recorded,
    StreamFailed,
    StreamStarted,
    StreamStopped,
)
from sightline.client.inbox import Inbox
from sightline.client.messages import BulkStatus, IdentificationSuccess, OpenAlerts, Position, StateMessage
from sightline.client.outbox import Kept, Outbox, PendingAck, PendingAlert
from sightline.client.reports import Reports, StreamTask
from sightline.client.streams import Streams
from sightline.client.whereabouts import Whereabouts
from sightline.deliveries.entry import Cursor
from sightline.exceptions import Unavailable

__all__ = ["Conversation"]

RECEIVED_DELAY_MS = 250
"""Live, `received` is held back this long, so that a burst costs one message; in a replay it goes at once."""
MOST_UNTOLD = 50
"""And so many entries at most: half of what the server sends beyond what it was told, or a flood would wait for it."""

MAX_SUBSCRIPTIONS = 256
"""As many as a server allows."""

TRANSIENT_CODES = frozenset({"PROCESSING_ERROR", "RATE_LIMITED", "SYSTEM_FULL", "CONNECTION_LIMIT"})
"""Errors that do not refuse an acknowledgement for good: it is sent again."""


class Conversation:
    """`begin` opens it, `end` suspends it; what was asked meanwhile is said when it goes on."""

    def __init__(self, kept: Kept, new_id: Callable[[int], str]) -> None:
        self.streams = Streams(new_id)
        self.reports = Reports(kept.alerts)
        self._new_id = new_id
        self._whereabouts = Whereabouts()
        self._inbox = Inbox(kept.cursor)
        self._outbox = Outbox(kept.acks)
        self._subscriptions: dict[str, dict[str, Any]] = {}
        self._open = False
        self._resume: Cursor | None = None
        self._received_at_ms: int | None = None

    @property
    def kept(self) -> Kept:
        """What has to survive a restart."""
        return Kept(self._inbox.handled, self._outbox.pending, self.reports.pending)

    @property
    def waiting(self) -> int:
        """Acknowledgements and alerts that the server has not recorded yet."""
        return len(self._outbox) + len(self.reports)

    def next_tick_at_ms(self) -> int | None:
        """When `tick` has to be called; `None` when nothing is waited for."""
        due = [self.streams.next_tick_at_ms()]
        if self._open:
            due += [self._received_at_ms, self._outbox.next_due_at_ms(), self.reports.next_tick_at_ms()]
        return min((at_ms for at_ms in due if at_ms is not None), default=None)

    def resume(self) -> Cursor | None:
        """Where the next session has to go on."""
        self._resume = self._inbox.handled
        return self._resume

    def begin(self, success: IdentificationSuccess, now_ms: int) -> list[Effect]:
        """The server knows who we are."""
        self._open = True
        gap = self._inbox.begin(success, self._resume)
        wishes = [Send("subscribe_camera", wish) for wish in self._subscriptions.values()]
        return [
            *([Deliver(gap)] if gap else []),
            *wishes,
            *self._whereabouts.begin(self._new_id(now_ms), now_ms),
            *self.streams.begin(now_ms),
            *self.reports.begin(now_ms),
            *self._acks(now_ms),
        ]

    def end(self) -> None:
        """The connection is over."""
        self._open = False
        self._received_at_ms = None
        self._outbox.connection_lost()
        self.streams.end()
        self.reports.end()

    def tick(self, now_ms: int) -> list[Effect]:
        """Time has passed."""
        due = self._received_at_ms is not None and self._received_at_ms <= now_ms
        said = [*(self._received() if due else ()), *self._acks(now_ms)]
        return [*said, *self.streams.tick(now_ms), *self.reports.tick(now_ms)]

    def farewell(self) -> list[Effect]:
        """What has to be said before the client hangs up."""
        return list(self._received()) if self._open else []

    # ── what the application wants ──

    def subscribe(self, camera_id: str, *, frames: bool, max_fps: float | None) -> list[Effect]:
        """Wants a camera's observations (`*`: all cameras'), with pictures when `frames`. Raises `Unavailable`."""
        rate = {} if max_fps is None else {"max_fps": max_fps}
        wish = {"camera_id": camera_id, "frames": frames, **rate}
        if self._subscriptions.get(camera_id) == wish:
            return []
        if camera_id not in self._subscriptions and len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise Unavailable(f"{MAX_SUBSCRIPTIONS} cameras are subscribed to already: subscribe to `*`")
        self._subscriptions[camera_id] = wish
        return [Send("subscribe_camera", wish)] if self._open else []

    def unsubscribe(self, camera_id: str) -> list[Effect]:
        """No longer."""
        wished = self._subscriptions.pop(camera_id, None) is not None
        return [Send("unsubscribe_camera", {"camera_id": camera_id})] if wished and self._open else []

    def acknowledge(self, ack: PendingAck, now_ms: int) -> tuple[str, list[Effect]]:
        """A person has taken an alert. Returns the id that the `Answer` will bear. Raises `Unavailable`."""
        id = self._outbox.add(ack)
        return id, [Persist(), *self._acks(now_ms)]

    def switch_duty(self, on: bool, now_ms: int) -> list[Effect]:
        """The user is on duty from now on, or not."""
        return self._whereabouts.switch(on, self._new_id(now_ms), open=self._open)

    def locate(self, location: dict[str, Any] | None, now_ms: int) -> list[Effect]:
        """The device is here now."""
        return self._whereabouts.locate(location, now_ms, open=self._open)

    def raise_alert(self, data: dict[str, Any], now_ms: int) -> tuple[str, list[Effect]]:
        """A program that is an engine has something to tell people. Returns the id that the `Answer` will bear."""
        alert = PendingAlert(self._new_id(now_ms), data["alert_id"], data)
        return alert.id, self.reports.alert(alert, now_ms)

    def handled(self, cursor: Cursor, now_ms: int) -> list[Effect]:
        """The application has done its work with everything delivered before this `Mark`."""
        effects: list[Effect] = [Persist()] if self._inbox.done(cursor) else []
        if self._open and self._inbox.caught_up and self._inbox.untold < MOST_UNTOLD:
            self._received_at_ms = self._received_at_ms or now_ms + RECEIVED_DELAY_MS
        elif self._open:
            effects += self._received()
        return effects

    def overflowed(self, entry: Event) -> None:
        """The application could not be given this."""
        if isinstance(entry, (AlertTriggered, AlertUpdated)):
            self._inbox.forget(entry)

    # ── what the server says ──

    def message(self, data: StateMessage, id: str | None, type: str) -> list[Effect]:
        """A message of the open conversation."""
        match data:
            case Alert() | AlertUpdated() | OpenAlerts() | Position() | CaughtUp():
                events, cursor = self._inbox.take(data)
                return [*map(Deliver, events), *([] if cursor is None else [Mark(cursor)])]
            case Recorded():
                return self._answer(self._outbox.recorded(data, id), data)
            case BulkStatus(cameras=cameras):
                return [Deliver(camera) for camera in cameras]
            case DutyStatus():
                return self._whereabouts.answered(data, id)
            case StreamStarted() | StreamFailed() | StreamStopped() | QualityChanged():
                return self.streams.answered(data, id)
            case AlertAccepted():
                return self.reports.accepted(data, id)
            case StreamTask():
                return self.reports.task(type, data)
            case _:
                return [Deliver(data)]

    def problem(self, problem: Problem, id: str | None) -> list[Effect]:
        """The server's `error`, perhaps the answer to something that was asked."""
        if id is None:
            return []
        if problem.code in TRANSIENT_CODES:
            return self.streams.refused(problem.code, problem.message, id)
        self._whereabouts.refused(id)
        ack = self._outbox.refused(id)
        if ack is None:
            asked = self.streams.refused(problem.code, problem.message, id)
            return [*asked, *self.reports.refused(problem.code, problem.message, id)]
        return self._answer(ack, AckRefused(problem.message, alert_id=ack.alert_id, code=problem.code))

    def _answer(self, ack: PendingAck | None, outcome: Recorded | AckRefused) -> list[Effect]:
        return [] if ack is None else [Answer(ack.id, outcome), Persist()]

    def _received(self) -> Iterator[Effect]:
        self._received_at_ms = None
        offset = self._inbox.take_received()
        if offset is not None:
            yield Send("received", {"offset": offset})

    def _acks(self, now_ms: int) -> Iterator[Effect]:
        for ack in self._outbox.take_due(now_ms) if self._open else ():
            yield Send(ack.kind, ack.data, ack.id)
