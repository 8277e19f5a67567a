"""What a client has to tell the server and the server has not recorded yet. Pure: returns what to send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sightline.client.events import Recorded
from sightline.deliveries.entry import Cursor
from sightline.events.alert import Verdict
from sightline.exceptions import Unavailable

__all__ = ["ANSWER_WAIT_MS", "MAX_PENDING", "Kept", "Outbox", "PendingAck", "PendingAlert"]

ANSWER_WAIT_MS = 10_000
"""How long a sent acknowledgement may go unanswered before it is sent again; recording it twice is harmless."""
MAX_PENDING = 1_000


@dataclass(frozen=True, slots=True)
class PendingAck:
    """A person has taken an alert, or cannot (`decline`); the server does not know yet. `id` is that of the message."""

    id: str
    alert_id: str
    verdict: Verdict | None
    made_at_ms: int
    kind: Literal["ack", "decline"] = "ack"
    reason: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """The data of its message."""
        if self.kind == "decline":
            return {"alert_id": self.alert_id, **({"reason": self.reason} if self.reason else {})}
        return {"alert_id": self.alert_id, **({"verdict": self.verdict.value} if self.verdict else {})}


@dataclass(frozen=True, slots=True)
class PendingAlert:
    """An alert of a program that is an engine; the server has not accepted it yet. `id` is that of the message."""

    id: str
    alert_id: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a client has to remember over a restart: how far the application is, and what is not recorded."""

    cursor: Cursor | None = None
    acks: tuple[PendingAck, ...] = ()
    alerts: tuple[PendingAlert, ...] = ()


class Outbox:
    """Acknowledgements in the order they were made, each until it is recorded or refused.

    A later one for the same alert replaces one that is not on its way. Nothing is dropped: a full outbox refuses.
    """

    def __init__(self, acks: Iterable[PendingAck] = ()) -> None:
        self._pending = {ack.id: ack for ack in acks}
        self._sent_at_ms: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def pending(self) -> tuple[PendingAck, ...]:
        """Everything not recorded."""
        return tuple(self._pending.values())

    def add(self, ack: PendingAck) -> str:
        """Takes it over; returns the id under which it is answered. Raises `Unavailable` when too many wait."""
        for old in self._pending.values():
            if old.alert_id == ack.alert_id and old.id not in self._sent_at_ms:
                del self._pending[old.id]
                ack = replace(ack, id=old.id)
                break
        if len(self._pending) >= MAX_PENDING:
            raise Unavailable(f"{MAX_PENDING} acknowledgements wait for the server already: connect first")
        self._pending[ack.id] = ack
        return ack.id

    def take_due(self, now_ms: int) -> list[PendingAck]:
        """Those to send now: never sent on this connection, or without an answer for too long. They count as sent."""
        due = [ack for ack in self._pending.values() if self._due_at_ms(ack) <= now_ms]
        for ack in due:
            self._sent_at_ms[ack.id] = now_ms
        return due

    def next_due_at_ms(self) -> int | None:
        """When the first of them is due; `None` when there is none."""
        return min((self._due_at_ms(ack) for ack in self._pending.values()), default=None)

    def connection_lost(self) -> None:
        """What was sent and not answered has to be sent again."""
        self._sent_at_ms.clear()

    def recorded(self, recorded: Recorded, id: str | None) -> PendingAck | None:
        """Forgets the acknowledgement that this answers: by its id, or by its alert where there is none."""
        for ack in self._pending.values():
            if ack.id == id or (id is None and ack.alert_id == recorded.alert_id):
                return self._forget(ack.id)
        return None

    def refused(self, id: str) -> PendingAck | None:
        """Forgets the acknowledgement that the server will never record."""
        return self._forget(id)

    def _forget(self, id: str) -> PendingAck | None:
        self._sent_at_ms.pop(id, None)
        return self._pending.pop(id, None)

    def _due_at_ms(self, ack: PendingAck) -> int:
        sent_at_ms = self._sent_at_ms.get(ack.id)
        return 0 if sent_at_ms is None else sent_at_ms + ANSWER_WAIT_MS
