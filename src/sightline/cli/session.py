"""How a command reaches the data: through the running server, or through the same interface in this process.

The lock on the store has one owner. While a server runs for this home folder it is the server, and the command talks to
it; otherwise the command opens the store for as long as it takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import httpx

from sightline.client.rest import RestClient
from sightline.settings import Settings

if TYPE_CHECKING:
    from sightline.service import RunningServer

__all__ = ["connect", "reach", "run"]

TIMEOUT_S = 60.0
"""For one request: enrolling a photo on a busy machine takes seconds, testing a camera ten."""

T = TypeVar("T")


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[RestClient]:
    """A client with the rights of whoever may read the home folder."""
    # Imported here because the service brings everything with it, and `sightline --help` shall not wait for that.
    from sightline import service

    running = service.running_server(settings.home)
    async with service.offline_api(settings) if running is None else reach(running, TIMEOUT_S) as http:
        yield RestClient(http)


def reach(running: RunningServer, timeout_s: float) -> httpx.AsyncClient:
    """The way to a server on this machine, with the rights of the home folder's owner."""
    headers = {"Authorization": f"Bearer {running.token}"}
    # A proxy named in the environment is for the way out, not for the way to this machine.
    return httpx.AsyncClient(base_url=running.url, headers=headers, timeout=timeout_s, trust_env=False)


def run(settings: Settings, action: Callable[[RestClient], Awaitable[T]]) -> T:
    """Runs `action` with a client, from a command that is no coroutine."""

    async def with_client() -> T:
        async with connect(settings) as client:
            return await action(client)

    return asyncio.run(with_client())
