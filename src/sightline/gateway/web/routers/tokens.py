"""All machine tokens there are: of engines, workstations and cameras. Each is made and revoked where its owner is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.auth import camera_token_name, is_camera_token
from sightline.gateway.engines.engine_roster import is_supervised
from sightline.gateway.web.resources import Denial

__all__ = ["TokenOut", "router"]

router = APIRouter(prefix="/api/tokens", tags=["tokens"], responses={403: {"model": Denial}})
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_USERS))]


class TokenOut(BaseModel):
    """That there is a token; what it is was shown once."""

    name: str = Field(description="Of the engine, workstation or camera.")
    owner: Literal["engine", "workstation", "camera"]
    owner_id: str
    created_at: int | None = Field(description="Milliseconds since the epoch; `null` where it is not kept.")


@router.get("")
async def list_tokens(gateway: GatewayOf, caller: Admin) -> list[TokenOut]:
    """By kind and name."""
    cameras = {camera_token_name(camera.id): camera for camera in await gateway.store.cameras.list()}
    found: list[TokenOut] = []
    for token in await gateway.store.machine_tokens.list():
        camera = cameras.get(token.name)
        if camera is not None:
            found.append(
                TokenOut(name=camera.name, owner="camera", owner_id=camera.id, created_at=token.created_at_ms)
            )
        elif not is_supervised(token.name) and not is_camera_token(token.name):
            found.append(
                TokenOut(name=token.name, owner="engine", owner_id=token.name, created_at=token.created_at_ms)
            )
    found += [
        TokenOut(name=station.name, owner="workstation", owner_id=station.id, created_at=None)
        for station in await gateway.store.workstations.list()
        if station.has_token
    ]
    return sorted(found, key=lambda token: (token.owner, token.name.casefold()))
