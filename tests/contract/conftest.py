"""One suite over every kind of store. Another database is one more entry of `BACKENDS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from sightline.stores import SqlStore

MASTER_KEY = bytes(range(32))
ZONE = ZoneInfo("Europe/Berlin")

OpenStore = Callable[..., Awaitable[SqlStore]]

BACKENDS: dict[str, Callable[[Path], str | None]] = {
    "sqlite": lambda home: None,
}
"""By name, the address of an empty database for a test whose home is the given folder."""


@pytest.fixture(params=sorted(BACKENDS))
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    return BACKENDS[request.param](tmp_path)


@pytest_asyncio.fixture
async def open_store(address: str | None, tmp_path: Path) -> AsyncIterator[OpenStore]:
    """Opens the store of this test; again after it was closed, on the same data."""
    async with AsyncExitStack() as stack:

        async def opened(on_commit: Callable[[int], None] = lambda top: None) -> SqlStore:
            store = await SqlStore.open(tmp_path, address, master_key=MASTER_KEY, on_commit=on_commit, tz=ZONE)
            stack.push_async_callback(store.close)
            return store

        yield opened


@pytest_asyncio.fixture
async def store(open_store: OpenStore) -> SqlStore:
    return await open_store()
