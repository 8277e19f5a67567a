"""How soon after its acceptance an alert is with a thousand clients, each alert on disk before anybody hears of it.

Facts come over an engine's link, one at a time; the delay is what the client's clock shows beyond `created_at`, when
the gateway began to accept the fact: waiting for the disk is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.fanout.program import Program
from bench.figures import percentile
from sightline.events import engine_link as link
from sightline.events.fact import Fact, Unknown

__all__ = ["Promptness", "measure"]

CLIENTS = 1000
ALERTS_PER_S = 200
CAMERAS = 250
"""So many that none has so many alerts that they would be counted onto one another as a flood."""
WARM_UP_S = 2.0
MOST_DELAYS = 100_000


@dataclass(frozen=True, slots=True)
class Promptness:
    """Delays in ms, alerts a second as they were sent, what server and clients used of their cores, and whether all
    arrived."""

    p50_ms: float
    p99_ms: float
    alerts_per_s: float
    core_share: float
    clients_share: float
    complete: bool


async def measure(home: Path, *, seconds: float, server_core: int, crowd_core: int) -> Promptness:
    """Sends alerts for so long to `CLIENTS` clients."""
    command = [sys.executable, "-m", "bench.fanout.product", str(home), "--live"]
    async with (
        Program(command, core=server_core) as server,
        Program([sys.executable, "-m", "bench.fanout.crowd"], core=crowd_core) as crowd,
    ):
        await crowd.answer()
        began = await server.answer()
        cameras = (await server.ask(do="cameras", count=CAMERAS))["ids"]
        how = {"port": began["port"], "path": "/ws/v1", "dialect": "native", "token": began["token"]}
        await crowd.ask(do="open", group="all", clients=CLIENTS, how=how)
        async with _engine(began["port"], began["engine_token"]) as engine:
            await _raise(engine, cameras, first=0, seconds=WARM_UP_S)
            await crowd.ask(do="await", group="all", messages=round(WARM_UP_S * ALERTS_PER_S))
            await crowd.ask(do="delays", group="all", most=0)
            began_s, spent_s, clients_spent_s = time.monotonic(), server.cpu_s, crowd.cpu_s
            alerts = await _raise(engine, cameras, first=round(WARM_UP_S * ALERTS_PER_S), seconds=seconds)
            took_s = time.monotonic() - began_s
            core_share = (server.cpu_s - spent_s) / took_s
            clients_share = (crowd.cpu_s - clients_spent_s) / took_s
            with contextlib.suppress(RuntimeError):  # not all came in time, or a client was let go: `complete` says so
                await crowd.ask(do="await", group="all", messages=alerts)
        delays = await crowd.ask(do="delays", group="all", most=MOST_DELAYS)
    complete = delays["count"] == CLIENTS * (alerts + round(WARM_UP_S * ALERTS_PER_S))
    p50_ms, p99_ms = (percentile(delays["ms"], share) for share in (0.5, 0.99))
    return Promptness(p50_ms, p99_ms, alerts / took_s, core_share, clients_share, complete)


@contextlib.asynccontextmanager
async def _engine(port: int, token: str) -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(f"ws://127.0.0.1:{port}/ws/engine", additional_headers=headers, proxy=None) as socket:
        hello = link.Hello(
            engine_id="bench", version="1", capacity=0, devices=[], models=[], protocol=link.LINK_PROTOCOL
        )
        await socket.send(link.encode(hello))
        listening = asyncio.create_task(_listen(socket))
        yield socket
        await socket.close()
        await listening


async def _listen(socket: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass


async def _raise(engine: ClientConnection, cameras: Sequence[str], *, first: int, seconds: float) -> int:
    """Facts at an even pace, each of which raises an alert; how many."""
    began_s = time.monotonic()
    alerts = round(seconds * ALERTS_PER_S)
    for number in range(alerts):
        await asyncio.sleep(max(0.0, began_s + number / ALERTS_PER_S - time.monotonic()))
        await engine.send(link.encode(_fact(first + number, cameras[number % len(cameras)])))
    return alerts


def _fact(number: int, camera_id: str) -> Fact:
    now_ms = time.time_ns() // 1_000_000
    stranger = Unknown(
        track_id=f"track {number}", subject_id=f"stranger {number}", nearest_similarity=0.2, first_seen=now_ms,
        bbox=(100, 200, 300, 400), model_id="none", samples=[],
    )  # fmt: skip
    return Fact(
        key=f"fact {number}", camera_id=camera_id, timestamp=now_ms, width=1920, height=1080, what=stranger
    )
