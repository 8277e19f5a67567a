"""Who opens a WebSocket: a ticket or a token that came with the connection itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sightline.accounts import User
from sightline.exceptions import Forbidden
from sightline.gateway.auth import Claims
from sightline.gateway.gateway import Gateway

__all__ = ["Opening", "caller_of", "claims_of_ticket"]


class Opening(Protocol):
    """The request with which a connection began."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def query_params(self) -> Mapping[str, str]: ...


async def claims_of_ticket(gateway: Gateway, opening: Opening) -> Claims | None:
    """What the ticket in the address stands for, once; `None` without one. Raises `Forbidden` for one that is not good
    (any more)."""
    ticket = opening.query_params.get("ticket")
    if ticket is None:
        return None
    claims = await gateway.tickets.redeem(ticket)
    if claims is None:
        raise Forbidden("the ticket is not valid or was used: ask for another")
    return claims


async def caller_of(gateway: Gateway, opening: Opening, *, query_token: bool = False) -> tuple[User, Claims] | None:
    """The user by ticket, by header, or (`query_token`) by `?token=`; `None` when nothing was shown.

    Raises `Forbidden` for what is not good, also when something else that is good was shown beside it.
    """
    claims = await claims_of_ticket(gateway, opening)
    if claims is not None:
        return await gateway.tokens.user_of_claims(claims, gateway.store.users), claims
    token = (opening.query_params.get("token") if query_token else None) or gateway.bearer(opening.headers)
    if not token:
        return None
    return await gateway.tokens.user_of(token, gateway.store.users)
