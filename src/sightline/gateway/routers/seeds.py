"""Figures in the words of clients that predate this server: `/api/health` and `/api/stats`."""

from __future__ import annotations

from statistics import fmean
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from sightline.accounts import Right, require
from sightline.exceptions import Forbidden
from sightline.gateway.access import GatewayOf
from sightline.gateway.gateway import Gateway

__all__ = ["Health", "HealthOfWebSockets", "Stats", "router"]

router = APIRouter(prefix="/api", tags=["system"])


class HealthOfWebSockets(BaseModel):
    """Connections and messages since the start."""

    enhanced_server: Literal[True] = True
    connected_clients: int
    messages_processed: int
    ai_engine_connected: bool
    uptime: int = Field(description="Milliseconds.")


class Health(BaseModel):
    """That the server answers, and how its WebSockets are."""

    status: Literal["Server is running"] = "Server is running"
    websocket: HealthOfWebSockets
    version: str


class Stats(BaseModel):
    """Figures since the start; times in seconds."""

    active_connections: int
    total_frames_processed: int
    average_processing_time: float = Field(description="Of a frame, over the engines' medians of late.")
    uptime: int


async def _may_see(connection: HTTPConnection, gateway: GatewayOf) -> None:
    """Without a token only where the administrator has said so; with one that is not good, never."""
    token = gateway.bearer(connection.headers)
    if token is None and gateway.settings.anonymous_dialects:
        return
    if token is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    if gateway.is_owner(token):
        return
    try:
        user, _ = await gateway.tokens.user_of(token, gateway.store.users)
    except Forbidden as problem:
        raise HTTPException(401, str(problem), {"WWW-Authenticate": "Bearer"}) from None
    require(user, Right.SEE_SYSTEM)


@router.get("/health")
async def health(gateway: GatewayOf) -> Health:
    """Public: the server answers, and how many it serves."""
    return Health(
        websocket=HealthOfWebSockets(
            connected_clients=len(list(gateway.hub.clients)),
            messages_processed=_total(gateway, "sightline_messages_total"),
            ai_engine_connected=bool(gateway.engines.links or gateway.foreign_engines.connected),
            uptime=_uptime_ms(gateway),
        ),
        version=gateway.version,
    )


@router.get("/stats")
async def stats(gateway: GatewayOf, allowed: Annotated[None, Depends(_may_see)]) -> Stats:
    """Connections, frames and how long a frame takes."""
    spent_ms = [
        engine.status.stage_ms["total"]
        for engine in gateway.engines.links
        if engine.status is not None and "total" in engine.status.stage_ms
    ]
    return Stats(
        active_connections=len(list(gateway.hub.clients)),
        total_frames_processed=_total(gateway, "sightline_observations_total"),
        average_processing_time=round(fmean(spent_ms) / 1000, 6) if spent_ms else 0.0,
        uptime=_uptime_ms(gateway) // 1000,
    )


def _total(gateway: Gateway, counter: str) -> int:
    return int(gateway.metrics.registry.get_sample_value(counter) or 0)


def _uptime_ms(gateway: Gateway) -> int:
    return max(0, gateway.clock.now_ms() - gateway.started_at_ms)
