"""`sightline health`: one question, for supervisors and containers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from sightline.cli.options import Config, Home, loaded
from sightline.cli.output import say
from sightline.cli.session import reach
from sightline.exceptions import Unavailable

if TYPE_CHECKING:
    from sightline.service.engine_record import EngineRecord
    from sightline.service.lock import RunningServer

__all__ = ["health"]

TIMEOUT_S = 5.0


def health(home: Home = None, config: Config = None) -> None:
    """Say whether the server or the engine of this home folder works, for a container's health check.

    Exits with 1 when none runs, or one that does not answer. An engine without its gateway is well: it goes on looking
    for it, and keeps what its cameras show.
    """
    # Imported here so that `sightline --help` does not wait for it.
    from sightline.service.engine_record import running_engine
    from sightline.service.lock import running_server

    where = loaded(home, config).home
    if (server := running_server(where)) is not None:
        asyncio.run(_ask(server))
        say(f"the server answers at {server.public_url or server.url}")
    elif (engine := running_engine(where)) is not None:
        say(_of(engine, round(time.time() * 1000)))
    else:
        raise Unavailable(f"no server and no engine runs on {where}")


async def _ask(server: RunningServer) -> None:
    try:
        async with reach(server, TIMEOUT_S) as http:
            (await http.get("/health")).raise_for_status()
    except httpx.HTTPError as problem:
        said = str(problem) or type(problem).__name__
        raise Unavailable(f"the server, process {server.pid}, does not answer: {said}") from None


def _of(engine: EngineRecord, now_ms: int) -> str:
    from sightline.service.engine_record import FRESH_MS

    if now_ms - engine.at_ms > FRESH_MS:
        silent_s = (now_ms - engine.at_ms) / 1000
        raise Unavailable(f"the engine, process {engine.pid}, has stood still for {silent_s:.0f} s")
    standing = engine.standing
    link = f"no link to {standing.gateway}: {standing.problem}" if standing.problem else f"linked to {standing.gateway}"
    return f"the engine reads {standing.cameras} cameras, load {standing.load:.0%}; {link}"
