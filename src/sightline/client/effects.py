"""What a `Session` asks its driver to do, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.client.closing import Stopped
from sightline.client.events import AlertAccepted, Event, QualityChanged, Recorded, StreamStarted, StreamStopped
from sightline.deliveries.entry import Cursor
from sightline.exceptions import SightlineError

__all__ = [
    "AckRefused",
    "AlertRefused",
    "Answer",
    "Close",
    "Deliver",
    "Effect",
    "Halt",
    "Mark",
    "Open",
    "Outcome",
    "Persist",
    "Send",
    "StreamRefused",
    "WantToken",
]


class AckRefused(SightlineError):
    """The server will never record this acknowledgement; `code` is its word for why (`FORBIDDEN`, …)."""

    def __init__(self, message: str, *, alert_id: str, code: str) -> None:
        super().__init__(message)
        self.alert_id = alert_id
        self.code = code


class AlertRefused(SightlineError):
    """The server will never accept this alert of an engine; `code` is its word for why."""

    def __init__(self, message: str, *, alert_id: str, code: str) -> None:
        super().__init__(message)
        self.alert_id = alert_id
        self.code = code


class StreamRefused(SightlineError):
    """There is no such stream; `code` is the server's word for why, or `TIMED_OUT`, or `STOPPED`."""

    def __init__(self, message: str, *, camera_id: str, code: str) -> None:
        super().__init__(message)
        self.camera_id = camera_id
        self.code = code


Outcome = (
    Recorded
    | AckRefused
    | StreamStarted
    | StreamStopped
    | QualityChanged
    | StreamRefused
    | AlertAccepted
    | AlertRefused
)
"""What an `Answer` may be."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a socket, then call `opened` or `failed`."""


@dataclass(frozen=True, slots=True)
class WantToken:
    """Fetch an access token, then call `token`, `token_unavailable` or `signed_out`. `fresh`: a newer than the last."""

    fresh: bool


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    type: str
    data: Mapping[str, Any]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Forget the socket now, and let it close on its own time: a dead peer would take long."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """Give this to the application; call `overflowed` when it has no room."""

    event: Event


@dataclass(frozen=True, slots=True)
class Mark:
    """Call `handled` when the application has done its work with everything delivered before."""

    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked as `id` has its answer."""

    id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Persist:
    """`kept` changed: write it down."""


@dataclass(frozen=True, slots=True)
class Halt:
    """The session ended for good."""

    stopped: Stopped


Effect = Open | WantToken | Send | Close | Deliver | Mark | Answer | Persist | Halt
