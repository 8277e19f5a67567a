"""`/ws`: clients that push frames and are answered what these show.

One frame of a client is under way and one waits; a newer one takes the place of the one that waits, and the client is
told which frames were dropped. Socket.IO clients say the same in events (`FrameConversation` serves both).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from sightline.accounts import Right, User
from sightline.deliveries.pushed import (
    Authenticate,
    ProcessFrame,
    decode_frame_message,
    encode_event,
    frame_error,
    image_of,
)
from sightline.deliveries.session import CloseCode
from sightline.exceptions import Forbidden, ImageError, SightlineError, WireError
from sightline.gateway.auth import Claims
from sightline.gateway.dialects.admission import ConnectionLimit, address_of
from sightline.gateway.dialects.alerts_only import AlertsOnly
from sightline.gateway.dialects.callers import caller_of
from sightline.gateway.dialects.text_connection import TextConnection
from sightline.gateway.gateway import Gateway
from sightline.gateway.pushed.frame_desk import FrameReplaced, PushedFrame
from sightline.settings import Settings

__all__ = ["CLIENT_TYPE", "FrameConversation", "FramesClient", "limit_error", "max_frame_message_bytes", "serve_frames"]

DEVICE = "ws-frames"
CLIENT_TYPE = "frames"
REFRESH_GRACE_MS = 25_000
ENVELOPE_BYTES = 64 * 1024
"""What a message may have beside its picture."""
MAX_REFUSED_IN_A_ROW = 1000

log = structlog.get_logger(__name__)


async def serve_frames(gateway: Gateway, socket: WebSocket) -> None:
    """One connection. What it shows that is not good is refused with 401 or 403 before the upgrade; where there is no
    room it is told so and closed."""
    try:
        caller = await caller_of(gateway, socket, query_token=True)
    except Forbidden as problem:
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, 401))
        return
    if caller is not None and not caller[0].may(Right.ANALYSE):
        await socket.send_denial_response(JSONResponse({"detail": "this role may not have frames analysed"}, 403))
        return
    client = FramesClient(gateway, socket, caller)
    try:
        if gateway.is_full():
            raise ConnectionLimit("the server", gateway.settings.max_connections)
        with gateway.admission.place(address_of(socket)):
            client.enter()
            gateway.tickers.add(client)
            await socket.accept()
            await client.run()
    except ConnectionLimit as problem:
        await _refuse_for_now(gateway, socket, problem)
    finally:
        gateway.tickers.discard(client)
        gateway.hub.leave(client)
        gateway.frames.leave(client.client_id)
        gateway.admission.leave(client.user_id, client.client_id)


async def _refuse_for_now(gateway: Gateway, socket: WebSocket, problem: ConnectionLimit) -> None:
    await socket.accept()
    await socket.send_text(encode_event("error", limit_error(gateway, problem)))
    await socket.close(CloseCode.OVERLOADED, str(problem)[:120])
    await gateway.frames.tell("connection_limit", str(problem))


def limit_error(gateway: Gateway, problem: ConnectionLimit) -> dict[str, Any]:
    """The data of the `error` that says there is no room."""
    level = gateway.frames.desk.level("connection_limit")
    return frame_error("CONNECTION_LIMIT", str(problem), alert="connection_limit", level=level)


def max_frame_message_bytes(settings: Settings) -> int:
    """The largest message that can hold a frame within the limit: base64 in lines, and what stands around it."""
    return settings.max_frame_mib * 2**20 * 7 // 5 + ENVELOPE_BYTES


class FrameConversation:
    """Frames in, events out, for one client however it is connected. `say` is given an event and its data."""

    def __init__(self, gateway: Gateway, client_id: str, say: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._gateway = gateway
        self._client_id = client_id
        self._say = say
        self._rates = gateway.rates()
        self.refused_in_a_row = 0

    def hear(self, frame: ProcessFrame) -> None:
        """A frame came: it is answered by and by, or refused at once."""
        wait_s = self._rates.wait_s("process_frame", self._gateway.clock.monotonic_s())
        if wait_s:
            self.refused_in_a_row += 1
            self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
            self._fail("RATE_LIMITED", f"too many frames; retry_after_s={wait_s:.1f}", frame)
            return
        self.refused_in_a_row = 0
        try:
            image = image_of(frame.frame, self._gateway.settings.max_frame_mib * 2**20)
        except ImageError as problem:
            self._fail(problem.code, str(problem), frame)
            return
        answer = self._gateway.frames.desk.push(
            self._client_id, PushedFrame(image, frame.settings, frame.timestamp)
        )
        answer.add_done_callback(partial(self._answered, frame.timestamp))

    def left(self) -> None:
        """The client is gone."""
        self._gateway.frames.desk.leave(self._client_id)

    def _answered(self, timestamp: int | float | str | None, answer: asyncio.Future[dict[str, Any]]) -> None:
        problem = answer.exception()
        if problem is None:
            self._say("detection_result", answer.result())
        elif isinstance(problem, FrameReplaced):
            self._gateway.metrics.dropped.labels(reason="frame_replaced").inc()
            self._say("frame_dropped", {"timestamp": timestamp})
        elif isinstance(problem, ImageError):
            self._say("error", frame_error(problem.code, str(problem), frame_timestamp=timestamp))
        else:
            self._not_processed(problem, timestamp)

    def _not_processed(self, problem: BaseException, timestamp: int | float | str | None) -> None:
        """An engine could not: the client is told with the next breath, operators once in a while."""
        frames = self._gateway.frames
        known = isinstance(problem, SightlineError)
        details = str(problem) if known else "the server's log says why"
        if not known:
            log.error("frame_failed", client=self._client_id, exc_info=problem)
        data = frame_error(
            "PROCESSING_ERROR",
            "Failed to process frame",
            details,
            alert="processing_error",
            level=frames.desk.level("processing_error"),
            frame_timestamp=timestamp,
        )
        self._say("error", data)
        frames.tell_soon("processing_error", details)

    def _fail(self, code: str, message: str, frame: ProcessFrame) -> None:
        self._say("error", frame_error(code, message, frame_timestamp=frame.timestamp))


class FramesClient(AlertsOnly):
    """A connected client of `/ws`."""

    dialect = "ws"

    def __init__(self, gateway: Gateway, socket: WebSocket, caller: tuple[User, Claims] | None) -> None:
        now_ms = gateway.clock.now_ms()
        self.client_id = secrets.token_hex(8)
        self.user_id, self.user_name = "", "anonymous"
        self.client_type, self.device = CLIENT_TYPE, DEVICE
        self.connected_at_ms = now_ms
        self._gateway = gateway
        self._connection = TextConnection(gateway, socket, self.client_id)
        self._rates = gateway.rates()
        self._conversation = FrameConversation(gateway, self.client_id, self._say)
        self._user: User | None = None
        self._claims: Claims | None = None
        self._may = False
        self._max_message_bytes = max_frame_message_bytes(gateway.settings)
        if caller is not None:
            self._user, self._claims = caller

    @property
    def last_heard_ms(self) -> int:
        return self._connection.heard_ms

    def enter(self) -> None:
        """Takes a place among those who push frames, as soon as it is known that this client may: somebody who has not
        said who they are takes none. Raises `ConnectionLimit`."""
        if self._user is None and not self._gateway.settings.anonymous_dialects:
            return
        self._gateway.frames.enter(self.client_id)
        if self._user is not None:
            self._gateway.admission.join(self._user.id, self.client_id)
            self.user_id, self.user_name = self._user.id, self._user.name
        self._may = True

    # ── the hub's side ──

    def wake(self) -> None:
        """The log is not told here."""

    def end(self, code: int, reason: str) -> None:
        self._connection.end(code, reason)

    def tick(self, now_ms: int) -> None:
        """Closes when nobody said in time who this is, or the token has expired."""
        identify_ms = int(self._gateway.settings.identify_timeout_s * 1000)
        if not self._may and now_ms - self.connected_at_ms >= identify_ms:
            self._refuse(Forbidden("nobody said in time who this is: send `authenticate`"))
        elif self._claims is not None and now_ms >= self._claims.expires_ms + REFRESH_GRACE_MS:
            self.end(CloseCode.TOKEN_EXPIRED, "the token expired: connect again with a new one; retry_after_s=0")

    # ── life ──

    async def run(self) -> None:
        """Receives and sends until either side closes."""
        now_ms = self._gateway.clock.now_ms()
        self._say("connected", {"client_id": self.client_id, "server_time": now_ms, "authenticated": self._may})
        if self._may:
            self._gateway.hub.join(self)
        try:
            await self._connection.run(self._hear, self._not_heard)
        finally:
            self._conversation.left()

    async def _hear(self, text: str | None) -> None:
        await self._handle(text)
        if self._conversation.refused_in_a_row >= MAX_REFUSED_IN_A_ROW:
            self.end(CloseCode.OVERLOADED, "too many frames; retry_after_s=30")

    async def _not_heard(self, problem: SightlineError | ConnectionLimit) -> None:
        match problem:
            case WireError():
                self._say("error", frame_error(problem.code, str(problem), problem.path))
            case Forbidden():
                self._refuse(problem)
            case ConnectionLimit():
                self._say("error", limit_error(self._gateway, problem))
                self.end(CloseCode.OVERLOADED, str(problem))
                await self._gateway.frames.tell("connection_limit", str(problem))
            case _:  # the store is full, overloaded or broken
                log.warning("client_not_served", client=self.client_id, problem=str(problem))
                self._say("error", frame_error("PROCESSING_ERROR", "not now", str(problem)))

    async def _handle(self, text: str | None) -> None:
        if text is not None and len(text) > self._max_message_bytes:
            most = f"a frame has at most {self._gateway.settings.max_frame_mib} MiB"
            self._say("error", frame_error("FRAME_TOO_LARGE", most))
            return
        if text is None:
            self._check_rate()
            raise WireError("binary messages mean nothing here: send JSON text")
        try:
            message = decode_frame_message(text)
        except WireError:
            self._check_rate()
            raise
        if isinstance(message, Authenticate):
            self._check_rate()
            await self._authenticate(message)
        elif not self._may:
            raise Forbidden("who is this? send `authenticate` with a token or ticket first")
        else:
            self._conversation.hear(message)

    def _check_rate(self) -> None:
        wait_s = self._rates.wait_s("*", self._gateway.clock.monotonic_s())
        if wait_s:
            self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
            raise WireError(f"too many messages; retry_after_s={wait_s:.1f}", code="RATE_LIMITED")

    async def _authenticate(self, message: Authenticate) -> None:
        gateway = self._gateway
        if message.ticket is not None:
            claims = await gateway.tickets.redeem(message.ticket)
            if claims is None:
                raise Forbidden("the ticket is not valid or was used: ask for another")
            user = await gateway.tokens.user_of_claims(claims, gateway.store.users)
        elif message.token is not None:
            user, claims = await gateway.tokens.user_of(message.token, gateway.store.users)
        else:
            raise WireError("give a token or a ticket", path="data")
        if not user.may(Right.ANALYSE):
            raise Forbidden("this role may not have frames analysed")
        if self._user is not None and user.id != self._user.id:
            raise Forbidden("a connection has one user: this token is another's")
        known, self._user, self._claims = self._user, user, claims
        if known is None:
            self.enter()
            gateway.hub.leave(self)
            gateway.hub.join(self)
        if not await gateway.is_current(user):  # changed before the hub knew whom to tell
            self.end(CloseCode.REVOKED, "the account was changed: sign in again")
        self._say("authenticated", {"expires_at": claims.expires_ms})

    # ── sending ──

    def _say(self, event: str, data: Mapping[str, Any]) -> None:
        self._connection.say(encode_event(event, data))

    def _refuse(self, problem: Forbidden) -> None:
        if not self._connection.is_closing:
            self._say("error", frame_error("AUTH_FAILED", str(problem)))
            self.end(CloseCode.BAD_TOKEN, str(problem))
