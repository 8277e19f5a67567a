"""`process_frame` over Socket.IO: the same desk, answers and limits as `/ws`, beside a session that may be missing."""

from __future__ import annotations

from sightline.accounts import Right
from sightline.deliveries.pushed import decode_process_frame, frame_error
from sightline.exceptions import Forbidden, SightlineError, WireError
from sightline.gateway.dialects.admission import ConnectionLimit
from sightline.gateway.dialects.native import FOR_THE_SESSION_MS, NativeClient
from sightline.gateway.gateway import Gateway
from sightline.gateway.pushed.frames_socket import FrameConversation, limit_error

__all__ = ["PROCESS_FRAME", "SocketIoFrames"]

PROCESS_FRAME = "process_frame"
CHECKED_EVERY_S = 10.0
"""How long a client that did not identify is believed before its account is looked at again."""


class SocketIoFrames:
    """The frames of one connection."""

    def __init__(self, gateway: Gateway, client: NativeClient) -> None:
        self._gateway = gateway
        self._client = client
        self._conversation = FrameConversation(gateway, client.client_id, client.say)
        self._pushing = False
        self._checked_s = float("-inf")
        self._until_ms = 0

    async def hear(self, data: object) -> None:
        """The payload of a `process_frame`: answered by and by, or refused at once."""
        try:
            await self._check()
            self._conversation.hear(decode_process_frame(data))
        except Forbidden as problem:
            self._client.say("error", frame_error("AUTH_FAILED", str(problem)))
        except WireError as problem:
            self._client.say("error", frame_error(problem.code, str(problem)))
        except ConnectionLimit as problem:
            self._client.say("error", limit_error(self._gateway, problem))
            await self._gateway.frames.tell("connection_limit", str(problem))
        except SightlineError as problem:  # the store is full, overloaded or broken
            self._client.say("error", frame_error("PROCESSING_ERROR", "not now", str(problem)))

    def left(self) -> None:
        """The connection is closed."""
        self._conversation.left()
        self._gateway.frames.leave(self._client.client_id)

    async def _check(self) -> None:
        """Raises `Forbidden`, `ConnectionLimit`."""
        now_s = self._gateway.clock.monotonic_s()
        if now_s - self._checked_s >= CHECKED_EVERY_S or self._gateway.clock.now_ms() >= self._until_ms:
            self._until_ms = await self._right_until_ms()
            self._checked_s = now_s
        if not self._pushing:
            self._gateway.frames.enter(self._client.client_id)
            self._pushing = self._client.need_not_identify = True

    async def _right_until_ms(self) -> int:
        caller = await self._client.caller()
        if caller is None:
            if not self._gateway.settings.anonymous_dialects:
                raise Forbidden("who is this? connect with a token, or send `client_identify`")
            return FOR_THE_SESSION_MS
        user, until_ms = caller
        if not user.may(Right.ANALYSE):
            raise Forbidden("this role may not have frames analysed")
        return until_ms
