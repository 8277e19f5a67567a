"""Signing in, renewing a token, one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import OAuth2PasswordRequestForm

from sightline.accounts import User
from sightline.exceptions import Forbidden
from sightline.gateway.access import CallerOf, GatewayOf
from sightline.gateway.resources import Denial, PasswordChange, SignedIn, WhoAmI

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["sign-in"], responses={401: {"model": Denial}})


@router.post("/token", responses={429: {"model": Denial}})
async def sign_in(
    request: Request, gateway: GatewayOf, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> SignedIn:
    """Name and password for an access token (OAuth 2 password form)."""
    now_s = gateway.clock.monotonic_s()
    address = request.client.host if request.client else ""
    keys = (f"name:{form.username.lower()[:64]}", f"address:{address}")
    wait_s = max(gateway.throttle.wait_s(key, now_s) for key in keys)
    if wait_s:
        raise HTTPException(
            429, f"too many failed sign-ins: wait {wait_s} s and try again", {"Retry-After": str(wait_s)}
        )
    for key in keys:
        gateway.throttle.begin(key, now_s)
    user = await gateway.store.users.by_name(form.username)
    if not await gateway.passwords.matches(user, form.password):
        await gateway.store.audit.record(
            actor=form.username[:64], action="sign_in_refused", subject=address, now_ms=gateway.clock.now_ms()
        )
        raise HTTPException(401, "the name or the password is wrong", {"WWW-Authenticate": "Bearer"})
    assert user is not None
    for key in keys:
        gateway.throttle.succeeded(key)
    await gateway.store.audit.record(
        actor=user.name, action="signed_in", subject=address, now_ms=gateway.clock.now_ms()
    )
    return _signed_in(gateway, user)


@router.post("/token/refresh")
async def refresh(gateway: GatewayOf, caller: CallerOf) -> SignedIn:
    """A new token for a good one, until the sign-in is too old."""
    if caller.claims is None:
        raise HTTPException(400, "the local command line needs no token")
    try:
        return _signed_in(gateway, caller.user, signed_in_ms=caller.claims.signed_in_ms)
    except Forbidden as problem:
        raise HTTPException(401, str(problem), {"WWW-Authenticate": "Bearer"}) from None


@router.get("/me")
async def me(caller: CallerOf) -> WhoAmI:
    """Who is asking."""
    return WhoAmI.of(caller.user)


@router.put("/me/password", status_code=204)
async def change_own_password(gateway: GatewayOf, caller: CallerOf, change: PasswordChange) -> None:
    """A new password for oneself; every other sign-in of this account ends."""
    if caller.claims is None or not await gateway.passwords.matches(caller.user, change.current or ""):
        raise HTTPException(403, "the current password is wrong")
    await gateway.store.users.set_password(caller.user.id, await gateway.passwords.hash(change.password))
    gateway.user_changed(caller.user.id)
    await gateway.store.audit.record(
        actor=caller.user.name, action="password_changed", subject=caller.user.id, now_ms=gateway.clock.now_ms()
    )


def _signed_in(gateway: GatewayOf, user: User, *, signed_in_ms: int | None = None) -> SignedIn:
    token, claims = gateway.tokens.issue(user, signed_in_ms=signed_in_ms)
    expires_in = max(0, claims.expires_ms - gateway.clock.now_ms()) // 1000
    return SignedIn(access_token=token, expires_in=expires_in, user=WhoAmI.of(user))
