"""Figures in the words of clients that predate this server: `/api/health` and `/api/stats`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from sightline.accounts import Right
from sightline.gateway.web.access import GatewayOf, anonymous_or
from sightline.gateway.gateway import Gateway

__all__ = ["Health", "HealthOfWebSockets", "Stats", "router"]

router = APIRouter(prefix="/api", tags=["system"])

FRAME_HISTOGRAMS = ("sightline_camera_frame_seconds", "sightline_pushed_frame_seconds")


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
    """Figures since the start; times in seconds. Connections and frames are those of all gateways, the time of a frame
    and the uptime of the one that answers."""

    active_connections: int
    total_frames_processed: int
    average_processing_time: float = Field(description="Of a frame in an engine, over all frames since the start.")
    uptime: int


@router.get("/health")
async def health(gateway: GatewayOf) -> Health:
    """Public: the server answers, and how many it serves."""
    return Health(
        websocket=HealthOfWebSockets(
            connected_clients=_connections(gateway),
            messages_processed=gateway.metrics.heard + sum(peer.messages for peer in gateway.cluster.peers),
            ai_engine_connected=bool(
                gateway.engines.links
                or gateway.foreign_engines.connected
                or any(peer.engines for peer in gateway.cluster.peers)
            ),
            uptime=_uptime_ms(gateway),
        ),
        version=gateway.version,
    )


@router.get("/stats")
async def stats(gateway: GatewayOf, allowed: Annotated[None, Depends(anonymous_or(Right.SEE_SYSTEM))]) -> Stats:
    """Connections, frames and how long a frame takes, of cameras and of clients that push."""
    timed = sum(_sample(gateway, f"{histogram}_count") for histogram in FRAME_HISTOGRAMS)
    spent_s = sum(_sample(gateway, f"{histogram}_sum") for histogram in FRAME_HISTOGRAMS)
    return Stats(
        active_connections=_connections(gateway),
        total_frames_processed=gateway.metrics.frames + sum(peer.frames for peer in gateway.cluster.peers),
        average_processing_time=round(spent_s / timed, 6) if timed else 0.0,
        uptime=_uptime_ms(gateway) // 1000,
    )


def _connections(gateway: Gateway) -> int:
    return len(list(gateway.hub.clients)) + sum(len(peer.clients) for peer in gateway.cluster.peers)


def _sample(gateway: Gateway, name: str) -> float:
    return gateway.metrics.registry.get_sample_value(name) or 0.0


def _uptime_ms(gateway: Gateway) -> int:
    return max(0, gateway.clock.now_ms() - gateway.started_at_ms)
