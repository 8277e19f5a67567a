"""The pipelines as administrators see them: engines that verify workstations, and how many there is room for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.events.engine_link import DeviceMemory
from sightline.gateway.gateway import Gateway

__all__ = ["pipelines_out"]


def pipelines_out(gateway: Gateway) -> dict[str, Any]:
    """Capacity and use, and every engine that is connected or that this server keeps. `state` of an engine:
    `connected`, `starting`, `down`; `clients`: workstations given to it."""
    pool, capacity, engines = gateway.pool, gateway.capacity, gateway.engines
    processes = pool.reports() if pool is not None else {}
    names = [*processes, *(link.id for link in engines.links if link.id not in processes)]
    return {
        "max_pipelines": capacity.max_pipelines,
        "clients_per_pipeline": capacity.clients_per_pipeline,
        "capacity": capacity.clients,
        "connected": len(gateway.workstations.seats),
        "system_full": gateway.signals.system_full,
        "gpus_full": gateway.signals.gpus_full,
        "signals": "away" if gateway.signals.is_away else "redis" if gateway.settings.redis_url else "memory",
        "memory": _memory(pool.memory) if pool is not None else None,
        "engines": [_engine(gateway, name, processes.get(name, {})) for name in names],
    }


def _engine(gateway: Gateway, name: str, process: Mapping[str, Any]) -> dict[str, Any]:
    link = gateway.engines.find(name)
    status = link.status if link is not None else None
    return {
        "engine_id": name,
        "state": "connected" if link is not None else process.get("state", "down"),
        "reason": "" if link is not None else process.get("reason", ""),
        "restarts": process.get("restarts", 0),
        "pid": process.get("pid"),
        "clients": gateway.frames.desk.assignment.clients_of(name),
        "load": status.load if status is not None else None,
        "memory": _memory(status.memory) if status is not None else None,
        "resident_bytes": status.resident_bytes if status is not None else 0,
    }


def _memory(memory: DeviceMemory | None) -> dict[str, Any] | None:
    if memory is None:
        return None
    return {"name": memory.name, "used_bytes": memory.used_bytes, "total_bytes": memory.total_bytes}
