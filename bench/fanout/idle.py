"""What a connection costs that nothing is sent to: the growth of the gateway's memory by thousands of them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.fanout.program import Program

__all__ = ["kib_a_connection"]

CLIENTS = 5000
WARM_UP = 500
"""Opened before, so that what the first clients of all cost is not counted."""
SETTLE_S = 1.0


async def kib_a_connection(home: Path, *, server_core: int, crowd_core: int) -> float:
    """KiB of resident memory for each of `CLIENTS` signed-in clients."""
    async with (
        Program([sys.executable, "-m", "bench.fanout.product", str(home), "--live"], core=server_core) as server,
        Program([sys.executable, "-m", "bench.fanout.crowd"], core=crowd_core) as crowd,
    ):
        await crowd.answer()
        began = await server.answer()
        how = {"port": began["port"], "path": "/ws/v1", "dialect": "native", "token": began["token"]}
        await crowd.ask(do="open", group="warm-up", clients=WARM_UP, how=how)
        await asyncio.sleep(SETTLE_S)
        before_kib = server.memory_kib
        await crowd.ask(do="open", group="all", clients=CLIENTS, how=how)
        await asyncio.sleep(SETTLE_S)
        return (server.memory_kib - before_kib) / CLIENTS
