"""Tickets: what a browser puts into the address of a WebSocket instead of its token.

An address ends up in places where no token belongs: a proxy's log, a history. A ticket that lies there is worth
nothing: it is good for `LIFE_S` seconds and for one connection.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict

from sightline.gateway.auth import Claims

__all__ = ["LIFE_S", "Tickets"]

LIFE_S = 30
MAX_TICKETS = 10_000
"""Over it the oldest goes: whoever held it asks for another."""


class Tickets:
    """The tickets that were given out and neither used nor outlived. Kept as hashes; `now_s` is monotonic."""

    def __init__(self) -> None:
        self._open: OrderedDict[bytes, tuple[float, Claims]] = OrderedDict()

    def issue(self, claims: Claims, now_s: float) -> str:
        """A ticket that stands for the token with these claims."""
        self._forget(now_s)
        ticket = "slt_" + secrets.token_urlsafe(24)
        self._open[_digest(ticket)] = (now_s + LIFE_S, claims)
        if len(self._open) > MAX_TICKETS:
            self._open.popitem(last=False)
        return ticket

    def redeem(self, ticket: str, now_s: float) -> Claims | None:
        """The claims it stands for, once; `None` when it was used, is too old or was never given out."""
        self._forget(now_s)
        _, claims = self._open.pop(_digest(ticket), (0.0, None))
        return claims

    def _forget(self, now_s: float) -> None:
        while self._open and next(iter(self._open.values()))[0] <= now_s:
            self._open.popitem(last=False)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()
