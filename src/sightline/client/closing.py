"""What the end of a connection means: come back, come back later, or stay away."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping

from sightline.deliveries.session import CloseCode
from sightline.exceptions import SightlineError

__all__ = ["StopReason", "Stopped", "meaning_of", "retry_after_ms", "stop_reason_of"]

LONGEST_RETRY_AFTER_S = 3600.0
"""A server cannot send its clients away for longer, whatever it writes."""


class StopReason(enum.StrEnum):
    """Why a client makes no further attempt."""

    BAD_TOKEN = "bad_token"
    PROTOCOL_VIOLATION = "protocol_violation"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    REFUSED = "refused"
    GAVE_UP = "gave_up"


class Stopped(SightlineError):
    """The connection ended for good. `why` names the case, `code` is the close code where the server sent one."""

    def __init__(self, message: str, *, why: StopReason, code: int | None = None) -> None:
        super().__init__(message)
        self.why = why
        self.code = code


_STOPS: Mapping[int, StopReason] = {
    CloseCode.BAD_TOKEN: StopReason.BAD_TOKEN,
    CloseCode.PROTOCOL_VIOLATION: StopReason.PROTOCOL_VIOLATION,
    CloseCode.SUPERSEDED: StopReason.SUPERSEDED,
    CloseCode.REVOKED: StopReason.REVOKED,
}
_MEANINGS: Mapping[int, str] = {
    1000: "the connection was closed",
    1001: "the server is going away",
    1006: "the server cannot be reached",
    1009: "a message was too large",
    1011: "the server met an error",
    1012: "the server is restarting",
    CloseCode.SHUTTING_DOWN: "the server is shutting down",
    CloseCode.TOKEN_EXPIRED: "the sign-in expired",
    CloseCode.TOO_SLOW: "this connection was too slow",
    CloseCode.NO_HEARTBEAT: "no sign of life from the server",
    CloseCode.OVERLOADED: "the server is overloaded",
    CloseCode.BAD_TOKEN: "the sign-in was refused",
    CloseCode.PROTOCOL_VIOLATION: "the server refused a message as malformed",
    CloseCode.SUPERSEDED: "a newer connection of this device took over",
    CloseCode.REVOKED: "access was revoked",
}
_RETRY_AFTER = re.compile(r"retry_after_s[\"']?\s*[:=]?\s*(\d+(?:\.\d+)?)", re.ASCII)


def stop_reason_of(code: int) -> StopReason | None:
    """What a close code says: 4500–4999 stop the client, everything else (`None`) asks it to come back."""
    if not 4500 <= code <= 4999:
        return None
    return _STOPS.get(code, StopReason.REFUSED)


def retry_after_ms(reason: str) -> int | None:
    """The `retry_after_s` in a close's reason, in milliseconds; `None` where there is none."""
    found = _RETRY_AFTER.search(reason)
    return None if found is None else round(min(float(found[1]), LONGEST_RETRY_AFTER_S) * 1000)


def meaning_of(code: int) -> str:
    """A close code in plain words."""
    return _MEANINGS.get(code, f"the connection was closed (code {code})")
