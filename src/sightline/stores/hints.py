"""Hints that another gateway wrote something: PostgreSQL's LISTEN, on a connection and a thread of its own.

A hint may be lost and is then found by looking a little later: whoever listens also looks by the clock.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.engine import URL

__all__ = ["HintListener", "hint"]

CHANNEL = "sightline"
WAKE_S = 0.5
RETRY_S = 1.0
CONNECT_TIMEOUT_S = 5

log = structlog.get_logger(__name__)


def hint(connection: Connection) -> None:
    """Tells the listeners of every gateway, once the transaction has committed; several of one transaction are one."""
    connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


class HintListener:
    """Calls `on_hint`, on its own thread, after commits that hinted. Ended by `close`."""

    def __init__(self, address: URL, on_hint: Callable[[], None]) -> None:
        self._conninfo = address.set(drivername="postgresql").render_as_string(hide_password=False)
        self._on_hint = on_hint
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-hints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when the thread has ended."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except psycopg.Error as problem:
                log.info("hints_not_heard", problem=type(problem).__name__, again_in_s=RETRY_S)
                self._closing.wait(RETRY_S)

    def _listen(self) -> None:
        connection = psycopg.connect(
            self._conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="sightline hints"
        )
        with contextlib.closing(connection):
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._closing.is_set():
                for _ in connection.notifies(timeout=WAKE_S, stop_after=1):
                    self._on_hint()
