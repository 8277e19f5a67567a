"""Who delivers most for a second of CPU: every server in turn, in several rounds, with all of them up all the time."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.fanout.program import Program

__all__ = ["KINDS", "OURS", "RAW", "SOCKETIO", "WS", "Contestant", "Kind", "Rates", "hold"]

PEERS = Path(__file__).parent / "peers"
OURS, RAW, WS, SOCKETIO = "sightline", "bare send() loop", "Node ws", "Node socket.io"
BLOCK_TICKS = 16
"""Sent without waiting for the clients: it fits their buffers, so that no server has to wait for them."""
BLOCKS_TIMED = 4
"""So many blocks between two readings of the CPU's clock, which ticks every 10 ms."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is sent: `messages` of one payload in each turn of the server's event loop."""

    name: str
    payload: str
    messages: int = 1


KINDS = (Kind("alerts", "alert"), Kind("detections", "detections"), Kind("alerts, 4 a turn", "alert", 4))


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server, and how clients reach it."""

    name: str
    command: tuple[str, ...]
    path: str = "/"
    dialect: str = "plain"
    folder: Path | None = None


Rates = Mapping[str, Mapping[str, float]]
"""Deliveries a second of the server's CPU, by kind and contestant: medians of the rounds."""


def _others() -> list[Contestant]:
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("there is no Node here: half of those it is compared with are written for it")
    socketio_path = "/socket.io/?EIO=4&transport=websocket"
    return [
        Contestant(RAW, (sys.executable, "-m", "bench.fanout.raw_loop")),
        Contestant(WS, (node, "ws.mjs"), folder=PEERS),
        Contestant(SOCKETIO, (node, "socketio.mjs"), socketio_path, "socketio", PEERS),
        Contestant(
            "python-socketio", (sys.executable, "-m", "bench.fanout.python_socketio"), socketio_path, "socketio"
        ),
    ]


def install_peers() -> None:
    """What the lockfile of the Node servers says."""
    done = PEERS / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < (PEERS / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS, check=True, stdout=subprocess.DEVNULL)
        done.touch()


async def hold(home: Path, *, clients: int, rounds: int, seconds: float, server_core: int, crowd_core: int) -> Rates:
    """Runs every kind on every server, `rounds` times, each for about `seconds`."""
    install_peers()
    ours = Contestant(OURS, (sys.executable, "-m", "bench.fanout.product", str(home)), "/ws/v1", "native")
    samples: dict[str, dict[str, list[float]]] = {}
    async with contextlib.AsyncExitStack() as stack:
        crowd = await stack.enter_async_context(Program([sys.executable, "-m", "bench.fanout.crowd"], core=crowd_core))
        await crowd.answer()
        running: list[tuple[Contestant, Program]] = []
        payloads: Mapping[str, str] = {}
        for contestant in (ours, *_others()):
            program = Program(contestant.command, core=server_core, folder=contestant.folder)
            await stack.enter_async_context(program)
            began = await program.answer()
            how = {"port": began["port"], "path": contestant.path, "dialect": contestant.dialect}
            if contestant is ours:
                payloads = began["payloads"]
                how |= {"token": began["token"], "watches": True}
            else:
                await program.ask(do="payloads", payloads=payloads)
            await crowd.ask(do="open", group=contestant.name, clients=clients, how=how)
            running.append((contestant, program))
        for _ in range(rounds):
            for kind in KINDS:
                for contestant, program in running:
                    rate = await _deliver(contestant, program, crowd, kind, clients=clients, seconds=seconds)
                    samples.setdefault(kind.name, {}).setdefault(contestant.name, []).append(rate)
    return {kind: {name: median(rates) for name, rates in of.items()} for kind, of in samples.items()}


async def _deliver(
    contestant: Contestant, server: Program, crowd: Program, kind: Kind, *, clients: int, seconds: float
) -> float:
    """Deliveries a second of the server's CPU. Every block was received by everybody before the next is sent."""
    spent_s = 0.0
    delivered = 0
    until_s = time.monotonic() + seconds
    ticks = max(1, BLOCK_TICKS // kind.messages)
    while time.monotonic() < until_s:
        if contestant.name == OURS and kind.payload == "alert":
            await server.ask(do="prepare", alerts=BLOCKS_TIMED * ticks * kind.messages)
        before_s = server.cpu_s
        for _ in range(BLOCKS_TIMED):
            await asyncio.gather(
                server.ask(do="tick", what=kind.payload, ticks=ticks, messages=kind.messages),
                crowd.ask(do="await", group=contestant.name, messages=ticks * kind.messages),
            )
            delivered += clients * ticks * kind.messages
        spent_s += server.cpu_s - before_s
    return delivered / spent_s
