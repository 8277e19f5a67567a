"""One client's side of `/ws/v1`, without a socket, a clock or a timer: what happened goes in, effects come out.

    DISCONNECTED ─ connect ─→ CONNECTING ─ opened ─→ CONNECTED ─ identification_success ─→ AUTHENTICATED
        ↑  ↑                     │  ↑                   │                                       │
        │  └── stop, disconnect ─┘  └── retry is due ── └───────── closed, silence ─────────────┘

The driver calls a method for everything that happens and carries out the effects that it returns, in order; it calls
`tick` no later than `next_tick_at_ms`. While a retry is waited for, the state is DISCONNECTED and `connection` says
until when. Times are milliseconds of one clock, given by the driver.

This class keeps the connection; what is said over it is `Conversation`'s.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sightline.client.backoff import Backoff
from sightline.client.closing import Stopped, StopReason, meaning_of, retry_after_ms, stop_reason_of
from sightline.client.conversation import Conversation
from sightline.client.effects import Close, Deliver, Effect, Halt, Open, Send, WantToken
from sightline.client.events import Connection, ConnectionChanged, ConnectionState, Event, Problem, Statistics
from sightline.client.messages import (
    ConnectionEstablished,
    Heartbeat,
    HeartbeatAck,
    IdentificationSuccess,
    Refreshed,
    ServerMessage,
    decode_picture,
    decode_server_message,
)
from sightline.client.outbox import Kept, PendingAck
from sightline.client.token import Credential
from sightline.deliveries.entry import Cursor
from sightline.deliveries.session import CloseCode
from sightline.events.alert import Verdict
from sightline.exceptions import WireError

__all__ = ["Session", "SessionOptions"]

OPEN_WAIT_MS = 10_000
"""How long a server may take to accept a socket, and again to identify the client."""
HEARTBEAT_MS = 30_000
LEAST_HEARTBEAT_MS = 1_000
SILENCE_MS = 60_000
REFRESH_RETRY_MS = 10_000
ABNORMAL_CLOSURE = 1006
"""RFC 6455, 7.4.1: the connection broke off. That says nothing about what the server wants."""


class _Timer(enum.Enum):
    RETRY = enum.auto()
    DEADLINE = enum.auto()
    SILENCE = enum.auto()
    HEARTBEAT = enum.auto()
    REFRESH = enum.auto()


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """`device` names this device for good. `chance` is uniform in [0, 1); `jitter` 0 gives the exact delays.

    `max_reconnect_attempts` is the number of attempts in a row before giving up; `None`: never.
    """

    device: str
    chance: Callable[[], float]
    client_type: str = "desktop_app"
    jitter: float = 0.5
    max_reconnect_attempts: int | None = None
    capabilities: tuple[str, ...] = ()


class Session:
    """The state machine. `kept` is what an earlier life left, and what a later one will need."""

    def __init__(self, options: SessionOptions, kept: Kept | None = None) -> None:
        self.connection = Connection()
        self._options = options
        self._conversation = Conversation(kept or Kept(), self._new_id)
        self._backoff = Backoff(options.chance, options.jitter, options.max_reconnect_attempts)
        self._credential = Credential()
        self._timers: dict[_Timer, int] = {}
        self._effects: list[Effect] = []
        self._authenticated_at_ms: int | None = None
        self._heartbeat_ms = HEARTBEAT_MS
        self._last_error = ""
        self._last_id = 0
        self._sent = 0
        self._received = 0

    @property
    def kept(self) -> Kept:
        """What has to survive a restart."""
        return self._conversation.kept

    @property
    def statistics(self) -> Statistics:
        """The connection in numbers."""
        return Statistics(self.connection.state, self._sent, self._received, self._conversation.waiting)

    def next_tick_at_ms(self) -> int | None:
        """When `tick` has to be called; `None` when nothing is waited for."""
        said_at_ms = self._conversation.next_tick_at_ms()
        due = [*self._timers.values(), *([] if said_at_ms is None else [said_at_ms])]
        return min(due, default=None)

    # ── what the application wants ──

    def connect(self, now_ms: int) -> list[Effect]:
        """Start, or start anew after the end."""
        if self._is(ConnectionState.DISCONNECTED):
            self._backoff.attempts = 0
            self._open(now_ms)
        return self._take()

    def disconnect(self) -> list[Effect]:
        """Good-bye; what is not recorded stays in `kept`."""
        if not self._is(ConnectionState.DISCONNECTED):
            self._effects += [*self._conversation.farewell(), Close(1000, "goodbye")]
        self._forget_connection()
        self._effects += self._conversation.streams.give_up("the client was closed")
        self._show(Connection())
        return self._take()

    def subscribe(self, camera_id: str, *, frames: bool, max_fps: float | None) -> list[Effect]:
        """From now on a camera's observations (`*`: of all), with pictures when `frames`. Raises `Unavailable`."""
        return self._take(self._conversation.subscribe(camera_id, frames=frames, max_fps=max_fps))

    def unsubscribe(self, camera_id: str) -> list[Effect]:
        """No longer."""
        return self._take(self._conversation.unsubscribe(camera_id))

    def acknowledge(
        self, alert_id: str, verdict: Verdict | None, now_ms: int, *, decline: bool = False, reason: str = ""
    ) -> tuple[str, list[Effect]]:
        """A person has taken an alert, or cannot. Returns the id that `Answer` will bear. Raises `Unavailable`."""
        kind: Literal["ack", "decline"] = "decline" if decline else "ack"
        ack = PendingAck(self._new_id(now_ms), alert_id, verdict, now_ms, kind, reason)
        id, effects = self._conversation.acknowledge(ack, now_ms)
        return id, self._take(effects)

    def switch_duty(self, on: bool, now_ms: int) -> list[Effect]:
        """The user is on duty from now on, or not."""
        return self._take(self._conversation.switch_duty(on, now_ms))

    def locate(self, location: dict[str, Any] | None, now_ms: int) -> list[Effect]:
        """The device is here now: `latitude`, `longitude`, `accuracy_m?`; `None`: that is not said any more."""
        return self._take(self._conversation.locate(location, now_ms))

    def start_stream(self, camera_id: str, quality: str, rtsp_url: str | None, now_ms: int) -> tuple[str, list[Effect]]:
        """Asks for a stream. Returns the id that `Answer` will bear. Raises `Unavailable`."""
        id, effects = self._conversation.streams.start(camera_id, quality, rtsp_url, now_ms)
        return id, self._take(effects)

    def change_stream(self, camera_id: str, quality: str, now_ms: int) -> tuple[str, list[Effect]]:
        """Asks for another quality. Returns the id that `Answer` will bear. Raises `Unavailable`."""
        id, effects = self._conversation.streams.change(camera_id, quality, now_ms)
        return id, self._take(effects)

    def stop_stream(self, camera_id: str, now_ms: int) -> tuple[str, list[Effect]]:
        """Ends a stream. Returns the id that `Answer` will bear. Raises `Unavailable`."""
        id, effects = self._conversation.streams.stop(camera_id, now_ms)
        return id, self._take(effects)

    def report(self, type: str, data: dict[str, Any]) -> list[Effect]:
        """A program that is an engine sees this now."""
        return self._take(self._conversation.reports.result(type, data))

    def raise_alert(self, data: dict[str, Any], now_ms: int) -> tuple[str, list[Effect]]:
        """A program that is an engine tells people. Returns the id that `Answer` will bear. Raises `Unavailable`."""
        id, effects = self._conversation.raise_alert(data, now_ms)
        return id, self._take(effects)

    def handled(self, cursor: Cursor, now_ms: int) -> list[Effect]:
        """The application has done its work with everything delivered before this `Mark`."""
        return self._take(self._conversation.handled(cursor, now_ms))

    def overflowed(self, entry: Event, now_ms: int) -> list[Effect]:
        """The application had no room for this entry: it is asked for again on a new connection."""
        self._conversation.overflowed(entry)
        if not self._is(ConnectionState.DISCONNECTED):
            self._count_session(now_ms)
            self._abandon("the server sends more than it was allowed to", now_ms)
        return self._take()

    # ── what the socket and the token provider do ──

    def opened(self, now_ms: int) -> list[Effect]:
        """The socket is open."""
        if self._is(ConnectionState.CONNECTING):
            self._show(replace(self.connection, state=ConnectionState.CONNECTED, reason="signing in"))
            self._timers[_Timer.DEADLINE] = now_ms + OPEN_WAIT_MS
            self._want_token(fresh=self._credential.fresh)
        return self._take()

    def failed(self, reason: str, now_ms: int, *, answered: bool, retry_ms: int | None = None) -> list[Effect]:
        """No socket could be opened; `answered` when a server is there and refused, perhaps until `retry_ms`."""
        if self._is(ConnectionState.CONNECTING):
            if answered:
                self._count_session(now_ms)
            self._retry_later(reason, retry_ms, now_ms)
        return self._take()

    def token(self, token: str, now_ms: int) -> list[Effect]:
        """The answer to `WantToken`."""
        if not self._credential.given():
            return self._take()
        if self._is(ConnectionState.AUTHENTICATED):
            self._refresh(token, now_ms)
        elif self._credential.is_worth_trying(token):
            self._identify(token)
        else:
            self._effects.append(Close(1000, "no other token"))
            self._stop(StopReason.BAD_TOKEN, "the server refused the token, and there is no other", None)
        return self._take()

    def token_unavailable(self, reason: str, now_ms: int) -> list[Effect]:
        """No token could be fetched just now."""
        if not self._credential.given():
            return self._take()
        if self._is(ConnectionState.AUTHENTICATED):
            self._timers[_Timer.REFRESH] = now_ms + REFRESH_RETRY_MS
        else:
            self._abandon(reason, now_ms)
        return self._take()

    def signed_out(self, reason: str, now_ms: int) -> list[Effect]:
        """There is no token to be had. A connection that is up lives on until its own token ends."""
        if self._is(ConnectionState.AUTHENTICATED):
            return self.token_unavailable(reason, now_ms)
        if self._credential.given():
            self._effects.append(Close(1000, "signed out"))
            self._stop(StopReason.BAD_TOKEN, reason, None)
        return self._take()

    def closed(self, code: int, reason: str, now_ms: int) -> list[Effect]:
        """The socket is closed. Without a close frame `code` is 1006."""
        if self._is(ConnectionState.DISCONNECTED):
            return self._take()
        if code != ABNORMAL_CLOSURE:
            self._count_session(now_ms)
        words = self._last_error or meaning_of(code)
        stop = stop_reason_of(code)
        if stop is StopReason.BAD_TOKEN and self._credential.refused():
            self._retry_later(words, None, now_ms)
        elif stop is not None:
            self._stop(stop, words, code)
        else:
            self._credential.fresh |= code == CloseCode.TOKEN_EXPIRED
            self._retry_later(words, retry_after_ms(reason), now_ms)
        return self._take()

    def tick(self, now_ms: int) -> list[Effect]:
        """Time has passed."""
        due = {timer for timer, at_ms in self._timers.items() if at_ms <= now_ms}
        if _Timer.RETRY in due:
            self._open(now_ms)
        elif _Timer.DEADLINE in due:
            self._abandon("the server does not answer", now_ms)
        elif _Timer.SILENCE in due:
            self._abandon(meaning_of(CloseCode.NO_HEARTBEAT), now_ms)
        else:
            if _Timer.HEARTBEAT in due:
                self._heartbeat(now_ms)
            if _Timer.REFRESH in due:
                del self._timers[_Timer.REFRESH]
                self._want_token(fresh=True)
        self._effects += self._conversation.tick(now_ms)
        return self._take()

    def text(self, text: str, now_ms: int) -> list[Effect]:
        """A text message. One that cannot be read is a `Problem`, not an end."""
        if not self._hear(now_ms):
            return self._take()
        try:
            message = decode_server_message(text)
        except WireError as problem:
            self._deliver(Problem(code=problem.code, message=str(problem)))
        else:
            if message is not None:
                self._message(message, now_ms)
        return self._take()

    def binary(self, message: bytes, now_ms: int) -> list[Effect]:
        """A binary message: a picture."""
        if self._hear(now_ms) and self._is(ConnectionState.AUTHENTICATED):
            try:
                self._deliver(decode_picture(message))
            except WireError as problem:
                self._deliver(Problem(code=problem.code, message=str(problem)))
        return self._take()

    # ── messages ──

    def _message(self, message: ServerMessage, now_ms: int) -> None:
        authenticated = self._is(ConnectionState.AUTHENTICATED)
        match message.data:
            case ConnectionEstablished() as established:
                self._established(established, now_ms)
            case Heartbeat(server_time=server_time):
                self._send("heartbeat_ack", {"client_time": now_ms, "server_time": server_time})
            case HeartbeatAck():
                pass  # every message is a sign of life, this one is nothing else
            case IdentificationSuccess() as success:
                if not authenticated and not self._credential.wanted:  # else it answers nothing that we asked
                    self._identified(success, now_ms)
            case Refreshed(expires_at=expires_at):
                if authenticated:
                    self._refresh_before(expires_at, now_ms)
            case Problem() as problem:
                self._last_error = "" if authenticated else problem.message
                self._effects += self._conversation.problem(problem, message.id or problem.request_id)
                self._deliver(problem)
            case data:
                if authenticated:
                    self._effects += self._conversation.message(data, message.id, message.type)

    def _established(self, established: ConnectionEstablished, now_ms: int) -> None:
        interval = established.heartbeat_interval
        if interval is not None and interval > 0:
            # Seconds, or milliseconds as the protocol's first version has them.
            interval_ms = interval * 1000 if interval < 1000 else interval
            self._heartbeat_ms = round(min(max(interval_ms, LEAST_HEARTBEAT_MS), HEARTBEAT_MS))
        if isinstance(established.server_time, int):
            self._credential.server_ahead_ms = established.server_time - now_ms

    def _identify(self, token: str) -> None:
        self._credential.token = token
        cursor = self._conversation.resume()
        resume = {} if cursor is None else {"resume": {"epoch": cursor.epoch, "offset": cursor.offset}}
        who: dict[str, object] = {"client_type": self._options.client_type, "device": self._options.device}
        if self._options.capabilities:
            who["capabilities"] = list(self._options.capabilities)
        self._send("client_identify", {"auth_token": token, **who, **resume})

    def _identified(self, success: IdentificationSuccess, now_ms: int) -> None:
        self._backoff.attempts = 0
        self._credential.accepted()
        self._last_error = ""
        self._authenticated_at_ms = now_ms
        self._timers = {_Timer.SILENCE: now_ms + SILENCE_MS}
        self._show(Connection(ConnectionState.AUTHENTICATED))
        self._refresh_before(None, now_ms)
        self._heartbeat(now_ms)
        self._effects += self._conversation.begin(success, now_ms)

    # ── parts ──

    def _is(self, state: ConnectionState) -> bool:
        return self.connection.state is state

    def _take(self, more: Iterable[Effect] = ()) -> list[Effect]:
        effects, self._effects = [*self._effects, *more], []
        self._sent += sum(isinstance(effect, Send) for effect in effects)
        return effects

    def _hear(self, now_ms: int) -> bool:
        """Counts a message; false when it is of a connection that is over."""
        if not self._is(ConnectionState.CONNECTED) and not self._is(ConnectionState.AUTHENTICATED):
            return False
        self._received += 1
        if self._is(ConnectionState.AUTHENTICATED):
            self._timers[_Timer.SILENCE] = now_ms + SILENCE_MS
        return True

    def _open(self, now_ms: int) -> None:
        self._timers = {_Timer.DEADLINE: now_ms + OPEN_WAIT_MS}
        self._show(replace(self.connection, state=ConnectionState.CONNECTING, retry_at_ms=None, stopped=None))
        self._effects.append(Open())

    def _abandon(self, reason: str, now_ms: int) -> None:
        """Gives up on a connection that is still open on paper."""
        self._effects.append(Close(1000, "abandoned"))
        self._retry_later(reason, None, now_ms)

    def _count_session(self, now_ms: int) -> None:
        """The server ended it, or would not even begin."""
        since_ms = self._authenticated_at_ms
        self._backoff.breaker.ended(lived_ms=0 if since_ms is None else now_ms - since_ms)

    def _retry_later(self, reason: str, server_delay_ms: int | None, now_ms: int) -> None:
        self._forget_connection()
        delay_ms = self._backoff.next_delay_ms(server_delay_ms)
        if delay_ms is None:
            self._stop(StopReason.GAVE_UP, reason, None)
            return
        retry_at_ms = self._timers[_Timer.RETRY] = now_ms + delay_ms
        lost_at_ms = now_ms if self.connection.lost_at_ms is None else self.connection.lost_at_ms
        self._show(Connection(ConnectionState.DISCONNECTED, reason, retry_at_ms, lost_at_ms))

    def _stop(self, why: StopReason, reason: str, code: int | None) -> None:
        self._forget_connection()
        lost_at_ms = self.connection.lost_at_ms
        self._effects += self._conversation.streams.give_up(reason)
        self._show(Connection(ConnectionState.DISCONNECTED, reason, None, lost_at_ms, why))
        self._effects.append(Halt(Stopped(reason, why=why, code=code)))

    def _forget_connection(self) -> None:
        self._timers = {}
        self._authenticated_at_ms = None
        self._credential.wanted = False
        self._last_error = ""
        self._conversation.end()

    def _heartbeat(self, now_ms: int) -> None:
        self._timers[_Timer.HEARTBEAT] = now_ms + self._heartbeat_ms
        self._send("heartbeat", {"client_time": now_ms})

    def _want_token(self, *, fresh: bool) -> None:
        self._credential.wanted = True
        self._effects.append(WantToken(fresh))

    def _refresh(self, token: str, now_ms: int) -> None:
        if token == self._credential.token:
            self._timers[_Timer.REFRESH] = now_ms + REFRESH_RETRY_MS
            return
        self._credential.token = token
        self._send("refresh", {"auth_token": token}, self._new_id(now_ms))

    def _refresh_before(self, expires_ms: int | None, now_ms: int) -> None:
        at_ms = self._credential.refresh_at_ms(expires_ms, now_ms)
        if at_ms is not None:
            self._timers[_Timer.REFRESH] = at_ms

    def _send(self, type: str, data: dict[str, object], id: str | None = None) -> None:
        self._effects.append(Send(type, data, id))

    def _new_id(self, now_ms: int) -> str:
        self._last_id += 1
        return f"{now_ms:x}-{self._last_id:x}-{int(self._options.chance() * 16**6):06x}"

    def _deliver(self, event: Event) -> None:
        self._effects.append(Deliver(event))

    def _show(self, connection: Connection) -> None:
        self.connection = connection
        self._deliver(ConnectionChanged(connection))
