"""What a program that is an engine says: results, of which the newest counts, and alerts, of which none is lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from sightline.client.effects import AlertRefused, Answer, Deliver, Effect, Persist, Send
from sightline.client.events import AlertAccepted, StreamWanted
from sightline.client.outbox import ANSWER_WAIT_MS, MAX_PENDING, PendingAlert
from sightline.exceptions import Unavailable

__all__ = ["Reports", "StreamTask"]


class StreamTask(msgspec.Struct, frozen=True, kw_only=True):
    """`start_stream_processing` and `change_stream_quality`, `stop_stream_processing`: what to do with a camera."""

    camera_id: str
    rtsp_url: str | None = None
    quality: str | None = None
    new_quality: str | None = None


class Reports:
    """Alerts are sent again until the server has accepted or refused them; a result waits for a connection, and is
    replaced by the next of its kind and camera."""

    def __init__(self, alerts: Iterable[PendingAlert] = ()) -> None:
        self._alerts = {alert.id: alert for alert in alerts}
        self._sent_at_ms: dict[str, int] = {}
        self._results: dict[tuple[str, str], dict[str, Any]] = {}
        self._tasks: dict[str, StreamWanted] = {}
        self._open = False

    def __len__(self) -> int:
        return len(self._alerts)

    @property
    def pending(self) -> tuple[PendingAlert, ...]:
        """Alerts that are not accepted yet."""
        return tuple(self._alerts.values())

    def result(self, type: str, data: dict[str, Any]) -> list[Effect]:
        """What a camera shows now."""
        if self._open:
            return [Send(type, data)]
        self._results[type, data["camera_id"]] = data
        return []

    def alert(self, alert: PendingAlert, now_ms: int) -> list[Effect]:
        """People are to be told. Raises `Unavailable` when too many wait."""
        if len(self._alerts) >= MAX_PENDING:
            raise Unavailable(f"{MAX_PENDING} alerts wait for the server already: connect first")
        self._alerts[alert.id] = alert
        return [Persist(), *self._due(now_ms)]

    def begin(self, now_ms: int) -> list[Effect]:
        """There is a new connection. The server says anew what is to be done."""
        self._open = True
        stopped = [Deliver(StreamWanted(camera_id, None, None)) for camera_id in self._tasks]
        self._tasks = {}
        results, self._results = self._results, {}
        newest = [Send(type, data) for (type, _), data in results.items()]
        return [*stopped, *newest, *self._due(now_ms)]

    def end(self) -> None:
        """The connection is over: what was not answered is sent again."""
        self._open = False
        self._sent_at_ms.clear()

    def next_tick_at_ms(self) -> int | None:
        """When `tick` has to be called; `None` when nothing is waited for."""
        return min((at_ms + ANSWER_WAIT_MS for at_ms in self._sent_at_ms.values()), default=None)

    def tick(self, now_ms: int) -> list[Effect]:
        """Time has passed."""
        return self._due(now_ms)

    def accepted(self, answer: AlertAccepted, id: str | None) -> list[Effect]:
        """The server has an alert on its disk."""
        found = next((one for one in self._alerts.values() if one.id == id or one.alert_id == answer.alert_id), None)
        return [] if found is None else self._done(found.id, answer)

    def refused(self, code: str, message: str, id: str) -> list[Effect]:
        """The server's `error`, perhaps the answer to an alert."""
        alert = self._alerts.get(id)
        if alert is None:
            return []
        return self._done(id, AlertRefused(message, alert_id=alert.alert_id, code=code))

    def task(self, type: str, task: StreamTask) -> list[Effect]:
        """The server wants a camera looked at, or no longer."""
        before = self._tasks.get(task.camera_id)
        if type == "stop_stream_processing":
            self._tasks.pop(task.camera_id, None)
            return [Deliver(StreamWanted(task.camera_id, None, None))]
        source = task.rtsp_url or (before.rtsp_url if before else None)
        wanted = self._tasks[task.camera_id] = StreamWanted(task.camera_id, source, task.quality or task.new_quality)
        return [Deliver(wanted)]

    def _due(self, now_ms: int) -> list[Effect]:
        due = [
            alert
            for alert in (self._alerts.values() if self._open else ())
            if now_ms - self._sent_at_ms.get(alert.id, -ANSWER_WAIT_MS) >= ANSWER_WAIT_MS
        ]
        for alert in due:
            self._sent_at_ms[alert.id] = now_ms
        return [Send("alert_triggered", alert.data, alert.id) for alert in due]

    def _done(self, id: str, outcome: AlertAccepted | AlertRefused) -> list[Effect]:
        del self._alerts[id]
        self._sent_at_ms.pop(id, None)
        return [Answer(id, outcome), Persist()]
