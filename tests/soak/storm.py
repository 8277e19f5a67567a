"""Everybody comes back at once: after a kill, in the moment in which the server listens again, which is the worst that
clients can do; and after an administrator's restart, as the server that stopped told them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.testing import ServerProcess
from tests.soak import site
from tests.soak.child import Child
from tests.soak.figures import busiest_second

__all__ = ["Return", "run_storm"]

COME_S = 300.0
BACK_S = 180.0
OVERLOADED = 4004


@dataclass(frozen=True, slots=True)
class Return:
    """How `clients` came back. `back_s` is from the listen to the last session, `busiest` the most in any second;
    `refused` attempts were told when to come, `appointments` different times were told in all."""

    clients: int
    back_s: float
    busiest: int
    refused: int
    appointments: int
    codes: tuple[int, ...]

    def figures(self, name: str) -> dict[str, Any]:
        """For the table and the JSON line."""
        return {
            f"{name}_all_back_s": round(self.back_s, 1),
            f"{name}_busiest_second_share": round(self.busiest / self.clients, 3),
            f"{name}_attempts_refused": self.refused,
            f"{name}_different_times_told": self.appointments,
        }


async def run_storm(home: Path, clients: int, *, per_s: int | None = None) -> tuple[Return, Return]:
    """After a kill, and after a restart in order. `per_s` other than the default of `new_connections_per_second`."""
    here = await site.make_site(home)
    unguarded = site.server_on(here, new_connections_per_second=0)
    await asyncio.to_thread(unguarded.start)
    port = int(unguarded.url.rpartition(":")[2])
    guard = {} if per_s is None else {"new_connections_per_second": per_s}
    server = site.server_on(here, port=port, **guard)
    token = here.operators[0].token
    members = [{"token": token, "device": f"storm-{number}"} for number in range(clients)]
    try:
        async with Child("tests.soak.herd", {"port": port, "members": members, "histories": False}) as herd:
            await herd.until("status", lambda now: now["live"] == clients, COME_S)
            await herd.ask("attempts")
            await herd.ask("hold")
            unguarded.kill9()
            after_kill = await _come_back(server, herd, clients)
            await asyncio.to_thread(server.stop)
            after_restart = await _come_back(server, herd, clients)
        return after_kill, after_restart
    finally:
        for one in (unguarded, server):
            if one.is_running:  # in order: its children would still be writing into a home that is being removed
                await asyncio.to_thread(one.stop)


async def _come_back(server: ServerProcess, herd: Child, clients: int) -> Return:
    await asyncio.to_thread(server.start)
    listening_s = time.time()
    await herd.ask("release")
    await herd.until("status", lambda now: now["live"] == clients, BACK_S)
    return _judge(await herd.ask("attempts"), listening_s)


def _judge(attempts: Sequence[Sequence[dict[str, Any]]], listening_s: float) -> Return:
    """`attempts` of each client, from the session that ended on."""
    resumed_s = [each[-1]["resumed_s"] for each in attempts]
    earlier = [one for each in attempts for one in each[:-1]]
    told = [one["told_to_wait_s"] for one in earlier if one["told_to_wait_s"] is not None]
    return Return(
        clients=len(attempts),
        back_s=max(resumed_s) - listening_s,
        busiest=busiest_second(resumed_s),
        refused=sum(one["code"] == OVERLOADED for one in earlier),
        appointments=len(set(told)),
        codes=tuple(sorted({one["code"] for one in earlier})),
    )
