"""One client's session on the native protocol, without I/O: messages and ticks go in, effects come out.

    NEW ── client_identify ──→ AUTHENTICATING ── identified ──→ OPEN ── close ──→ CLOSED
     └── 10 s ──→ CLOSED            └── refused ──→ CLOSED       └── silence, expiry, violation ──→ CLOSED

The driver feeds `receive`, `identified`/`refused`, `reauthenticated` and `tick`, and carries out every effect in
order. After `Close` nothing follows. Times are milliseconds of one clock, given by the driver.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.deliveries.window import CREDIT_BYTES, CREDIT_ENTRIES, Window
from sightline.events import wire
from sightline.exceptions import WireError

__all__ = [
    "CLIENT_TYPES",
    "Authenticate",
    "Close",
    "CloseCode",
    "ENGINE",
    "DeclineAlert",
    "Effect",
    "Limits",
    "Locate",
    "Mode",
    "Phase",
    "Reauthenticate",
    "Report",
    "Send",
    "Session",
    "SetDuty",
    "StoreCursor",
    "Stream",
    "TakeAlert",
    "Unwatch",
    "Watch",
]

ENGINE = "ai_engine"
"""The client type of an engine of another make: it reports, and asks nothing."""
CLIENT_TYPES = ("frontend", "desktop_app", "mobile_app", ENGINE, "camera", "workstation")
MAX_SUBSCRIPTIONS = 256


class CloseCode(enum.IntEnum):
    """4000–4499: come back. 4500–4999: do not."""

    SHUTTING_DOWN = 4000
    TOKEN_EXPIRED = 4001
    TOO_SLOW = 4002
    NO_HEARTBEAT = 4003
    OVERLOADED = 4004
    BAD_TOKEN = 4500
    PROTOCOL_VIOLATION = 4501
    SUPERSEDED = 4502
    REVOKED = 4503


class Phase(enum.Enum):
    """Where the session is in its life."""

    NEW = enum.auto()
    AUTHENTICATING = enum.auto()
    OPEN = enum.auto()
    CLOSED = enum.auto()


class Mode(enum.StrEnum):
    """How the session continues the client's earlier ones."""

    LIVE = "live"
    RESUMED = "resumed"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Limits:
    """The session's times in milliseconds."""

    identify_ms: int = 10_000
    heartbeat_ms: int = 30_000
    silence_ms: int = 60_000
    refresh_grace_ms: int = 25_000


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message; control, before everything that waits."""

    type: str
    data: Mapping[str, Any]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket with this code."""

    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Find out who this is, then call `identified` or `refused`."""

    identify: wire.Identify
    id: str | None


@dataclass(frozen=True, slots=True)
class Reauthenticate:
    """Check a newer token, then call `reauthenticated` or `refused`."""

    token: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Watch:
    """The client wants this camera's observations, and its pictures when `frames`; `refused_watch` takes it back."""

    camera_id: str
    max_fps: float | None
    frames: bool
    id: str | None


@dataclass(frozen=True, slots=True)
class Unwatch:
    """The client no longer wants this camera."""

    camera_id: str


@dataclass(frozen=True, slots=True)
class TakeAlert:
    """A person has taken the alert: record it and answer `recorded` with this id."""

    alert_id: str
    verdict: str | None
    id: str | None


@dataclass(frozen=True, slots=True)
class StoreCursor:
    """The device has everything up to `offset`."""

    offset: int


@dataclass(frozen=True, slots=True)
class Locate:
    """The device is here now."""

    location: wire.Location


@dataclass(frozen=True, slots=True)
class SetDuty:
    """The user is on duty from now on, or not: record it and answer `duty_status` with this id. `at_ms`: they said so
    then."""

    on: bool
    id: str | None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DeclineAlert:
    """A person cannot take the alert: record it, tell the next one, and answer `recorded` with this id."""

    alert_id: str
    reason: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream is to be started, stopped or changed: do it and answer with this id."""

    request: wire.StreamRequest
    id: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """An engine says what it saw; an alert is answered with this id."""

    report: wire.EngineReport
    id: str | None


Effect = (
    Send | Close | Authenticate | Reauthenticate | Watch | Unwatch | TakeAlert | StoreCursor
    | Locate | SetDuty | DeclineAlert | Stream | Report
)  # fmt: skip


@dataclass(slots=True)
class Session:
    """The state machine. `window` exists once the session is open."""

    client_id: str
    limits: Limits
    opened_at_ms: int
    phase: Phase = Phase.NEW
    client_type: str = ""
    device: str = ""
    user_id: str = ""
    window: Window | None = None
    subscriptions: set[str] = field(default_factory=set)
    last_heard_ms: int = field(init=False)
    last_beat_ms: int = field(init=False)
    token_expires_ms: int = 0

    def __post_init__(self) -> None:
        self.last_heard_ms = self.last_beat_ms = self.opened_at_ms

    def open(self) -> list[Effect]:
        """The socket was accepted."""
        return [
            Send(
                "connection_established",
                {
                    "client_id": self.client_id,
                    "server_time": self.opened_at_ms,
                    "supported_protocols": ["sightline.v1"],
                    "heartbeat_interval": self.limits.heartbeat_ms,
                },
            )
        ]

    def receive(self, message: wire.ClientMessage, now_ms: int) -> list[Effect]:
        """A checked message from the client."""
        if self.phase is Phase.CLOSED:
            return []
        self.last_heard_ms = now_ms
        data = message.data
        if isinstance(data, wire.Heartbeat):
            return [Send("heartbeat_ack", {"client_time": data.client_time, "server_time": now_ms}, message.id)]
        if isinstance(data, wire.HeartbeatAck):
            return []
        if isinstance(data, wire.Identify):
            return self._identify(data, message.id)
        if self.phase is not Phase.OPEN:
            return self._problem("INVALID_MESSAGE", "identify first: send `client_identify`", "type", message.id)
        if isinstance(data, wire.ENGINE_REPORTS) is not (self.client_type == ENGINE):
            who = "an engine only reports" if self.client_type == ENGINE else f"only a client of type {ENGINE} reports"
            return self._problem("FORBIDDEN", who, "type", message.id)
        return self._open_message(data, message.id)

    def reject(self, problem: WireError, now_ms: int) -> list[Effect]:
        """A message that the codec refused."""
        if self.phase is Phase.CLOSED:
            return []
        self.last_heard_ms = now_ms
        effects = self._problem(problem.code, str(problem), problem.path, problem.request_id)
        return effects + (self.close(CloseCode.PROTOCOL_VIOLATION, str(problem)) if problem.fatal else [])

    def identified(
        self, *, user_id: str, token_expires_ms: int, mode: Mode, epoch: str, top: int, start: int, id: str | None
    ) -> list[Effect]:
        """The client is who it says; the log is sent from `start` (exclusive) on."""
        if self.phase is not Phase.AUTHENTICATING:
            return []
        self.phase = Phase.OPEN
        self.user_id = user_id
        self.token_expires_ms = token_expires_ms
        # A snapshot has to be confirmed like entries: only then is there a place at which the device is taken up again.
        self.window = Window(sent=start, received=start if mode is Mode.RESUMED else start - 1)
        return [
            Send(
                "identification_success",
                {
                    "client_id": self.client_id,
                    "client_type": self.client_type,
                    "authenticated": True,
                    "epoch": epoch,
                    "offset": top,
                    "mode": mode.value,
                    "limits": {
                        "credit_entries": CREDIT_ENTRIES,
                        "credit_bytes": CREDIT_BYTES,
                        "max_subscriptions": MAX_SUBSCRIPTIONS,
                    },
                },
                id,
            )
        ]

    def refused(self, code: str, message: str, close: CloseCode, *, id: str | None) -> list[Effect]:
        """The token is not good, or this client type may not connect like this."""
        if self.phase is Phase.CLOSED:
            return []
        return [Send("error", wire.error(code, message, request_id=id), id), *self.close(close, message)]

    def reauthenticated(self, *, user_id: str, token_expires_ms: int, id: str | None) -> list[Effect]:
        """A newer token is good; it must be the same user's."""
        if self.phase is not Phase.OPEN:
            return []
        if user_id != self.user_id:
            return self.refused("AUTH_FAILED", "the new token is another user's", CloseCode.BAD_TOKEN, id=id)
        self.token_expires_ms = max(self.token_expires_ms, token_expires_ms)
        return [Send("refreshed", {"expires_at": self.token_expires_ms}, id)]

    def refused_watch(self, watch: Watch, code: str, message: str) -> list[Effect]:
        """There is no such camera, or this client may not see it."""
        if self.phase is not Phase.OPEN:
            return []
        self.subscriptions.discard(watch.camera_id)
        return self._problem(code, message, "data.camera_id", watch.id)

    def tick(self, now_ms: int) -> list[Effect]:
        """Time has passed."""
        if self.phase is Phase.CLOSED:
            return []
        if self.phase is not Phase.OPEN and now_ms - self.opened_at_ms >= self.limits.identify_ms:
            return self.refused("AUTH_FAILED", "no `client_identify` in time", CloseCode.PROTOCOL_VIOLATION, id=None)
        if now_ms - self.last_heard_ms >= self.limits.silence_ms:
            return self.close(CloseCode.NO_HEARTBEAT, "nothing was heard for too long")
        if self.phase is Phase.OPEN and now_ms >= self.token_expires_ms + self.limits.refresh_grace_ms:
            return self.close(CloseCode.TOKEN_EXPIRED, "the token expired; retry_after_s=0")
        if now_ms - self.last_beat_ms >= self.limits.heartbeat_ms:
            self.last_beat_ms = now_ms
            return [Send("heartbeat", {"server_time": now_ms})]
        return []

    def close(self, code: CloseCode, reason: str) -> list[Effect]:
        """Ends the session; idempotent."""
        if self.phase is Phase.CLOSED:
            return []
        self.phase = Phase.CLOSED
        return [Close(code, reason)]

    def _identify(self, data: wire.Identify, id: str | None) -> list[Effect]:
        if self.phase is not Phase.NEW:
            return self._problem("INVALID_MESSAGE", "this connection has identified already", "type", id)
        if data.client_type not in CLIENT_TYPES:
            known = ", ".join(CLIENT_TYPES)
            message = f"unknown client_type {data.client_type!r}; known: {known}"
            return self._problem("INVALID_CLIENT_TYPE", message, "data.client_type", id)
        self.phase = Phase.AUTHENTICATING
        self.client_type = data.client_type
        self.device = data.device or ""
        return [Authenticate(data, id)]

    def _open_message(self, data: wire.ClientData, id: str | None) -> list[Effect]:
        match data:
            case wire.SubscribeCamera(camera_id=camera_id, max_fps=max_fps, frames=frames):
                if len(self.subscriptions) >= MAX_SUBSCRIPTIONS and camera_id not in self.subscriptions:
                    return self._problem("RATE_LIMITED", "too many subscriptions", "data.camera_id", id)
                self.subscriptions.add(camera_id)
                return [Watch(camera_id, max_fps, frames, id)]
            case wire.UnsubscribeCamera(camera_id=camera_id):
                self.subscriptions.discard(camera_id)
                return [Unwatch(camera_id)]
            case wire.Ack(alert_id=alert_id, verdict=verdict):
                return [TakeAlert(alert_id, verdict, id)]
            case wire.LocationUpdate():
                return [Locate(data)]
            case wire.Duty(on=on, at=at_ms):
                return [SetDuty(on, id, at_ms)]
            case wire.Decline(alert_id=alert_id, reason=reason):
                return [DeclineAlert(alert_id, reason, id)]
            case wire.Refresh(auth_token=token):
                return [Reauthenticate(token, id)]
            case wire.Received(offset=offset):
                return self._received(offset, id)
            case wire.StreamStartRequest() | wire.StreamStopRequest() | wire.StreamQualityChange():
                return [Stream(data, id)]
            case wire.AiDetectionReport() | wire.FaceDetectionReport() | wire.AlertReport():
                return [Report(data, id)]
        raise AssertionError(f"{type(data).__name__} was handled before")

    def _received(self, offset: int, id: str | None) -> list[Effect]:
        assert self.window is not None
        try:
            return [StoreCursor(offset)] if self.window.confirm(offset) else []
        except WireError as problem:
            return self._problem(problem.code, str(problem), problem.path, id)

    def _problem(self, code: str, message: str, path: str, id: str | None) -> list[Effect]:
        return [Send("error", wire.error(code, message, path=path, request_id=id), id)]
