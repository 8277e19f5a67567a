"""One suite over every kind of store. Another database is one more entry of `BACKENDS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from sightline.stores import SqlStore
from tests.postgresql import contract_address, postgres_server

MASTER_KEY = bytes(range(32))
ZONE = ZoneInfo("Europe/Berlin")

OpenStore = Callable[..., Awaitable[SqlStore]]

BACKENDS: dict[str, Callable[[Path], str | None]] = {
    "postgresql": contract_address,
    "sqlite": lambda home: None,
}
"""By name, the address of an empty database for a test whose home is the given folder."""
EXAMPLES = {"sqlite": 25, "postgresql": 10}
"""How many lives a state machine lives on each: a word to a server takes longer than one to a file."""


@pytest.fixture(params=sorted(BACKENDS))
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def kept(address: str | None, tmp_path: Path) -> Callable[[], list[bytes]]:
    """What the database has on disk, file by file."""

    def read() -> list[bytes]:
        if address is None:
            return [path.read_bytes() for path in tmp_path.glob("sightline.db*")]
        return [path.read_bytes() for path in postgres_server().folder.rglob("data/*/**/*") if path.is_file()]

    return read


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
