"""`/ws/alerts/{user_id}`: the alerts of one user, in the dialect of web clients that predate the native protocol.

There is no `received` here: the pong to a ping sent after an entry says that the entry arrived. Alerts that nobody
has acknowledged come again on every connection. One connection a user; a newer one supersedes the older.
"""

from __future__ import annotations

import secrets
from collections import deque
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from sightline.accounts import Right, User
from sightline.deliveries.audience import tags_of
from sightline.deliveries.entry import Cursor
from sightline.deliveries.session import CloseCode
from sightline.events.alert import Alert
from sightline.events.wire import encode_flat
from sightline.exceptions import Conflict, Forbidden, NotFound, SightlineError, WireError
from sightline.gateway.dialects.admission import ConnectionLimit, NotNow, address_of, denial
from sightline.gateway.dialects.alerts_only import AlertsOnly
from sightline.gateway.dialects.callers import caller_of
from sightline.gateway.dialects.text_connection import TextConnection
from sightline.gateway.gateway import Gateway

__all__ = ["Ack", "AlertsClient", "Ping", "Pong", "serve_alerts"]

DEVICE = "ws-alerts"
MAX_DELIVERED_REMEMBERED = 10_000
MAX_PINGS_REMEMBERED = 16

Text = Annotated[str, msgspec.Meta(max_length=200)]


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    """Is the server there? Answered with `pong`."""

    timestamp: str | int | float | None = None


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    """The answer to a ping; what was sent before that ping has arrived."""

    timestamp: str | int | float | None = None


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    """A person has taken every alert of this stream that was sent here, or the one of `alert_id`."""

    stream_id: Text
    alert_id: Text | None = None


_decoder = msgspec.json.Decoder(Ping | Pong | Ack)


async def serve_alerts(gateway: Gateway, socket: WebSocket, user_id: str) -> None:
    """One connection; refused with 401 or 403 before the upgrade when the token is not this user's."""
    try:
        caller = await caller_of(gateway, socket, query_token=True)
        if caller is None:
            raise Forbidden("no token: connect with ?token=… or ?ticket=…")
        user, claims = caller
    except Forbidden as problem:
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, 401))
        return
    if user_id not in (user.id, user.name) or not user.may(Right.SEE_ALERTS):
        await socket.send_denial_response(JSONResponse({"detail": "this token may not read these alerts"}, 403))
        return
    client = AlertsClient(gateway, socket, user, claims.expires_ms)
    try:
        gateway.admission.arrive(gateway.clock.monotonic_s())
        if gateway.is_full():
            raise ConnectionLimit("the server", gateway.settings.max_connections)
        with gateway.admission.place(address_of(socket)):
            gateway.admission.join(user.id, client.client_id, device=DEVICE)
            gateway.tickers.add(client)
            await socket.accept()
            await client.run()
    except NotNow as problem:
        await socket.send_denial_response(denial(problem))
    finally:
        gateway.admission.leave(user.id, client.client_id)
        gateway.tickers.discard(client)
        gateway.hub.leave(client)


class AlertsClient(AlertsOnly):
    """A connected client of this dialect."""

    client_type = "alerts"
    dialect = "ws/alerts"
    device = DEVICE

    def __init__(self, gateway: Gateway, socket: WebSocket, user: User, token_expires_ms: int) -> None:
        now_ms = gateway.clock.now_ms()
        self.client_id = secrets.token_hex(8)
        self.user_id, self.user_name = user.id, user.name
        self.connected_at_ms = now_ms
        self._user = user
        self._tags = tags_of(user)
        self._gateway = gateway
        self._connection = TextConnection(gateway, socket, self.client_id, more=self._send_more)
        self.wake = self._connection.wake
        self._rates = gateway.rates()
        self._heartbeat_ms = int(gateway.settings.heartbeat_interval_s * 1000)
        self._token_expires_ms = token_expires_ms
        self._last_ping_ms = now_ms
        self._cursor = 0
        self._epoch = ""
        self._again: deque[Alert] = deque()
        self._pinged: deque[tuple[int, int]] = deque()
        self._sent = self._received = 0
        self._delivered: dict[str, deque[str]] = {}

    # ── the hub's side ──

    @property
    def last_heard_ms(self) -> int:
        return self._connection.heard_ms

    def end(self, code: int, reason: str) -> None:
        self._connection.end(code, reason)

    def tick(self, now_ms: int) -> None:
        """Pings every heartbeat; closes after two without an answer, or when the token has expired."""
        if now_ms - self.last_heard_ms >= 2 * self._heartbeat_ms:
            self.end(4003, "nothing was heard for too long")
        elif now_ms >= self._token_expires_ms + 25_000:
            self.end(4001, "the token expired: connect again with a new one; retry_after_s=0")
        elif now_ms - self._last_ping_ms >= self._heartbeat_ms:
            self._last_ping_ms = now_ms
            if len(self._pinged) < MAX_PINGS_REMEMBERED:  # a pong then moves the cursor less than it might, never more
                self._pinged.append((self._cursor, self._sent))
            self._connection.say(encode_flat({"type": "ping", "timestamp": _iso(now_ms)}))

    # ── life ──

    async def run(self) -> None:
        """Receives and sends until either side closes."""
        await self._start()
        await self._connection.run(self._hear, self._not_heard)

    async def _start(self) -> None:
        gateway = self._gateway
        snapshot = await gateway.store.alerts.snapshot(self._tags)
        bounds = snapshot.bounds
        stored = await gateway.cursors.of(self.user_id, DEVICE)
        known = stored is not None and stored.epoch == bounds.epoch and bounds.floor <= stored.offset <= bounds.top
        self._epoch = bounds.epoch
        self._cursor = stored.offset if stored is not None and known else bounds.top
        self._again.extend(alert for alert in snapshot.alerts if alert.offset <= self._cursor)
        gateway.changes.device_joined(self, DEVICE)
        gateway.hub.join(self)
        if not await gateway.is_current(self._user):  # changed before the hub knew whom to tell
            self.end(4503, "the account was changed: sign in again")

    async def _hear(self, text: str | None) -> None:
        text = text or ""
        if len(text) > self._gateway.settings.max_message_kib * 1024:
            self.end(CloseCode.PROTOCOL_VIOLATION, "the message is too long")
            return
        wait_s = self._rates.wait_s("alerts", self._gateway.clock.monotonic_s())
        if wait_s:
            self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
            raise WireError(f"too many messages; retry_after_s={wait_s:.1f}", code="RATE_LIMITED")
        try:
            message = _decoder.decode(text)
        except msgspec.ValidationError as problem:
            raise WireError(str(problem)) from None
        except (msgspec.DecodeError, RecursionError):
            self.end(CloseCode.PROTOCOL_VIOLATION, "the message is not JSON")
            return
        await self._handle(message)

    async def _not_heard(self, problem: SightlineError | ConnectionLimit) -> None:
        """The store may be full, overloaded or broken: then asking again may help."""
        self._say_error(problem.code if isinstance(problem, WireError) else "PROCESSING_ERROR", str(problem))

    async def _handle(self, message: Ping | Pong | Ack) -> None:
        match message:
            case Ping():
                self._connection.say(encode_flat({"type": "pong", "timestamp": _iso(self._gateway.clock.now_ms())}))
            case Pong():
                if self._pinged:
                    offset, sent = self._pinged.popleft()
                    self._gateway.metrics.received.inc(sent - self._received)
                    self._received = sent
                    self._gateway.cursors.move(self.user_id, DEVICE, Cursor(self._epoch, offset))
            case Ack(stream_id=stream_id, alert_id=alert_id):
                await self._acknowledge(stream_id, alert_id)

    async def _acknowledge(self, stream_id: str, alert_id: str | None) -> None:
        delivered = self._delivered.get(stream_id, deque())
        for id in [alert_id] if alert_id is not None else list(delivered):
            if id not in delivered:
                self._say_error("INVALID_MESSAGE", f"alert {id!r} of stream {stream_id!r} was not sent here")
                continue
            try:
                await self._gateway.take_alert(self._user, id, None)
            except Forbidden as problem:
                self._say_error("FORBIDDEN", str(problem))
                continue
            except (Conflict, NotFound) as problem:  # closed, expired or erased meanwhile
                self._say_error("INVALID_MESSAGE", str(problem))
            delivered.remove(id)

    # ── sending ──

    async def _send_more(self) -> bool:
        if self._again:
            alert = self._again.popleft()
            self._remember(alert.camera_id, alert.id)
            await self._connection.send(await self._gateway.views.anomaly(alert))
            return True
        if self._cursor >= self._gateway.hub.top:
            return False
        page = await self._gateway.anomaly_tail.page(self._cursor, self._gateway.hub.top)
        mine = [entry for entry in page.entries if entry.audience & self._tags]
        for entry in mine:
            self._remember(entry.camera_id, entry.alert_id)
            await self._connection.send(entry.text)
        self._sent += len(mine)
        self._gateway.metrics.sent.inc(len(mine))
        self._cursor = page.to
        return True

    def _remember(self, camera_id: str, alert_id: str) -> None:
        delivered = self._delivered.setdefault(camera_id, deque(maxlen=MAX_DELIVERED_REMEMBERED))
        if alert_id not in delivered:
            delivered.append(alert_id)

    def _say_error(self, code: str, message: str) -> None:
        self._connection.say(encode_flat({"type": "error", "data": {"code": code, "message": message}}))


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
