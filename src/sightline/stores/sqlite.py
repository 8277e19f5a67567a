"""SQLite: a file of this process's own. Whoever begins to write holds it; the write-ahead log lets readers go on."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import PoolProxiedConnection

from sightline.stores.backend import JSON_OPTIONS

__all__ = ["Sqlite"]

BUSY_TIMEOUT_MS = 5_000
WAL_KEPT_BYTES = 64 * 2**20

_WRITER_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}",
)
_READER_PRAGMAS = (f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}", "PRAGMA query_only=ON")


class Sqlite:
    """The file at `address`."""

    readers = 2
    is_shared = False

    def __init__(self, address: URL) -> None:
        self._address = address

    def writer(self) -> Engine:
        return self._engine(1, _WRITER_PRAGMAS, "BEGIN IMMEDIATE")

    def reader(self) -> Engine:
        return self._engine(self.readers, _READER_PRAGMAS, "BEGIN")

    def hint(self, connection: Connection) -> None:
        """There is nobody to tell."""

    def listen(self, on_hint: Callable[[], None]) -> None:
        """There is nobody to hear."""

    def scrub(self, connection: Connection) -> bool:
        """Empties the write-ahead log, where deleted pages linger. Stays due while a reader needs an old page."""
        driver: Any = connection.connection.dbapi_connection
        with contextlib.suppress(sqlite3.Error):  # the disk refuses: still due, and nothing committed is touched
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        return False

    def _engine(self, connections: int, pragmas: Sequence[str], begin: str) -> Engine:
        engine = create_engine(
            self._address,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,
            connect_args={"check_same_thread": False},
            **JSON_OPTIONS,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: object) -> None:
            # The driver must not begin transactions of its own: it would begin them too late for a snapshot.
            connection.isolation_level = None
            for pragma in pragmas:
                connection.execute(pragma)

        def do_begin(connection: PoolProxiedConnection) -> None:
            connection.cursor().execute(begin)

        # An event of the engine would do as well, but with one every statement looks for listeners, twice.
        engine.dialect.do_begin = do_begin  # type: ignore[assignment, method-assign]
        return engine
