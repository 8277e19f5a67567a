"""What a client's message has to pass before it means anything: size, rate, form."""

from __future__ import annotations

from collections.abc import Callable

from sightline.deliveries.rates import OTHERS
from sightline.events.wire import ClientMessage, Received, decode_client_message, received_offset
from sightline.exceptions import WireError
from sightline.gateway.gateway import Gateway

__all__ = ["MessageGate"]

MAX_REFUSED_IN_A_ROW = 1000


class MessageGate:
    """Checks one connection's messages. `on_flood` is called when many in a row came too soon."""

    def __init__(self, gateway: Gateway, on_flood: Callable[[], None]) -> None:
        self._gateway = gateway
        self._on_flood = on_flood
        self._rates = gateway.rates()
        self._refused_in_a_row = 0
        self._max_message = gateway.settings.max_message_kib * 1024

    def read(self, text: str | None) -> ClientMessage:
        """The message, if there may be another one of its type now. Raises `WireError`, fatal for what ends the
        session."""
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
        return message

    def received(self, payload: bytes) -> ClientMessage | None:
        """The message, if it is a `received` in the usual form; `None` when `read` has to say what it is. Raises
        `WireError` when there may be none now."""
        offset = received_offset(payload)
        if offset is None:
            return None
        self._check_rate("received", None)
        return ClientMessage("received", None, Received(offset))

    def _check_rate(self, type: str, id: str | None) -> None:
        wait_s = self._rates.wait_s(type, self._gateway.clock.monotonic_s())
        if not wait_s:
            self._refused_in_a_row = 0
            return
        self._refused_in_a_row += 1
        self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
        if self._refused_in_a_row >= MAX_REFUSED_IN_A_ROW:
            self._on_flood()
        raise WireError(
            f"too many messages of this type; retry_after_s={wait_s:.1f}",
            path="type", code="RATE_LIMITED", request_id=id,
        )  # fmt: skip
