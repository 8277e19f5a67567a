"""Who is asking: dependencies that every REST route uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from sightline.accounts import Right, Role, User, require
from sightline.exceptions import Forbidden
from sightline.gateway.auth import Claims, hash_machine_token, is_camera_token
from sightline.gateway.gateway import Gateway

__all__ = [
    "Caller",
    "CallerOf",
    "GatewayOf",
    "anonymous_or",
    "caller_of_bearer",
    "caller_with",
    "gateway_of",
    "machine_name",
]

LOCAL_USER = User(
    id="local",
    name="local command line",
    role=Role.ADMIN,
    password_hash="",
    disabled=False,
    token_version=0,
    created_at_ms=0,
)
"""Whoever can read the home folder of this installation: its owner."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The user who asks; `claims` is absent for the local command line."""

    user: User
    claims: Claims | None

    @property
    def is_local(self) -> bool:
        """Whether this is the owner of the installation on its own machine."""
        return self.claims is None


def gateway_of(connection: HTTPConnection) -> Gateway:
    """The gateway that serves this connection."""
    gateway = connection.app.state.gateway
    assert isinstance(gateway, Gateway)
    return gateway


GatewayOf = Annotated[Gateway, Depends(gateway_of)]


async def caller_of_bearer(connection: HTTPConnection, gateway: GatewayOf) -> Caller:
    """Who the bearer token speaks for; 401 without a good one."""
    token = gateway.bearer(connection.headers)
    if token is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    if gateway.is_owner(token):
        return Caller(LOCAL_USER, None)
    try:
        user, claims = await gateway.tokens.user_of(token, gateway.store.users)
    except Forbidden as problem:
        raise HTTPException(401, str(problem), {"WWW-Authenticate": "Bearer"}) from None
    return Caller(user, claims)


CallerOf = Annotated[Caller, Depends(caller_of_bearer)]


def caller_with(right: Right) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, who must hold `right` (403 otherwise)."""

    async def checked(caller: CallerOf) -> Caller:
        require(caller.user, right)
        return caller

    return checked


def anonymous_or(right: Right) -> Callable[[HTTPConnection, Gateway], Awaitable[None]]:
    """A dependency for what clients of the older dialects ask: without a token only where the administrator has said so
    (401 otherwise); with one, it must be good and its user hold `right`."""

    async def checked(connection: HTTPConnection, gateway: GatewayOf) -> None:
        if gateway.bearer(connection.headers) is None and gateway.settings.anonymous_dialects:
            return
        require((await caller_of_bearer(connection, gateway)).user, right)

    return checked


async def machine_name(connection: HTTPConnection, gateway: Gateway) -> str | None:
    """The name of the engine whose machine token came with this connection; `None` without a good one."""
    token = gateway.bearer(connection.headers)
    if token is None:
        return None
    name = await gateway.store.machine_tokens.name_of(hash_machine_token(token))
    return None if name is None or is_camera_token(name) else gateway.own_name(name)
