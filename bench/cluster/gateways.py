"""Alerts accepted and delivered a second by 1, 2, 3 gateways on one PostgreSQL that syncs every commit."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.processes import cpu_seconds, descendants
from tests.cluster.site import ClusterSite, make_cluster
from tests.soak.child import Child
from tests.soak.producer import Producer

__all__ = ["GatewayRates", "measure_gateways"]

WINDOW = 128
"""Facts of a producer that are not accepted yet."""
AT_ONCE = 16
CONNECT_S = 120.0
SETTINGS = {"routed_types": "watchlist_match", "max_connections_per_user": 0, "log_level": "error"}


@dataclass(frozen=True, slots=True)
class GatewayRates:
    """A second; CPU times in ms an alert, of all gateways and of all processes of PostgreSQL."""

    gateways: int
    accepted: float
    gateway_ms_an_alert: float
    postgres_ms_an_alert: float
    clients: int
    accepted_while_delivering: float
    delivered: float
    gateway_us_a_delivery: float


async def measure_gateways(folder: Path, *, gateways: int, clients: int, seconds: float) -> GatewayRates:
    """Starts everything anew, measures with clients, then without them."""
    await asyncio.to_thread(folder.mkdir)
    here = await make_cluster(folder, cameras=0, gateways=gateways, settings=SETTINGS)
    try:
        for gateway in here.gateways:
            await asyncio.to_thread(gateway.start)
        ports = [int(gateway.url.rpartition(":")[2]) for gateway in here.gateways]
        async with contextlib.AsyncExitStack() as stack:
            producers = [
                await stack.enter_async_context(
                    Producer(port, here.engine_tokens[number], here.quiet_camera, name=f"engine-{number}")
                )
                for number, port in enumerate(ports)
            ]
            async with _herds(here, ports, clients) as herds:  # first: later each would begin with all that is open
                served = await _flood(here, producers, herds, seconds)
            for producer in producers:
                await producer.settled()
            alone = await _flood(here, producers, [], seconds)
    finally:
        for gateway in here.gateways:
            if gateway.is_running:
                gateway.kill9()
        here.redis.stop()
        here.postgres.remove()
    return GatewayRates(
        gateways=gateways,
        accepted=alone.accepted / alone.took_s,
        gateway_ms_an_alert=1e3 * alone.gateway_s / alone.accepted,
        postgres_ms_an_alert=1e3 * alone.postgres_s / alone.accepted,
        clients=clients,
        accepted_while_delivering=served.accepted / served.took_s,
        delivered=served.delivered / served.took_s,
        gateway_us_a_delivery=1e6 * served.gateway_s / max(1, served.delivered),
    )


@dataclass(slots=True)
class _Counted:
    took_s: float
    accepted: int
    delivered: int
    gateway_s: float
    postgres_s: float


async def _flood(
    here: ClusterSite, producers: Sequence[Producer], herds: Sequence[Child], seconds: float
) -> _Counted:
    """As many facts as are taken; what was counted meanwhile, but for the first second."""
    tasks = [asyncio.create_task(_keep_full(producer)) for producer in producers]
    try:
        await asyncio.sleep(1.0)
        before, began_s = await _count(here, producers, herds), time.monotonic()
        await asyncio.sleep(seconds)
        after, took_s = await _count(here, producers, herds), time.monotonic() - began_s
    finally:
        for task in tasks:
            task.cancel()
    accepted, delivered, gateway_s, postgres_s = (late - early for early, late in zip(before, after, strict=True))
    return _Counted(took_s, int(accepted), int(delivered), gateway_s, postgres_s)


async def _keep_full(producer: Producer) -> None:
    while True:
        await producer.report(AT_ONCE)
        await producer.settled_but(WINDOW)


async def _count(here: ClusterSite, producers: Sequence[Producer], herds: Sequence[Child]) -> tuple[float, ...]:
    shown = 0
    for herd in herds:
        shown += sum((await herd.ask("status"))["shown_by_each"])
    database = [here.postgres.pid, *descendants(here.postgres.pid)]
    return (
        sum(len(producer.accepted) for producer in producers),
        shown,
        sum(cpu_seconds(gateway.pid) for gateway in here.gateways),
        sum(cpu_seconds(pid) for pid in database),
    )


@contextlib.asynccontextmanager
async def _herds(here: ClusterSite, ports: Sequence[int], clients: int) -> AsyncIterator[list[Child]]:
    """The same number of clients at every gateway, all connected."""
    async with contextlib.AsyncExitStack() as stack:
        herds = []
        for number, port in enumerate(ports):
            share = clients // len(ports)
            members = [{"token": here.operator.token, "device": f"{number}-{one}"} for one in range(share)]
            config = {"port": port, "members": members, "histories": False}
            herd = await stack.enter_async_context(Child("tests.soak.herd", config))
            await herd.until("status", partial(_all_live, share), CONNECT_S)
            herds.append(herd)
        yield herds


def _all_live(share: int, now: dict[str, Any]) -> bool:
    return bool(now["live"] == share)
