"""`/ws/field`: pages and phones in the field. The first message registers, later ones are echoed, alerts come.

There is no `received` and no `ack` here: what was written to the socket counts as received. A page whose user is known
goes on, at its next connection, after the last alert that was written to it. Where the log does not reach back to that
(retention, a restored backup), it is given every alert that is open: the dialect has no word for a gap.
"""

from __future__ import annotations

import secrets
from collections import deque

import structlog
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from sightline.accounts import Right, Role, User
from sightline.deliveries.audience import tags_of
from sightline.deliveries.entry import Cursor
from sightline.deliveries.field import Registration, decode_registration, encode_echo, encode_error
from sightline.deliveries.routing import Position
from sightline.deliveries.session import CloseCode
from sightline.events.alert import Alert
from sightline.exceptions import Forbidden, SightlineError, WireError
from sightline.gateway.auth import Claims
from sightline.gateway.delivery.beginning import beginning_of
from sightline.gateway.dialects.admission import ConnectionLimit, NotNow, address_of, denial
from sightline.gateway.dialects.alerts_only import AlertsOnly
from sightline.gateway.dialects.callers import caller_of
from sightline.gateway.dialects.field_desk import Offer
from sightline.gateway.dialects.text_connection import TextConnection
from sightline.gateway.gateway import Gateway

__all__ = ["FieldClient", "serve_field"]

DEVICE = "ws-field"
REFRESH_GRACE_MS = 25_000
MAX_ECHOES = 64
MAX_OFFERS = 256
MAX_ALERTS_REMEMBERED = 1024
MAX_MESSAGE_BYTES = 64 * 1024
"""Everybody gets the echo of everybody: what one may say is kept small."""

STATES = {"web": "frontend", "apk": "mobile_app"}
ANONYMOUS_TAG = f"role:{Role.VIEWER}"
"""What somebody without a token is told where the administrator allows it: what a viewer would be."""

log = structlog.get_logger(__name__)


async def serve_field(gateway: Gateway, socket: WebSocket) -> None:
    """One connection; refused with 401, 403 or 503 before the upgrade when it shows a token that is not good, its user
    may not see alerts, or there is no room."""
    try:
        caller = await caller_of(gateway, socket, query_token=True)
    except Forbidden as problem:
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, 401))
        return
    if caller is not None and not caller[0].may(Right.SEE_ALERTS):
        await socket.send_denial_response(JSONResponse({"detail": "this role may not see alerts"}, 403))
        return
    client = FieldClient(gateway, socket, caller)
    try:
        gateway.admission.arrive(gateway.clock.monotonic_s())
        if gateway.is_full():
            raise ConnectionLimit("the server", gateway.settings.max_connections)
        with gateway.admission.place(address_of(socket)):
            gateway.tickers.add(client)
            await socket.accept()
            await client.run()
    except NotNow as problem:
        await socket.send_denial_response(denial(problem))
    finally:
        gateway.tickers.discard(client)
        gateway.hub.leave(client)
        gateway.field_desk.leave(client.client_id)
        client.left()
        gateway.admission.leave(client.user_id, client.client_id)


class FieldClient(AlertsOnly):
    """A connected client of this dialect."""

    dialect = "ws/field"

    def __init__(self, gateway: Gateway, socket: WebSocket, caller: tuple[User, Claims] | None) -> None:
        now_ms = gateway.clock.now_ms()
        self.client_id = secrets.token_hex(8)
        self.user_id = self.user_name = self.client_type = ""
        self.device = DEVICE
        self.connected_at_ms = now_ms
        self.latitude = self.longitude = 0.0
        self.tags: frozenset[str] = frozenset()
        self._gateway = gateway
        self._caller = caller
        self._registered: Registration | None = None
        self._connection = TextConnection(gateway, socket, self.client_id, more=self._send_more)
        self.wake = self._connection.wake
        self._rates = gateway.rates()
        self._offers: deque[Offer] = deque()
        self._missed: deque[Alert] = deque()
        self._echoes: deque[str] = deque()
        self._told: deque[str] = deque(maxlen=MAX_ALERTS_REMEMBERED)
        self._cursor = 0
        self._epoch = ""

    # ── the hub's side ──

    @property
    def last_heard_ms(self) -> int:
        return self._connection.heard_ms

    def end(self, code: int, reason: str) -> None:
        self._connection.end(code, reason)

    def tick(self, now_ms: int) -> None:
        """Closes when nobody registered in time, or the token has expired."""
        identify_ms = int(self._gateway.settings.identify_timeout_s * 1000)
        if self._registered is None and now_ms - self.connected_at_ms >= identify_ms:
            self._refuse(WireError("no registration in time", fatal=True), CloseCode.PROTOCOL_VIOLATION)
        elif self._caller is not None and now_ms >= self._caller[1].expires_ms + REFRESH_GRACE_MS:
            self.end(CloseCode.TOKEN_EXPIRED, "the token expired: connect again with a new one; retry_after_s=0")
        else:
            self._say_where()

    # ── the desk's side ──

    def offer(self, offer: Offer) -> None:
        if self._is_told(offer.alert_id):
            return
        self._offers.append(offer)
        if len(self._offers) > MAX_OFFERS:
            self.end(CloseCode.TOO_SLOW, "too slow; retry_after_s=1")
        self.wake()

    def unwritten(self) -> list[Offer]:
        offers = list(self._offers)
        self._offers.clear()
        return offers

    def echo(self, text: str) -> None:
        """The newest are kept: an echo is worth nothing later."""
        if len(self._echoes) >= MAX_ECHOES:
            self._echoes.popleft()
            self._gateway.metrics.dropped.labels(reason="echo_replaced").inc()
        self._echoes.append(text)
        self.wake()

    # ── life ──

    async def run(self) -> None:
        """Receives and sends until either side closes."""
        await self._connection.run(self._handle, self._not_heard)

    async def _not_heard(self, problem: SightlineError | ConnectionLimit) -> None:
        match problem:
            case WireError():
                self._refuse(problem, CloseCode.PROTOCOL_VIOLATION)
            case Forbidden():
                self._refuse(WireError(str(problem), path="auth_token", code="AUTH_FAILED"), CloseCode.BAD_TOKEN)
            case ConnectionLimit():
                self._refuse(WireError(str(problem), code="CONNECTION_LIMIT"), CloseCode.OVERLOADED)
            case _:  # the store is full, overloaded or broken
                log.warning("client_not_served", client=self.client_id, problem=str(problem))
                self._refuse(WireError("not now; retry_after_s=5", code="PROCESSING_ERROR"), CloseCode.OVERLOADED)

    async def _handle(self, text: str | None) -> None:
        if text is None:
            raise WireError("binary messages mean nothing here", fatal=True)
        if len(text.encode(errors="replace")) > MAX_MESSAGE_BYTES:
            raise WireError(f"a message has at most {MAX_MESSAGE_BYTES // 1024} KiB", fatal=True)
        if self._registered is None:
            await self._register(decode_registration(text))
            return
        echo = encode_echo(text)
        wait_s = self._rates.wait_s("echo", self._gateway.clock.monotonic_s())
        if wait_s:
            self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
            self._say(WireError(f"too many messages; retry_after_s={wait_s:.1f}", code="RATE_LIMITED"))
            return
        self._gateway.field_desk.echo(echo, self.latitude, self.longitude)

    async def _register(self, registration: Registration) -> None:
        gateway = self._gateway
        if registration.auth_token is not None:
            self._caller = await gateway.tokens.user_of(registration.auth_token, gateway.store.users)
            if not self._caller[0].may(Right.SEE_ALERTS):
                raise Forbidden("this role may not see alerts")
        if self._caller is None and not gateway.settings.anonymous_dialects:
            raise Forbidden("no token: send `auth_token` with the registration, or an Authorization header")
        self.client_type = STATES[registration.state]
        self.latitude, self.longitude = registration.latitude, registration.longitude
        if self._caller is not None:
            user = self._caller[0]
            gateway.admission.join(user.id, self.client_id)
            self.user_id, self.user_name = user.id, user.name
            self.tags = tags_of(user, self.client_type)
        else:
            self.user_name = "anonymous"
            self.tags = frozenset({ANONYMOUS_TAG, f"type:{self.client_type}"})
        await self._start(registration)

    async def _start(self, registration: Registration) -> None:
        gateway = self._gateway
        stored = None
        if self.user_id and registration.state == "web":
            stored = await gateway.cursors.of(self.user_id, DEVICE)
        if stored is None:
            bounds = await gateway.store.log.bounds()
            self._cursor = bounds.top
        else:
            at = await beginning_of(gateway.store, stored, self.tags)
            bounds, self._cursor = at.bounds, at.start
            self._missed.extend(at.shown or ())
        self._epoch = bounds.epoch
        self._registered = registration
        if registration.state == "web":
            gateway.field_desk.join_page(self)
        else:
            gateway.field_desk.join_phone(self)
            if self.user_id:
                gateway.responders.in_the_field(self.user_id)
                self._say_where()
        gateway.hub.join(self)
        if self._caller is not None and not await gateway.is_current(self._caller[0]):
            self.end(CloseCode.REVOKED, "the account was changed: sign in again")

    # ── sending ──

    async def _send_more(self) -> bool:
        if self._registered is None:
            return False
        if await (self._send_page() if self._registered.state == "web" else self._send_offer()):
            return True
        if not self._echoes:
            return False
        await self._connection.send(self._echoes.popleft())
        return True

    async def _send_page(self) -> bool:
        gateway = self._gateway
        if self._missed:
            await self._send_missed(self._missed.popleft())
            return True
        if self._cursor >= gateway.hub.top:
            return False
        page = await gateway.field_desk.tail.page(self._cursor, gateway.hub.top)
        addressed = [entry for entry in page.entries if entry.audience & self.tags]
        mine = [entry for entry in addressed if not self._is_told(entry.alert_id)]
        for entry in mine:
            await self._connection.send(entry.text)
        self._cursor = page.to
        self._count(len(mine))
        if self.user_id and mine:
            gateway.cursors.move(self.user_id, DEVICE, Cursor(self._epoch, page.to))
        return True

    async def _send_missed(self, alert: Alert) -> None:
        text = await self._gateway.field_desk.text_of(alert)
        if text is not None and not self._is_told(alert.id):
            await self._connection.send(text)
            self._count(1)
        if not self._missed:
            self._gateway.cursors.move(self.user_id, DEVICE, Cursor(self._epoch, self._cursor))

    async def _send_offer(self) -> bool:
        await self._gateway.field_desk.distribute()
        if not self._offers:
            return False
        await self._connection.send(self._offers[0].text)
        written = self._offers.popleft()  # only now: what was not written goes to the next nearest
        if self.user_id:
            self._gateway.responders.received(self.user_id, written.offset)
        self._count(1)
        return True

    def _is_told(self, alert_id: str) -> bool:
        """Whether this connection has the alert already: an escalation is an entry of its own, and this dialect has no
        words to say that it is the same alert."""
        if alert_id in self._told:
            return True
        self._told.append(alert_id)
        return False

    def _say_where(self) -> None:
        """The place of a phone's registration is true while it is connected."""
        if self.user_id and self._registered is not None and self._registered.state == "apk":
            self._gateway.responders.located(self.user_id, Position(self.latitude, self.longitude), None)

    def left(self) -> None:
        """The connection is closed."""
        if self.user_id and self._registered is not None and self._registered.state == "apk":
            self._gateway.responders.out_of_the_field(self.user_id)

    def _count(self, written: int) -> None:
        self._gateway.metrics.sent.inc(written)
        self._gateway.metrics.received.inc(written)

    def _say(self, problem: WireError) -> None:
        self._connection.say(encode_error(problem))

    def _refuse(self, problem: WireError, code: CloseCode) -> None:
        if not self._connection.is_closing:
            self._say(problem)
            self.end(code, str(problem))
