"""HTTP/1.1 with an end to patience: a client that sends a request a byte at a time keeps a connection for itself.

uvicorn waits for a request's head and body for ever; only between two requests it does not. Here a head must be whole
after `HEAD_S`, and a body must go on within `BODY_S`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientProtocol"]

HEAD_S = 15.0
BODY_S = 30.0
CHECK_S = 1.0


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, which closes connections on which a request does not go on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since_s = self._heard_s = self.loop.time()
        self._seen: Any = None
        self._check_later()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self.loop.time()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._check.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._check.cancel()
        super().handle_websocket_upgrade(event)

    def _check_later(self) -> None:
        self._check = self.loop.call_later(CHECK_S, self._check_progress)

    def _check_progress(self) -> None:
        now_s = self.loop.time()
        state = (self.conn.their_state, self.cycle)
        if state != self._seen:
            self._seen, self._since_s = state, now_s
        head_is_late = self.conn.their_state is h11.IDLE and now_s - self._since_s >= HEAD_S
        reading = self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused
        body_is_late = reading and now_s - self._heard_s >= BODY_S
        if head_is_late or body_is_late:
            self.transport.abort()  # what it did not take of an answer it will not take now
        else:
            self._check_later()
