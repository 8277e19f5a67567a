"""How the system is: health, models, figures, connections."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from starlette.requests import Request

from sightline.accounts import Right
from sightline.events.engine_link import ModelReport
from sightline.exceptions import Forbidden
from sightline.gateway.web.access import Caller, GatewayOf, anonymous_or, caller_with
from sightline.gateway.engines.engine_view import measure_engines
from sightline.gateway.gateway import Gateway
from sightline.gateway.hub import Client
from sightline.gateway.cluster.merged_metrics import merged
from sightline.gateway.cluster.peers import PeerClient
from sightline.gateway.cluster.siblings import HANDED
from sightline.gateway.workstations.pipeline_view import pipelines_out
from sightline.gateway.web.proxies import is_within

__all__ = ["engine_models", "model_out", "router"]

router = APIRouter(tags=["system"])
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_SYSTEM))]
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_USERS))]

LOOPBACK = ("127.0.0.0/8", "::1/128")
TASK_NAMES = {
    "face-detector": "face_model",
    "face-embedder": "embedding_model",
    "object-detector": "body_model",
    "liveness": "liveness_model",
}


@router.get("/health")
async def health(gateway: GatewayOf) -> dict[str, str]:
    """Public: the server answers."""
    return {"status": "healthy", "timestamp": _iso(gateway.clock.now_ms())}


@router.get("/api/openapi.json", include_in_schema=False)
def description(request: Request) -> dict[str, Any]:
    """Public: what these routes take and give, as OpenAPI. Made when first asked for, in a thread: it takes long."""
    described: dict[str, Any] = request.app.openapi()
    return described


@router.get("/ca.crt", response_class=Response)
async def authority(gateway: GatewayOf) -> Response:
    """Public: the authority under which this server made its certificate, for devices that are to trust it."""
    file = gateway.settings.home / "keys" / "tls" / "authority.pem"
    if gateway.settings.tls != "self-signed":
        raise HTTPException(404, "this server made no certificate of its own")
    return Response(await asyncio.to_thread(file.read_bytes), media_type="application/x-x509-ca-cert")


@router.get("/api/models/info")
async def models(
    gateway: GatewayOf, allowed: Annotated[None, Depends(anonymous_or(Right.SEE_SYSTEM))]
) -> dict[str, dict[str, Any]]:
    """Each task's model: loaded or why not, file, the device it runs on."""
    return {TASK_NAMES.get(model.task, model.task): model_out(model) for model in engine_models(gateway)}


@router.get("/api/system")
async def system(gateway: GatewayOf, caller: Seer) -> dict[str, Any]:
    """Everything that the system page shows."""
    bounds = await gateway.store.log.bounds()
    disk = await asyncio.to_thread(shutil.disk_usage, gateway.settings.home)
    clients = _clients(gateway)
    return {
        "version": gateway.version,
        "started_at": gateway.started_at_ms,
        "engine": _engine(gateway),
        "pipelines": pipelines_out(gateway),
        "search": dict(gateway.searcher.report()),
        "event_loop": gateway.loop_lag.figures(),
        "log": {"epoch": bounds.epoch, "top": bounds.top, "floor": bounds.floor},
        "connections": len(clients),
        "gateways": [gateway.cluster.name, *(peer.name for peer in gateway.cluster.peers)],
        "clients": Counter(client.client_type for client in clients),
        "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
        "models": [model_out(model) | {"task": model.task} for model in engine_models(gateway)],
    }


@router.get("/api/audit")
async def audit(
    gateway: GatewayOf,
    caller: Admin,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=0)] = None,
) -> list[dict[str, Any]]:
    """Who viewed, enrolled, changed or erased what, newest first."""
    return [
        {
            "at": entry.at_ms,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
        }
        for entry in await gateway.store.audit.list(limit=limit, before_ms=before)
    ]


@router.get("/ws/connections")
async def connections(gateway: GatewayOf, caller: Admin) -> dict[str, Any]:
    """Every connection of every dialect."""
    clients = _clients(gateway)
    return {"total_connections": len(clients), "connections": [_connection(gateway, client) for client in clients]}


@router.get("/ws/connections/{user_id}")
async def connections_of(gateway: GatewayOf, caller: Admin, user_id: str) -> dict[str, Any]:
    """The newest connection of one user; `connected` is false when there is none."""
    clients = [client for client in _clients(gateway) if client.user_id == user_id]
    if not clients:
        await gateway.store.users.get(user_id)
        return {"user_id": user_id, "connected": False}
    return _connection(gateway, max(clients, key=lambda client: client.connected_at_ms))


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, gateway: GatewayOf) -> Response:
    """Prometheus metrics, for administrators, for this machine itself and for those of `metrics_from`. Of several
    gateways behind this address those of each, with its number as the label `gateway`."""
    near = request.client is not None and is_within(
        request.client.host, (*LOOPBACK, *gateway.settings.metrics_from)
    )
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if not near or forwarded:
        token = gateway.bearer(request.headers)
        if token is None:
            raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
        try:
            user, _ = await gateway.tokens.user_of(token, gateway.store.users)
        except Forbidden as problem:
            raise HTTPException(401, str(problem), {"WWW-Authenticate": "Bearer"}) from None
        if not user.may(Right.SEE_SYSTEM):
            raise HTTPException(403, "this role may not see metrics")
    gateway.metrics.clients.set(len(list(gateway.hub.clients)))
    measure_engines(gateway)
    gateway.metrics.log_top.set(gateway.hub.top)
    gateway.metrics.oldest_undelivered_seconds.set(await _oldest_undelivered_s(gateway))
    exposition = gateway.metrics.exposition()
    siblings = gateway.siblings
    if siblings is not None and HANDED not in request.scope:
        exposition = merged(dict(sorted({**await siblings.metrics(), siblings.number: exposition}.items())))
    return Response(exposition, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _oldest_undelivered_s(gateway: Gateway) -> float:
    waiting = [after for client in gateway.hub.clients if (after := client.undelivered_after()) is not None]
    entries = await gateway.store.log.page(min(waiting), 1) if waiting else []
    return max(0, gateway.clock.now_ms() - entries[0].at_ms) / 1000 if entries else 0.0


def _engine(gateway: Gateway) -> dict[str, Any]:
    process: Mapping[str, Any] = gateway.pool.report() if gateway.pool else {}
    link = gateway.engines.first
    status = link.status if link else None
    return {
        "state": "connected" if link else process.get("state", "down"),
        "since": link.connected_at_ms if link else process.get("since", gateway.started_at_ms),
        "restarts": process.get("restarts", 0),
        "reason": "" if link else process.get("reason") or gateway.engines.why_none,
        "load": status.load if status else None,
        "cameras": status.cameras if status else 0,
        "spool_facts": status.spool_facts if status else 0,
        "spool_bytes": status.spool_bytes if status else 0,
        "dropped": status.dropped if status else {},
        "warnings": status.warnings if status else [],
        "stage_ms": status.stage_ms if status else {},
    }


def engine_models(gateway: Gateway) -> list[ModelReport]:
    """The models of an engine as it has them now; without an engine, why there is none."""
    link = gateway.engines.first
    if link is not None:
        return link.models
    return [ModelReport(task=task, reason=gateway.engines.why_none) for task in TASK_NAMES]


def model_out(model: ModelReport) -> dict[str, Any]:
    """A model as it is shown."""
    return {
        "name": model.name,
        "loaded": model.loaded,
        "path": model.path,
        "device": model.device,
        "reason": model.reason,
    }


def _clients(gateway: Gateway) -> list[Client | PeerClient]:
    """Those of all gateways; what is known of others' is up to ten seconds old."""
    return [*gateway.hub.clients, *(client for peer in gateway.cluster.peers for client in peer.clients)]


def _connection(gateway: Gateway, client: Client | PeerClient) -> dict[str, Any]:
    now_ms = gateway.clock.now_ms()
    return {
        "user_id": client.user_id,
        "user_name": client.user_name,
        "client_type": client.client_type,
        "dialect": client.dialect,
        "connected": True,
        "uptime_seconds": max(0, now_ms - client.connected_at_ms) // 1000,
        "last_heartbeat": _iso(client.last_heard_ms),
        "seconds_since_heartbeat": max(0, now_ms - client.last_heard_ms) // 1000,
    }


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
