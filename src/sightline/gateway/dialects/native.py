"""`/ws/v1`: drives the session state machine over a WebSocket.

One receiver feeds the session, one `Sender` owns the writing side of the connection: the server's own writer where it
has one, else ASGI's `send`. The log is sent in pages that the client's credit allows, so a slow client only stays
behind.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.websockets import WebSocketDisconnect

from sightline.accounts import Right, User
from sightline.deliveries.audience import tags_of
from sightline.deliveries.entry import Cursor
from sightline.deliveries.framing import Frame
from sightline.deliveries.session import (
    ENGINE,
    Authenticate,
    Close,
    CloseCode,
    DeclineAlert,
    Effect,
    Limits,
    Mode,
    Reauthenticate,
    Report,
    Send,
    Session,
    SetDuty,
    StoreCursor,
    TakeAlert,
    Unwatch,
    Watch,
)
from sightline.events.wire import encode_message
from sightline.exceptions import Forbidden, SightlineError, WireError
from sightline.gateway.delivery.asgi_writer import AsgiWriter
from sightline.gateway.delivery.beginning import beginning_of, snapshot_messages
from sightline.gateway.delivery.sender import Sender
from sightline.gateway.delivery.subscriptions import Subscriptions
from sightline.gateway.dialects.client_socket import ClientSocket, MessageWriter
from sightline.gateway.dialects.engine_requests import EngineRequests
from sightline.gateway.dialects.identification import Identity, Refusal, Visitor
from sightline.gateway.dialects.message_gate import MessageGate
from sightline.gateway.dialects.native_requests import NativeRequests
from sightline.gateway.dialects.refusals import refuse
from sightline.gateway.gateway import Gateway
from sightline.gateway.hub import Shown
from sightline.gateway.routing.responders import MOBILE
from sightline.gateway.video.stream_requests import StreamRequests
from sightline.gateway.web.addresses import base_url
from sightline.gateway.web.guards import spoken_at

__all__ = ["FOR_THE_SESSION_MS", "NativeClient", "serve_native"]

CLOSE_PATIENCE_S = 15.0
"""How long after a close the connection may take to end."""
FOR_THE_SESSION_MS = 2**62
"""When the right of somebody who identified ends: the session sees to it."""

log = structlog.get_logger(__name__)


async def serve_native(gateway: Gateway, socket: ClientSocket, client: NativeClient) -> None:
    """One connection, from accept to close. It counts from the first moment, so that a rush cannot pass the limit."""
    gateway.tickers.add(client)
    try:
        await client.begin()
        await socket.accept()
        await client.run()
    finally:
        gateway.tickers.discard(client)
        gateway.hub.leave(client)
        client.leave()
        gateway.admission.leave(client.user_id, client.client_id)


class NativeClient:
    """A connected client of the native protocol. Without a `writer` of the server's own, messages go through the
    socket.
    """

    def __init__(self, gateway: Gateway, socket: ClientSocket, writer: MessageWriter | None = None) -> None:
        settings = gateway.settings
        now_ms = gateway.clock.now_ms()
        self.client_id = secrets.token_hex(8)
        self.user_id = self.user_name = self.client_type = self.device = ""
        self.dialect = spoken_at(socket.scope["path"])
        self.connected_at_ms = self.last_heard_ms = now_ms
        self._gateway = gateway
        self._socket = socket
        self._visitor = Visitor(gateway, socket, self.client_id)
        self._gate = MessageGate(gateway, self._flooded)
        self._writer = writer or AsgiWriter(socket)
        self._sender = Sender(gateway, self, self._writer, on_too_slow=self._too_slow, on_failure=self._log_failed)
        self._outbox, self._log = self._sender.outbox, self._sender.log
        self.wake = self._sender.wake
        self._subscriptions = Subscriptions()
        self._requests: NativeRequests | EngineRequests | None = None
        self._replaced = 0
        self._user: User | None = None
        self._patience: asyncio.Timeout | None = None
        self.need_not_identify = False
        """Set for somebody who does something else on this connection that needs no session of alerts."""
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

    def undelivered_after(self) -> int | None:
        return self._log.undelivered_after()

    def state(self, message: Frame) -> None:
        self._outbox.put_state(message)

    def wants(self, camera_id: str) -> bool:
        return self._subscriptions.of(camera_id) is not None

    def observe(self, shown: Shown) -> None:
        if not self._sender.is_news(shown) or (self._subscriptions.everything and self._sender.show(shown.bundle)):
            return
        for camera_id, slot, frame_id, message in shown.observations:
            watch = self._subscriptions.of(camera_id)
            if watch is not None and self._shows(watch, camera_id, frame_id):
                self._outbox.put_observation(slot, frame_id, message)

    def picture(self, camera_id: str, frame_id: int, observation: Frame, message: Frame) -> None:
        watch = self._subscriptions.of(camera_id)
        if watch is not None and watch.frames and self._shows(watch, camera_id, frame_id):
            self._outbox.put_picture(camera_id, frame_id, observation, message)

    def result(self, camera_id: str, slot: str, frame_id: int, message: Frame) -> None:
        """What an engine of another make sees now."""
        if self._subscriptions.shows(camera_id, frame_id, self._gateway.clock.monotonic_s(), slot=slot):
            self._outbox.put_observation(slot, frame_id, message)

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
        self._sender.tick(now_ms)
        if self._outbox.replaced != self._replaced:
            self._gateway.metrics.dropped.labels(reason="replaced").inc(self._outbox.replaced - self._replaced)
            self._replaced = self._outbox.replaced
        if any(isinstance(effect, Send) and effect.type == "heartbeat" for effect in effects):
            self._log.tell_position_if_moved()

    # ── who else speaks on this connection ──

    def say(self, type: str, data: Mapping[str, Any]) -> None:
        """A message that is not of the session, in order with its answers."""
        self._outbox.put_control(encode_message(type, data))

    async def caller(self) -> tuple[User, int] | None:
        """Who this is, and until when (ms since the epoch): whoever identified, else by the ticket or the header that
        the connection began with; `None` when nothing was shown. Raises `Forbidden`."""
        if self._user is not None:
            return self._user, FOR_THE_SESSION_MS
        return await self._visitor.shown()

    # ── life ──

    async def run(self) -> None:
        """Receives and sends until either side closes. A fault of ours is logged; a client that is gone is none."""
        try:
            async with asyncio.timeout(None) as self._patience:
                self._carry_out(self._session.open())
                await self._receive_loop()
        except (WebSocketDisconnect, OSError):
            pass
        except Exception:  # whatever it is, it ends this connection and no other
            log.exception("client_failed", client=self.client_id)
        finally:
            self._patience = None
            self._sender.stop()

    def leave(self) -> None:
        """The connection has ended."""
        self._gateway.foreign_engines.looking.discard(self)
        if self._requests is not None:
            self._requests.close()

    async def begin(self) -> None:
        """Before the connection is accepted. Raises what the store raises."""
        await self._visitor.begin()

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

    def _hear_at_once(self, text: bytes) -> bool:
        """Most of what clients say is `received`, and nothing in it has to be waited for: whoever says it in the usual
        form need not be awaited. What is checked, counted and done is the same."""
        if self._outbox.is_crowded:
            return False
        now_ms = self._gateway.clock.now_ms()
        try:
            message = self._gate.received(text)
            if message is None:
                return False
            effects = self._session.receive(message, now_ms)
        except WireError as problem:
            effects = self._session.reject(problem, now_ms)
        self.last_heard_ms = now_ms
        self._gateway.metrics.messages.inc()
        for effect in effects:
            if isinstance(effect, StoreCursor):
                self._store_cursor(effect.offset)
        self._carry_out(effects)
        return True

    def _effects_of(self, text: str | None, now_ms: int) -> list[Effect]:
        try:
            return self._session.receive(self._gate.read(text), now_ms)
        except WireError as problem:
            return self._session.reject(problem, now_ms)

    def _flooded(self) -> None:
        self.end(CloseCode.OVERLOADED, "too many messages; retry_after_s=30")

    def _too_slow(self) -> None:
        self.end(CloseCode.TOO_SLOW, "too slow; retry_after_s=1")

    def _log_failed(self) -> None:
        self.end(CloseCode.OVERLOADED, "the log cannot be read now; retry_after_s=5")

    # ── effects ──

    def _carry_out(self, effects: list[Effect]) -> None:
        """Those effects that need no waiting."""
        for effect in effects:
            if isinstance(effect, Send):
                self._outbox.put_control(encode_message(effect.type, effect.data, id=effect.id))
            elif isinstance(effect, Close):
                self._sender.close(effect.code, effect.reason)
                if self._patience is not None:
                    self._patience.reschedule(asyncio.get_running_loop().time() + CLOSE_PATIENCE_S)

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
                self._sender.see_all(self._subscriptions.everything)
                self._outbox.drop_camera(camera_id)
                self._gateway.hub.on_watch_change()
            case StoreCursor(offset=offset):
                self._store_cursor(offset)
            case _:
                assert self._requests is not None  # the session hands on nothing else before
                await self._requests.perform(effect)

    async def _authenticate(self, effect: Authenticate) -> None:
        found = await self._visitor.identify(effect.identify)
        if isinstance(found, Refusal):
            self._carry_out(self._session.refused(found.code, found.message, found.close, id=effect.id))
            return
        user = self._user = found.user
        self.user_id, self.user_name = user.id, user.name
        self.client_type, self.device = effect.identify.client_type, effect.identify.device or ""
        if self.client_type == ENGINE:
            await self._start_engine(effect, found)
            return
        streams = StreamRequests(
            self._gateway, self._outbox, user, self.client_id, base_url(self._gateway.settings, self._socket.scope)
        )
        requests = self._requests = NativeRequests(self._gateway, self._outbox, user, self.client_type, streams)
        if effect.identify.location is not None:
            requests.locate(effect.identify.location)
        await self._start_delivery(effect, tags_of(user, self.client_type), found.expires_ms)
        if not await self._gateway.is_current(user):  # changed before the hub knew whom to tell
            self.end(CloseCode.REVOKED, "the account was changed: sign in again")

    async def _start_engine(self, effect: Authenticate, found: Identity) -> None:
        """It is told what to do and how things stand, and nothing of the log."""
        bounds = await self._gateway.store.log.bounds()
        self._carry_out(
            self._session.identified(
                user_id=found.user.id, token_expires_ms=found.expires_ms, mode=Mode.LIVE, epoch=bounds.epoch,
                top=bounds.top, start=bounds.top, id=effect.id,
            )
        )  # fmt: skip
        engine = self._requests = EngineRequests(self._gateway, self._outbox, found.user.name, self.end)
        engine.begin(list(effect.identify.capabilities))
        self._gateway.hub.join(self)

    async def _start_delivery(self, effect: Authenticate, tags: frozenset[str], token_expires_ms: int) -> None:
        gateway = self._gateway
        resume = effect.identify.resume
        cursor = Cursor(resume.epoch, resume.offset) if resume else None
        if cursor is None and self.device:
            cursor = await gateway.cursors.of(self.user_id, self.device)
        at = await beginning_of(gateway.store, cursor, tags)
        if self.client_type == MOBILE and at.mode is Mode.RESUMED:
            gateway.responders.received(self.user_id, at.start)
        cameras = await gateway.camera_states()
        # From here to joining without a pause: who is told that it is identified is among the connections, and of two
        # that come at once one sees the other.
        self._carry_out(
            self._session.identified(
                user_id=self.user_id, token_expires_ms=token_expires_ms, mode=at.mode, epoch=at.bounds.epoch,
                top=at.bounds.top, start=at.start, id=effect.id,
            )
        )  # fmt: skip
        if self._session.window is not None:
            first = None if at.shown is None else snapshot_messages(gateway.views, at.shown, at.start)
            self._log.begin(self._session.window, tags, Cursor(at.bounds.epoch, at.start), at.bounds.top, first)
            self._writer.on_text = self._hear_at_once
        self._outbox.put_state(Frame(encode_message("bulk_status_update", cameras)))
        status = gateway.engines.news.system_status()
        if status["warnings"]:  # those who are here were told when it began
            self._outbox.put_state(Frame(encode_message("system_status_update", status)))
        if self.device:
            gateway.changes.device_joined(self, self.device)
        gateway.hub.join(self)
        gateway.foreign_engines.looking.add(self)

    async def _reauthenticate(self, token: str, id: str | None) -> None:
        gateway = self._gateway
        try:
            user, claims = await gateway.tokens.user_of(token, gateway.store.users)
        except Forbidden as problem:
            self._carry_out(self._session.refused("AUTH_FAILED", str(problem), CloseCode.BAD_TOKEN, id=id))
            return
        self._carry_out(self._session.reauthenticated(user_id=user.id, token_expires_ms=claims.expires_ms, id=id))

    def _store_cursor(self, offset: int) -> None:
        cursor = self._log.confirmed(offset)
        if self.client_type == MOBILE:
            self._gateway.responders.received(self.user_id, offset)
        if self._log.is_behind:
            self._sender.soon()
        if self.device:
            self._gateway.cursors.move(self.user_id, self.device, cursor)

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
        self._sender.see_all(self._subscriptions.everything)
        gateway.hub.on_watch_change()

    def _shows(self, watch: Watch, camera_id: str, frame_id: int) -> bool:
        if watch.max_fps is None:
            return True
        return self._subscriptions.shows(camera_id, frame_id, self._gateway.clock.monotonic_s())

    def _not_done(self, effect: Effect, problem: SightlineError) -> None:
        """What was asked could not be done now: who asked hears of it, and may ask again."""
        log.warning("client_not_served", client=self.client_id, asked=type(effect).__name__, problem=str(problem))
        match effect:
            case Authenticate():
                self.end(CloseCode.OVERLOADED, "the server cannot serve this now; retry_after_s=5")
            case (
                Reauthenticate(id=id) | TakeAlert(id=id) | DeclineAlert(id=id) | SetDuty(id=id) | Watch(id=id)
                | Report(id=id)
            ):  # fmt: skip
                refuse(self._outbox, "PROCESSING_ERROR", str(problem), None, id)
