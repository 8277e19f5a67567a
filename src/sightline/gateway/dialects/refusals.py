"""How a client of the native protocol is told that something was not done."""

from __future__ import annotations

from sightline.events.wire import encode_message, error
from sightline.gateway.delivery.outbox import Outbox

__all__ = ["refuse"]


def refuse(outbox: Outbox, code: str, message: str, path: str | None, id: str | None) -> None:
    """Says that, and why, something it asked for was not done."""
    outbox.put_control(encode_message("error", error(code, message, path=path, request_id=id), id=id))
