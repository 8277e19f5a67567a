"""Tickets for WebSockets."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from sightline.gateway.web.access import CallerOf, GatewayOf
from sightline.gateway.web.resources import Denial
from sightline.gateway.dialects.tickets import LIFE_S

__all__ = ["Ticket", "router"]

router = APIRouter(prefix="/api", tags=["sign-in"], responses={401: {"model": Denial}})


class Ticket(BaseModel):
    """What goes into the address of a WebSocket: `?ticket=…`."""

    ticket: str
    expires_in: int = Field(description="Seconds for which it is good; one connection uses it up.")


@router.post("/ws-ticket", responses={400: {"model": Denial}})
async def issue_ticket(gateway: GatewayOf, caller: CallerOf) -> Ticket:
    """A ticket for one WebSocket connection, so that no token need be in an address."""
    if caller.claims is None:
        raise HTTPException(400, "the local command line needs no ticket: it may send its token in a header")
    return Ticket(ticket=await gateway.tickets.issue(caller.claims), expires_in=LIFE_S)
