"""Accounts, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.account_resources import NewUser, PasswordChange, UserChange, UserOut
from sightline.gateway.web.resources import Denial

__all__ = ["router"]

router = APIRouter(prefix="/api/users", tags=["users"], responses={403: {"model": Denial}})
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_USERS))]


@router.get("")
async def list_users(gateway: GatewayOf, caller: Admin) -> list[UserOut]:
    """All accounts."""
    return [UserOut.of(user) for user in await gateway.store.users.list()]


@router.post("", status_code=201)
async def create_user(gateway: GatewayOf, caller: Admin, new: NewUser) -> UserOut:
    """A new account; 409 when the name is taken."""
    user = await gateway.store.users.create(
        name=new.name,
        role=new.role,
        password_hash=await gateway.passwords.hash(new.password),
        now_ms=gateway.clock.now_ms(),
    )
    await _audit(gateway, caller, "user_created", user.id, f"{user.name}, {user.role.value}")
    return UserOut.of(user)


@router.patch("/{user_id}")
async def change_user(gateway: GatewayOf, caller: Admin, user_id: str, change: UserChange) -> UserOut:
    """Another role, or disabled or enabled again. Open sessions of the account end."""
    before = await gateway.store.users.get(user_id)
    user = await gateway.store.users.update(user_id, role=change.role, disabled=change.disabled)
    if user.token_version != before.token_version:
        gateway.changes.user(user_id)
    await _audit(gateway, caller, "user_changed", user_id, f"{user.role.value}, disabled={user.disabled}")
    return UserOut.of(user)


@router.put("/{user_id}/password", status_code=204)
async def set_password(gateway: GatewayOf, caller: Admin, user_id: str, change: PasswordChange) -> None:
    """A new password for somebody; their open sessions end."""
    await gateway.store.users.set_password(user_id, await gateway.passwords.hash(change.password))
    gateway.changes.user(user_id)
    await _audit(gateway, caller, "password_set", user_id)


@router.delete("/{user_id}", status_code=204)
async def delete_user(gateway: GatewayOf, caller: Admin, user_id: str) -> None:
    """Removes an account; not one's own, and not the last administrator's."""
    if user_id == caller.user.id:
        raise HTTPException(409, "nobody can delete their own account")
    await gateway.store.users.delete(user_id)
    gateway.changes.user(user_id)
    await _audit(gateway, caller, "user_deleted", user_id)


@router.post("/{user_id}/token")
async def token_for(gateway: GatewayOf, caller: Admin, user_id: str) -> dict[str, str | int]:
    """A token for a user, for the owner of this installation only (`sightline token`)."""
    if not caller.is_local:
        raise HTTPException(403, "only the command line on the server itself makes tokens for others")
    token, claims = gateway.tokens.issue(await gateway.store.users.get(user_id))
    await _audit(gateway, caller, "token_made", user_id)
    return {"access_token": token, "expires_at": claims.expires_ms}


async def _audit(gateway: GatewayOf, caller: Caller, action: str, subject: str, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=subject, detail=detail, now_ms=gateway.clock.now_ms()
    )
