"""`/ws/v1`: drives the session state machine over a WebSocket.

One receiver feeds the session, one sender owns the socket. The sender's order is control, log, state, observations;
the log is read in pages that the client's credit allows, so a slow client only stays behind.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Mapping
from typing import Any

import structlog

from sightline.accounts import Right, Role, User
from sightline.deliveries.audience import tags_of
from sightline.deliveries.entry import Cursor
from sightline.deliveries.rates import OTHERS
from sightline.deliveries.routing import Position
from sightline.deliveries.session import (
    Authenticate,
    Close,
    CloseCode,
    DeclineAlert,
    Effect,
    Limits,
    Locate,
    Mode,
    Reauthenticate,
    Send,
    Session,
    SetDuty,
    StoreCursor,
    TakeAlert,
    Unwatch,
    Watch,
)
from sightline.events.alert import Verdict
from sightline.events.wire import Location, decode_client_message, encode_message, error
from sightline.exceptions import Forbidden, NotFound, SightlineError, WireError
from sightline.gateway.admission import ConnectionLimit
from sightline.gateway.auth import Claims
from sightline.gateway.callers import claims_of_ticket
from sightline.gateway.client_socket import ClientSocket, until_closed
from sightline.gateway.duplex import run_duplex
from sightline.gateway.gateway import Gateway
from sightline.gateway.outbox import Outbox
from sightline.gateway.responders import MOBILE
from sightline.gateway.subscriptions import Subscriptions

__all__ = ["FOR_THE_SESSION_MS", "NativeClient", "serve_native"]

SEND_TIMEOUT_S = 30.0
MAX_REFUSED_IN_A_ROW = 1000
FANOUT_NOTED_EVERY_S = 1.0
FOR_THE_SESSION_MS = 2**62
"""When the right of somebody who identified ends: the session sees to it."""

log = structlog.get_logger(__name__)


async def serve_native(gateway: Gateway, socket: ClientSocket, client: NativeClient | None = None) -> None:
    """One connection, from accept to close. It counts from the first moment, so that a rush cannot pass the limit."""
    client = client or NativeClient(gateway, socket)
    gateway.tickers.add(client)
    try:
        await socket.accept()
        await client.run()
    finally:
        gateway.tickers.discard(client)
        gateway.hub.leave(client)
        gateway.admission.leave(client.user_id, client.client_id)


class NativeClient:
    """A connected client of the native protocol."""

    def __init__(self, gateway: Gateway, socket: ClientSocket) -> None:
        settings = gateway.settings
        self._ticket = _ticket_of(gateway, socket)
        now_ms = gateway.clock.now_ms()
        self.client_id = secrets.token_hex(8)
        self.user_id = self.user_name = self.client_type = self.device = ""
        self.connected_at_ms = self.last_heard_ms = now_ms
        self._gateway = gateway
        self._socket = socket
        self._outbox = Outbox()
        self._unconfirmed: deque[tuple[int, int]] = deque()
        """Pages that were sent: up to which offset, and which offset comes before its first entry."""
        self._fanout_noted_s = 0.0
        self._rates = gateway.rates()
        self._refused_in_a_row = self._replaced = self._outstanding = 0
        self._user: User | None = None
        self._tags: frozenset[str] = frozenset()
        self._subscriptions = Subscriptions()
        self._cursor = 0
        self._epoch = ""
        self._replay_to: int | None = None
        self._closing: Close | None = None
        self.need_not_identify = False
        """Set for somebody who does something else on this connection that needs no session of alerts."""
        self._max_message = settings.max_message_kib * 1024
        self._session = Session(
            self.client_id,
            Limits(
                identify_ms=int(settings.identify_timeout_s * 1000),
                heartbeat_ms=int(settings.heartbeat_interval_s * 1000),
                silence_ms=int(settings.heartbeat_interval_s * 2000),
            ),
            now_ms,
        )

    # ── the hub's side ──

    def wake(self) -> None:
        self._outbox.wake()

    def undelivered_after(self) -> int | None:
        if self._unconfirmed:
            return self._unconfirmed[0][1]
        return self._cursor if self._session.window is not None and self._cursor < self._gateway.hub.top else None

    def state(self, text: str) -> None:
        self._outbox.put_state(text)

    def wants(self, camera_id: str) -> bool:
        return self._subscriptions.of(camera_id) is not None

    def observe(self, camera_id: str, frame_id: int, text: str) -> None:
        if self._shows(camera_id, frame_id):
            self._outbox.put_observation(camera_id, frame_id, text)

    def objects(self, camera_id: str, frame_id: int, text: str) -> None:
        if self._shows(camera_id, frame_id):
            self._outbox.put_objects(camera_id, text)

    def picture(self, camera_id: str, frame_id: int, observation: str, message: bytes) -> None:
        watch = self._subscriptions.of(camera_id)
        if watch is not None and watch.frames and self._shows(camera_id, frame_id):
            self._outbox.put_picture(camera_id, frame_id, observation, message)

    def wished_pictures(self) -> Mapping[str, float]:
        return self._subscriptions.wished_pictures()

    def end(self, code: int, reason: str) -> None:
        self._carry_out(self._session.close(CloseCode(code), reason))

    def tick(self, now_ms: int) -> None:
        """Time has passed: heartbeats, deadlines."""
        if self.need_not_identify and self._user is None:
            return
        effects = self._session.tick(now_ms)
        self._carry_out(effects)
        self._gateway.metrics.dropped.labels(reason="replaced").inc(self._outbox.replaced - self._replaced)
        self._replaced = self._outbox.replaced
        if any(isinstance(effect, Send) and effect.type == "heartbeat" for effect in effects):
            self._position_if_moved()

    # ── who else speaks on this connection ──

    def say(self, type: str, data: Mapping[str, Any]) -> None:
        """A message that is not of the session, in order with its answers."""
        self._outbox.put_control(encode_message(type, data))

    async def caller(self) -> tuple[User, int] | None:
        """Who this is, and until when (ms since the epoch): whoever identified, else by the ticket or the header that
        the connection began with; `None` when nothing was shown. Raises `Forbidden`."""
        if self._user is not None:
            return self._user, FOR_THE_SESSION_MS
        tokens, users = self._gateway.tokens, self._gateway.store.users
        if isinstance(self._ticket, Claims):
            return await tokens.user_of_claims(self._ticket, users), self._ticket.expires_ms
        if self._ticket is not None:
            raise self._ticket
        token = self._gateway.bearer(self._socket.headers)
        if token is None:
            return None
        user, claims = await tokens.user_of(token, users)
        return user, claims.expires_ms

    # ── life ──

    async def run(self) -> None:
        """Receives and sends until either side closes."""
        self._carry_out(self._session.open())
        await run_duplex(self._send_loop(), self._receive_loop(), client_id=self.client_id)

    async def _receive_loop(self) -> None:
        while True:
            await self._outbox.room()
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            now_ms = self._gateway.clock.now_ms()
            self.last_heard_ms = now_ms
            self._gateway.metrics.messages.inc()
            for effect in self._effects_of(message.get("text"), now_ms):
                try:
                    await self._perform(effect)
                except SightlineError as problem:  # the store is full, overloaded or broken
                    self._not_done(effect, problem)

    def _effects_of(self, text: str | None, now_ms: int) -> list[Effect]:
        """What follows from a message, if there may be another one of its type now."""
        try:
            try:
                if text is None:
                    raise WireError("binary messages are for cameras; this client sends JSON text")
                if len(text) > self._max_message:
                    raise WireError(f"a message has at most {self._max_message // 1024} KiB", fatal=True)
                message = decode_client_message(text)
            except WireError as problem:
                self._check_rate(OTHERS, problem.request_id)
                raise
            self._check_rate(message.type, message.id)
            return self._session.receive(message, now_ms)
        except WireError as problem:
            return self._session.reject(problem, now_ms)

    def _check_rate(self, type: str, id: str | None) -> None:
        """Raises `WireError` for a message that comes too soon; fatal when many have in a row."""
        wait_s = self._rates.wait_s(type, self._gateway.clock.monotonic_s())
        if not wait_s:
            self._refused_in_a_row = 0
            return
        self._refused_in_a_row += 1
        self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
        if self._refused_in_a_row >= MAX_REFUSED_IN_A_ROW:
            self.end(CloseCode.OVERLOADED, "too many messages; retry_after_s=30")
        raise WireError(
            f"too many messages of this type; retry_after_s={wait_s:.1f}",
            path="type", code="RATE_LIMITED", request_id=id,
        )  # fmt: skip

    async def _send_loop(self) -> None:
        while True:
            await self._outbox.wait()
            while not self._outbox.overflowed and await self._send_next():
                pass
            if self._outbox.overflowed:
                self._carry_out(self._session.close(CloseCode.TOO_SLOW, "too slow; retry_after_s=1"))
            if self._closing is not None:
                await self._send(self._outbox.take_control())
                with until_closed():
                    await self._socket.close(self._closing.code, self._closing.reason[:120])
                return

    async def _send_next(self) -> bool:
        """Sends what goes next; false when nothing waits (or may go) now."""
        control = self._outbox.take_control()
        if control:
            await self._send(control)
            return True
        if self._closing is not None:
            return False
        if await self._send_page():
            return True
        state = self._outbox.take_state()
        if state:
            await self._send(state)
            return True
        camera = self._outbox.take_camera()
        await self._send(camera)
        return bool(camera)

    async def _send(self, messages: list[str] | list[str | bytes]) -> None:
        for message in messages:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                with until_closed():
                    if isinstance(message, str):
                        await self._socket.send_text(message)
                    else:
                        await self._socket.send_bytes(message)

    # ── the log ──

    async def _send_page(self) -> bool:
        window = self._session.window
        if window is None or self._cursor >= self._gateway.hub.top or not window.free_entries():
            return False
        page = await self._gateway.native_tail.page(self._cursor, self._gateway.hub.top)
        share = page.share(self._tags, window.free_entries(), window.free_bytes())
        mine, to = [entry.text for entry in share.entries], share.to
        if not mine and to <= self._cursor:
            return False
        self._cursor = to
        if mine:
            self._gateway.metrics.sent.inc(len(mine))
            position = self._position(to)
            self._outstanding += len(mine)
            self._unconfirmed.append((to, share.entries[0].offset - 1))
            size = sum(entry.size for entry in share.entries)
            window.page_sent(to, len(mine), size)  # before sending: the client may confirm before we go on
            await self._send([*mine, position])
            self._note_fanout(to)
        self._caught_up()
        return True

    def _confirmed(self, offset: int) -> None:
        window = self._session.window
        assert window is not None
        self._gateway.metrics.received.inc(self._outstanding - window.outstanding)
        self._outstanding = window.outstanding
        while self._unconfirmed and self._unconfirmed[0][0] <= offset:
            self._unconfirmed.popleft()

    def _note_fanout(self, to: int) -> None:
        """How long ago what was written just now was committed, once a second: noting costs as much as writing."""
        now_s = self._gateway.clock.monotonic_s()
        if now_s - self._fanout_noted_s < FANOUT_NOTED_EVERY_S:
            return
        since_commit_s = self._gateway.hub.since_commit_s(to)
        if since_commit_s is not None:
            self._fanout_noted_s = now_s
            self._gateway.metrics.fanout_seconds.observe(since_commit_s)

    def _position(self, to: int) -> str:
        window = self._session.window
        assert window is not None
        return encode_message("position", {"from": window.sent, "to": to})

    def _position_if_moved(self) -> None:
        window = self._session.window
        if window is not None and self._cursor > window.sent:
            self._outbox.put_control(self._position(self._cursor))
            window.page_sent(self._cursor, 0, 0)

    def _caught_up(self) -> None:
        if self._replay_to is not None and self._cursor >= self._replay_to:
            self._position_if_moved()
            self._outbox.put_control(encode_message("caught_up", {"offset": self._replay_to}))
            self._replay_to = None

    # ── effects ──

    def _carry_out(self, effects: list[Effect]) -> None:
        """Those effects that need no waiting."""
        for effect in effects:
            if isinstance(effect, Send):
                self._outbox.put_control(encode_message(effect.type, effect.data, id=effect.id))
            elif isinstance(effect, Close):
                self._closing = effect
                self._outbox.wake()

    async def _perform(self, effect: Effect) -> None:
        match effect:
            case Send() | Close():
                self._carry_out([effect])
            case Authenticate():
                await self._authenticate(effect)
            case Reauthenticate(token=token, id=id):
                await self._reauthenticate(token, id)
            case Watch():
                await self._watch(effect)
            case Unwatch(camera_id=camera_id):
                self._subscriptions.remove(camera_id)
                self._outbox.drop_camera(camera_id)
                self._gateway.hub.on_watch_change()
            case TakeAlert():
                verdict = Verdict(effect.verdict) if effect.verdict else None
                taken = self._gateway.take_alert(self._signed_in, effect.alert_id, verdict)
                await self._answer("recorded", taken, "data.alert_id", effect.id)
            case DeclineAlert(alert_id=alert_id, reason=reason, id=id):
                declined = self._gateway.escalator.decline(self._signed_in, alert_id, reason)
                await self._answer("recorded", declined, "data.alert_id", id)
            case SetDuty(on=on, id=id):
                switched = self._gateway.responders.switch(self._signed_in, on=on)
                await self._answer("duty_status", switched, "data.on", id)
            case Locate(location=location):
                self._locate(location)
            case StoreCursor(offset=offset):
                self._confirmed(offset)
                if self.client_type == MOBILE:
                    self._gateway.responders.received(self.user_id, offset)
                self._outbox.wake()
                if self.device:
                    await self._gateway.store.log.advance(
                        self.user_id, self.device, Cursor(self._epoch, offset), now_ms=self._gateway.clock.now_ms()
                    )

    async def _authenticate(self, effect: Authenticate) -> None:
        gateway = self._gateway
        identify = effect.identify
        token = identify.auth_token or (gateway.bearer(self._socket.headers) if self._ticket is None else None)
        try:
            if token is not None:
                user, claims = await gateway.tokens.user_of(token, gateway.store.users)
            elif isinstance(self._ticket, Claims):
                claims = self._ticket
                user = await gateway.tokens.user_of_claims(claims, gateway.store.users)
            else:
                raise self._ticket or Forbidden("no token: send `auth_token`, or an Authorization header")
        except Forbidden as problem:
            self._carry_out(self._session.refused("AUTH_FAILED", str(problem), CloseCode.BAD_TOKEN, id=effect.id))
            return
        if identify.client_type not in ("frontend", "desktop_app", "mobile_app") or user.role is Role.MACHINE:
            message = f"a {identify.client_type} needs a machine token for its own endpoint"
            self._carry_out(self._session.refused("FORBIDDEN", message, CloseCode.REVOKED, id=effect.id))
            return
        try:
            gateway.admission.join(user.id, self.client_id, device=identify.device or "")
        except ConnectionLimit as problem:
            self._carry_out(self._session.refused("CONNECTION_LIMIT", str(problem), CloseCode.OVERLOADED, id=effect.id))
            return
        self._user = user
        self.user_id, self.user_name = user.id, user.name
        self.client_type, self.device = identify.client_type, identify.device or ""
        self._tags = tags_of(user, identify.client_type)
        if identify.location is not None:
            self._locate(identify.location)
        await self._start_delivery(effect, claims.expires_ms)
        if not await gateway.is_current(user):  # changed before the hub knew whom to tell
            self.end(CloseCode.REVOKED, "the account was changed: sign in again")

    async def _start_delivery(self, effect: Authenticate, token_expires_ms: int) -> None:
        gateway = self._gateway
        bounds = await gateway.store.log.bounds()
        resume = effect.identify.resume
        cursor = Cursor(resume.epoch, resume.offset) if resume else None
        if cursor is None and self.device:
            cursor = await gateway.store.log.cursor(self.user_id, self.device)
        known = cursor is not None and cursor.epoch == bounds.epoch and bounds.floor <= cursor.offset <= bounds.top
        shown: str | None = None
        if known:
            assert cursor is not None
            mode, start = Mode.RESUMED, cursor.offset
        else:
            snapshot = await gateway.store.alerts.snapshot(self._tags)
            bounds = snapshot.bounds
            mode, start = (Mode.GAP if cursor is not None else Mode.LIVE), bounds.top
            alerts = await gateway.views.alerts(snapshot.alerts)
            shown = encode_message("alert_snapshot", {"alerts": alerts, "offset": bounds.top})
        self._cursor, self._epoch, self._replay_to = start, bounds.epoch, bounds.top
        if self.client_type == MOBILE and mode is Mode.RESUMED:
            gateway.responders.received(self.user_id, start)
        self._carry_out(
            self._session.identified(
                user_id=self.user_id,
                token_expires_ms=token_expires_ms,
                mode=mode,
                epoch=bounds.epoch,
                top=bounds.top,
                start=start,
                id=effect.id,
            )
        )
        if shown is not None:
            self._outbox.put_control(shown)
        self._caught_up()
        self._outbox.put_state(encode_message("bulk_status_update", await gateway.camera_states()))
        if self.device:  # without a pause before joining: of two that come at once, one must see the other
            for other in gateway.hub.others(self, device=self.device):
                other.end(CloseCode.SUPERSEDED, "a newer connection of the same user and device took over")
        gateway.hub.join(self)

    async def _reauthenticate(self, token: str, id: str | None) -> None:
        gateway = self._gateway
        try:
            user, claims = await gateway.tokens.user_of(token, gateway.store.users)
        except Forbidden as problem:
            self._carry_out(self._session.refused("AUTH_FAILED", str(problem), CloseCode.BAD_TOKEN, id=id))
            return
        self._carry_out(self._session.reauthenticated(user_id=user.id, token_expires_ms=claims.expires_ms, id=id))

    async def _watch(self, effect: Watch) -> None:
        gateway = self._gateway
        assert self._user is not None
        if not self._user.may(Right.SEE_CAMERAS):
            self._carry_out(self._session.refused_watch(effect, "FORBIDDEN", "this role may not see cameras"))
            return
        if effect.camera_id != "*" and await gateway.directory.cameras.find(effect.camera_id) is None:
            message = f"no camera with id {effect.camera_id!r}"
            self._carry_out(self._session.refused_watch(effect, "INVALID_MESSAGE", message))
            return
        self._subscriptions.add(effect)
        gateway.hub.on_watch_change()

    def _shows(self, camera_id: str, frame_id: int) -> bool:
        return self._subscriptions.shows(camera_id, frame_id, self._gateway.clock.monotonic_s())

    @property
    def _signed_in(self) -> User:
        assert self._user is not None  # the session hands on nothing else before
        return self._user

    def _locate(self, location: Location) -> None:
        """Only the device that a responder carries says where they are."""
        if self.client_type == MOBILE:
            position = Position(location.latitude, location.longitude)
            self._gateway.responders.located(self.user_id, position, location.accuracy_m)

    async def _answer(self, type: str, answer: Awaitable[Mapping[str, Any]], path: str, id: str | None) -> None:
        """What was asked for is done, or who asked is told why it is not."""
        try:
            data = await answer
        except (Forbidden, NotFound) as problem:
            code = "FORBIDDEN" if isinstance(problem, Forbidden) else "INVALID_MESSAGE"
            self._refuse(code, str(problem), path, id)
            return
        self._outbox.put_control(encode_message(type, data, id=id))

    def _not_done(self, effect: Effect, problem: SightlineError) -> None:
        """What was asked could not be done now: who asked hears of it, and may ask again."""
        log.warning("client_not_served", client=self.client_id, asked=type(effect).__name__, problem=str(problem))
        match effect:
            case Authenticate():
                self.end(CloseCode.OVERLOADED, "the server cannot serve this now; retry_after_s=5")
            case Reauthenticate(id=id) | TakeAlert(id=id) | DeclineAlert(id=id) | SetDuty(id=id) | Watch(id=id):
                self._refuse("PROCESSING_ERROR", str(problem), None, id)

    def _refuse(self, code: str, message: str, path: str | None, id: str | None) -> None:
        self._outbox.put_control(encode_message("error", error(code, message, path=path, request_id=id), id=id))


def _ticket_of(gateway: Gateway, socket: ClientSocket) -> Claims | Forbidden | None:
    """The ticket is used up when the connection begins; whether it was good is said when the client identifies."""
    try:
        return claims_of_ticket(gateway, socket)
    except Forbidden as problem:
        return problem
