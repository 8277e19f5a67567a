"""PostgreSQL: one database for several gateways.

A writing transaction takes an advisory lock before anything else and keeps it until it has committed, so of all
gateways one writes at a time, as with SQLite: commit order is offset order, and a compare-and-set or a counter is exact
without a word about it. Each gateway still puts everything that waits into one transaction, which is what bounds the
price of the lock: one round of the disk for up to `BATCH_LIMIT` writes of a gateway.

A gateway that is frozen while it holds the lock loses it after `IDLE_TIMEOUT_MS` (the server ends its connection);
the others wait for up to `LOCK_TIMEOUT_MS` and then refuse with `Unavailable`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL

from sightline.stores.backend import JSON_OPTIONS
from sightline.stores.hints import HintListener, hint

__all__ = ["WRITER_LOCK", "PostgreSql"]

WRITER_LOCK = 0x51_6874_6C69_6E65
"""The advisory lock of whoever writes; it is per database."""

CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_MS = 15_000
IDLE_TIMEOUT_MS = 10_000
STATEMENT_TIMEOUT_MS = 60_000
KEEPALIVE_S = 5
SILENT_SERVER_MS = 20_000

_TIMEOUTS = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
_WRITER_OPTIONS = f"{_TIMEOUTS} -c synchronous_commit=on -c default_transaction_isolation=read\\ committed"
_READER_OPTIONS = (
    f"{_TIMEOUTS} -c statement_timeout={STATEMENT_TIMEOUT_MS} "
    "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
)


class PostgreSql:
    """The database at `address`."""

    readers = 4
    is_shared = True

    def __init__(self, address: URL) -> None:
        self._address = address.set(drivername="postgresql+psycopg")

    def writer(self) -> Engine:
        engine = self._engine(1, _WRITER_OPTIONS)

        @event.listens_for(engine, "begin")
        def alone(connection: Connection) -> None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

        return engine

    def reader(self) -> Engine:
        return self._engine(self.readers, _READER_OPTIONS)

    def hint(self, connection: Connection) -> None:
        hint(connection)

    def listen(self, on_hint: Callable[[], None]) -> HintListener:
        return HintListener(self._address, on_hint)

    def scrub(self, connection: Connection) -> bool:
        """The server sees to it: its vacuuming overwrites deleted rows, and its own log is recycled."""
        return True

    def _engine(self, connections: int, options: str) -> Engine:
        arguments: dict[str, Any] = {
            "options": options,
            "application_name": "sightline",
            "connect_timeout": CONNECT_TIMEOUT_S,
            "keepalives_idle": KEEPALIVE_S,
            "keepalives_interval": KEEPALIVE_S,
            "keepalives_count": 3,
            "tcp_user_timeout": SILENT_SERVER_MS,
        }
        return create_engine(
            self._address,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,
            connect_args=arguments,
            **JSON_OPTIONS,
        )
