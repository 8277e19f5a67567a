"""Signing in, staying signed in, renewing a token, one's own account.

Who signs in with `remember` gets a cookie that no script can read, that only this router is sent, and that is good for
nothing but renewing. A phone that slept longer than its access token lives need not ask for the password again.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from sightline.accounts import User
from sightline.exceptions import Forbidden
from sightline.gateway.web.access import Caller, CallerOf, GatewayOf, caller_of_bearer
from sightline.gateway.web.account_resources import PasswordChange, SignedIn, WhoAmI
from sightline.gateway.web.resources import Denial

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["sign-in"], responses={401: {"model": Denial}})

COOKIE = "sightline_renewal"
COOKIE_PATH = "/api/token"


async def _renewing(request: Request, gateway: GatewayOf) -> Caller:
    """By the access token, or without one by the cookie: never by a cookie where a token says who it is."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None or gateway.bearer(request.headers) is not None:
        return await caller_of_bearer(request, gateway)
    try:
        return Caller(*await gateway.tokens.user_of_renewal(cookie, gateway.store.users))
    except Forbidden as problem:
        raise HTTPException(401, str(problem), {"WWW-Authenticate": "Bearer"}) from None


Renewing = Annotated[Caller, Depends(_renewing)]


@router.post("/token", responses={429: {"model": Denial}})
async def sign_in(
    request: Request,
    response: Response,
    gateway: GatewayOf,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    remember: Annotated[bool, Form()] = False,
) -> SignedIn:
    """Name and password for an access token (OAuth 2 password form). With `remember` this browser also gets a cookie
    that renews it until the session ends."""
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
    if remember:
        _remember(request, response, gateway, user)
    return _signed_in(gateway, user)


@router.delete("/token", status_code=204)
async def sign_out(response: Response) -> None:
    """This browser forgets who was signed in."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="strict")


@router.post("/token/refresh")
async def refresh(gateway: GatewayOf, caller: Renewing) -> SignedIn:
    """A new token for a good one, or for the cookie of a browser that stays signed in, until the sign-in is too old."""
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
    gateway.changes.user(caller.user.id)
    await gateway.store.audit.record(
        actor=caller.user.name, action="password_changed", subject=caller.user.id, now_ms=gateway.clock.now_ms()
    )


def _signed_in(gateway: GatewayOf, user: User, *, signed_in_ms: int | None = None) -> SignedIn:
    token, claims = gateway.tokens.issue(user, signed_in_ms=signed_in_ms)
    expires_in = max(0, claims.expires_ms - gateway.clock.now_ms()) // 1000
    return SignedIn(access_token=token, expires_in=expires_in, user=WhoAmI.of(user))


def _remember(request: Request, response: Response, gateway: GatewayOf, user: User) -> None:
    token, claims = gateway.tokens.issue_renewal(user)
    # Behind a proxy that ends TLS, only the page's own origin says that it was loaded over it.
    over_tls = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")
    response.set_cookie(
        COOKIE,
        token,
        max_age=max(0, claims.expires_ms - gateway.clock.now_ms()) // 1000,
        path=COOKIE_PATH,
        secure=over_tls,
        httponly=True,
        samesite="strict",
    )
