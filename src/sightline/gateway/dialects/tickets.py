"""Tickets: what a browser puts into the address of a WebSocket instead of its token.

An address ends up in places where no token belongs: a proxy's log, a history. A ticket that lies there is worth
nothing: it is good for `LIFE_S` seconds and for one connection.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections import OrderedDict

from sightline.clock import Clock
from sightline.gateway.auth import Claims
from sightline.gateway.cluster.cluster_ports import ClusterRows

__all__ = ["LIFE_S", "TicketDesk", "Tickets"]

LIFE_S = 30
MAX_TICKETS = 10_000
"""Over it the oldest goes: whoever held it asks for another."""


class TicketDesk:
    """Gives out and takes tickets, for this gateway alone or, where `cluster` is shared, for any."""

    def __init__(self, cluster: ClusterRows, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._here = Tickets()

    async def issue(self, claims: Claims) -> str:
        """A ticket that stands for the token with these claims. Raises what the store raises."""
        if not self._cluster.is_shared:
            return self._here.issue(claims, self._clock.monotonic_s())
        ticket = _new_ticket()
        await self._cluster.keep_ticket(
            _digest(ticket).hex(), dataclasses.asdict(claims), until_ms=self._clock.now_ms() + LIFE_S * 1000
        )
        return ticket

    async def redeem(self, ticket: str) -> Claims | None:
        """The claims it stands for, once; `None` when it was used, is too old or was never given out."""
        if not self._cluster.is_shared:
            return self._here.redeem(ticket, self._clock.monotonic_s())
        claims = await self._cluster.redeem_ticket(_digest(ticket).hex(), now_ms=self._clock.now_ms())
        return Claims(**claims) if claims is not None else None


class Tickets:
    """The tickets that were given out and neither used nor outlived. Kept as hashes; `now_s` is monotonic."""

    def __init__(self) -> None:
        self._open: OrderedDict[bytes, tuple[float, Claims]] = OrderedDict()

    def issue(self, claims: Claims, now_s: float) -> str:
        """A ticket that stands for the token with these claims."""
        self._forget(now_s)
        ticket = _new_ticket()
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


def _new_ticket() -> str:
    return "slt_" + secrets.token_urlsafe(24)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()
