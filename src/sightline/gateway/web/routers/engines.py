"""Engines: how they are; tokens of those that are started by others, each bound to the name of one engine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from sightline.accounts import Right
from sightline.exceptions import Conflict
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.auth import hash_machine_token, new_machine_token
from sightline.gateway.engines.engine_view import EngineOut, engines_out
from sightline.gateway.engines.engine_roster import is_supervised
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial

__all__ = ["EngineToken", "router"]

router = APIRouter(prefix="/api/engines", tags=["engines"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_SYSTEM))]
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_USERS))]
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class EngineToken(BaseModel):
    """A new token; it is shown this once."""

    engine_id: str
    token: str = Field(description="Bearer token of this engine, and of no other.")


@router.get("")
async def list_engines(gateway: GatewayOf, caller: Seer) -> list[EngineOut]:
    """Those that are connected, that this server keeps, or that have a token."""
    return await engines_out(gateway)


@router.post("/{engine_id}/token", status_code=201, responses={409: {"model": Denial}})
async def issue_token(gateway: GatewayOf, caller: Admin, engine_id: Name) -> EngineToken:
    """A token for an engine; the one before it is void, and a connection that was made with it ends."""
    _check(engine_id)
    token = new_machine_token()
    await gateway.store.machine_tokens.create(
        name=engine_id, token_hash=hash_machine_token(token), now_ms=gateway.clock.now_ms()
    )
    await _changed(gateway, caller, engine_id, "engine_token_issued")
    return EngineToken(engine_id=engine_id, token=token)


@router.delete("/{engine_id}/token", status_code=204, responses={404: {"model": Denial}, 409: {"model": Denial}})
async def revoke_token(gateway: GatewayOf, caller: Admin, engine_id: Name) -> None:
    """The engine may not connect any more, and is disconnected."""
    _check(engine_id)
    await gateway.store.machine_tokens.delete(engine_id)
    await _changed(gateway, caller, engine_id, "engine_token_revoked")


def _check(engine_id: str) -> None:
    if is_supervised(engine_id):
        raise Conflict(f"{engine_id!r} is a name of engines that this server starts itself: choose another")


async def _changed(gateway: Gateway, caller: Caller, engine_id: str, action: str) -> None:
    await gateway.changes.engine_token(engine_id)
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=engine_id, now_ms=gateway.clock.now_ms()
    )
