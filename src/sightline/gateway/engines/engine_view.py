"""Engines as administrators see them: which, where, since when, how loaded, what is wrong."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from sightline.events.engine_link import SUPERVISED
from sightline.gateway.auth import is_camera_token
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_roster import is_supervised
from sightline.gateway.gateway import Gateway

__all__ = ["EngineModelOut", "EngineOut", "engines_out", "measure_engines", "recorders_away"]

NEEDED = ("face-detector", "face-embedder")
"""Without a model of these tasks an engine recognises nobody."""


class EngineModelOut(BaseModel):
    """One task's model as an engine has it."""

    task: str
    name: str
    loaded: bool
    device: str
    reason: str


class EngineOut(BaseModel):
    """An engine that is connected, that this server keeps, or that has a token."""

    engine_id: str
    state: Literal["connected", "starting", "down", "away"]
    is_local: bool = Field(description="Whether this server starts it itself.")
    reason: str = ""
    since: int | None = Field(default=None, description="Connected since, milliseconds since the epoch.")
    host: str = Field(default="", description="Name of its machine, as it says.")
    address: str = Field(default="", description="Where its connection comes from.")
    version: str = ""
    cameras: int = 0
    camera_ids: list[str] = []
    capacity: int = Field(default=0, description="In cameras.")
    load: float | None = Field(default=None, description="Share of its workers that are busy, 0 to 1.")
    clock_offset_ms: int | None = Field(default=None, description="To be added to its clock to have this server's.")
    spool_facts: int = 0
    models: list[EngineModelOut] = []
    missing_models: list[str] = Field(default=[], description="Tasks without whose model it recognises nobody.")
    warnings: list[str] = []


async def engines_out(gateway: Gateway) -> list[EngineOut]:
    """Those of this server first, then by name."""
    processes = gateway.pool.reports() if gateway.pool is not None else {}
    tokens = await gateway.store.machine_tokens.list()
    elsewhere = [token.name for token in tokens if not is_supervised(token.name) and not is_camera_token(token.name)]
    foreign = gateway.foreign_engines.names()
    linked = {engine.id: engine for engine in gateway.engines.links}
    found: list[EngineOut] = []
    for name in dict.fromkeys([*processes, *sorted({*linked, *elsewhere})]):
        engine, process = linked.get(name), processes.get(name)
        if engine is not None:
            found.append(_connected(engine))
        elif process is not None:
            starting = process["state"] == "starting"
            found.append(
                EngineOut(
                    engine_id=name, state="starting" if starting else "down", is_local=True, reason=process["reason"]
                )
            )
        elif name not in foreign:  # an engine of another make is a client, and shown among those
            found.append(EngineOut(engine_id=name, state="away", is_local=False, reason="it is not connected"))
    return found


async def recorders_away(gateway: Gateway) -> list[str]:
    """Engines that may have recordings and cannot be asked for them here: they are not connected, or only to another
    gateway. One that only looks at stills has none."""
    known = [one for one in await engines_out(gateway) if not one.is_local or one.engine_id == SUPERVISED]
    away = [one.engine_id for one in known if one.state != "connected"]
    for peer in gateway.engines.peers():
        theirs = [engine.id for engine in peer.engines if engine.capacity > 0]
        away += [f"{name}@{peer.name}" if is_supervised(name) else name for name in theirs]
    nobody = not known and not away
    return [SUPERVISED] if nobody else list(dict.fromkeys(away))


def _connected(engine: EngineLink) -> EngineOut:
    status, hello = engine.status, engine.hello
    loaded = {model.task for model in engine.models if model.loaded}
    return EngineOut(
        engine_id=engine.id,
        state="connected",
        is_local=is_supervised(engine.id),
        since=engine.connected_at_ms,
        host=hello.host,
        address=engine.address,
        version=hello.version,
        cameras=len(engine.cameras),
        camera_ids=sorted(engine.cameras),
        capacity=hello.capacity,
        load=status.load if status else None,
        clock_offset_ms=engine.clock_offset_ms,
        spool_facts=status.spool_facts if status else 0,
        models=[
            EngineModelOut(
                task=model.task, name=model.name, loaded=model.loaded, device=model.device, reason=model.reason
            )
            for model in engine.models
        ],
        missing_models=[task for task in NEEDED if task not in loaded],
        warnings=status.warnings if status else [],
    )


def measure_engines(gateway: Gateway) -> None:
    """Brings the metrics of each engine up to date."""
    gateway.metrics.forget_engines()
    for engine in gateway.engines.links:
        status = engine.status
        memory = status.memory if status is not None else None
        offset_ms = engine.clock_offset_ms
        gateway.metrics.engine_figures(
            engine.id,
            {
                "cameras": len(engine.cameras),
                "capacity": engine.hello.capacity,
                "clock_offset_seconds": offset_ms / 1000 if offset_ms is not None else None,
                "load": status.load if status is not None else None,
                "spool_facts": status.spool_facts if status is not None else None,
                "resident_bytes": status.resident_bytes if status is not None else None,
                "device_used_bytes": memory.used_bytes if memory is not None else None,
                "device_total_bytes": memory.total_bytes if memory is not None else None,
            },
        )
