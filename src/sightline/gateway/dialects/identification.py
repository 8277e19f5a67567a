"""Who a client of the native protocol is: by ticket, by token in its first message, or by token in a header.

People show an access token, engines of another make their machine token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.accounts import Right, Role, User
from sightline.deliveries.session import ENGINE, CloseCode
from sightline.events.wire import Identify
from sightline.exceptions import Forbidden
from sightline.gateway.auth import Claims, hash_machine_token, is_camera_token
from sightline.gateway.dialects.admission import ConnectionLimit
from sightline.gateway.dialects.callers import Opening, claims_of_ticket
from sightline.gateway.gateway import Gateway

__all__ = ["PEOPLE_TYPES", "Identity", "Refusal", "Visitor"]

PEOPLE_TYPES = ("frontend", "desktop_app", "mobile_app")
"""The client types with which people sign in."""

NEVER_MS = 2**53
"""Machine tokens do not expire: they are replaced."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is, and until when the token says so."""

    user: User
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the connection ends."""

    code: str
    message: str
    close: CloseCode


class Visitor:
    """A connection that has not said who it is. A ticket in its address is used up when it begins; whether that was
    good is said when the client identifies."""

    def __init__(self, gateway: Gateway, opening: Opening, client_id: str) -> None:
        self._gateway = gateway
        self._client_id = client_id
        self._opening = opening
        self._headers: Mapping[str, str] = opening.headers
        self._ticket: Claims | Forbidden | None = None

    async def begin(self) -> None:
        """Uses up the ticket in the address, if there is one. Raises what the store raises."""
        try:
            self._ticket = await claims_of_ticket(self._gateway, self._opening)
        except Forbidden as problem:
            self._ticket = problem

    async def identify(self, said: Identify) -> Identity | Refusal:
        """Who this is, if they may connect like this; the connection is counted as theirs then."""
        gateway = self._gateway
        if said.client_type == ENGINE:
            return await self._engine(said)
        token = said.auth_token or (gateway.bearer(self._headers) if self._ticket is None else None)
        try:
            if token is not None:
                user, claims = await gateway.tokens.user_of(token, gateway.store.users)
            elif isinstance(self._ticket, Claims):
                claims = self._ticket
                user = await gateway.tokens.user_of_claims(claims, gateway.store.users)
            else:
                raise self._ticket or Forbidden("no token: send `auth_token`, or an Authorization header")
        except Forbidden as problem:
            return Refusal("AUTH_FAILED", str(problem), CloseCode.BAD_TOKEN)
        if said.client_type not in PEOPLE_TYPES or user.role is Role.MACHINE:
            message = f"a {said.client_type} needs a machine token for its own endpoint"
            return Refusal("FORBIDDEN", message, CloseCode.REVOKED)
        try:
            gateway.admission.join(user.id, self._client_id, device=said.device or "")
        except ConnectionLimit as problem:
            return Refusal("CONNECTION_LIMIT", str(problem), CloseCode.OVERLOADED)
        return Identity(user, claims.expires_ms)

    async def shown(self) -> tuple[User, int] | None:
        """Whose ticket or header the connection began with, and until when it is good (ms since the epoch); `None` when
        nothing was shown. Raises `Forbidden`."""
        tokens, users = self._gateway.tokens, self._gateway.store.users
        if isinstance(self._ticket, Claims):
            return await tokens.user_of_claims(self._ticket, users), self._ticket.expires_ms
        if self._ticket is not None:
            raise self._ticket
        token = self._gateway.bearer(self._headers)
        if token is None:
            return None
        user, claims = await tokens.user_of(token, users)
        return user, claims.expires_ms

    async def _engine(self, said: Identify) -> Identity | Refusal:
        """An engine of another make, by the name that its token is bound to."""
        token = said.auth_token or self._gateway.bearer(self._headers)
        name = await self._gateway.store.machine_tokens.name_of(hash_machine_token(token)) if token else None
        if name is None or is_camera_token(name):
            return Refusal("AUTH_FAILED", "an engine needs its machine token", CloseCode.BAD_TOKEN)
        machine = User(f"machine:{name}", name, Role.MACHINE, "", disabled=False, token_version=0, created_at_ms=0)
        if not machine.may(Right.RUN_ENGINE):
            return Refusal("FORBIDDEN", "this machine may not be an engine", CloseCode.REVOKED)
        return Identity(machine, NEVER_MS)
