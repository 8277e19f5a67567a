"""A real PostgreSQL for tests: a temporary cluster of this process's own, reached over a Unix socket.

The server refuses to run as root, so for root it runs as `nobody`. It never syncs, and dies with the test process,
however that dies.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

__all__ = ["PostgresServer", "contract_address", "find_server", "postgres_server"]

FOLDERS = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin")
UNPRIVILEGED = "nobody"
PATIENCE_S = 30.0
MISSING = "no PostgreSQL server programs here (Debian: postgresql)"
SPEED = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_size": "256MB",
    "jit": "off",
}


def find_server() -> Path | None:
    """The folder of `postgres` and `initdb`, where they are installed."""
    on_path = shutil.which("initdb")
    candidates = [Path(folder) for folder in FOLDERS] + ([Path(on_path).parent] if on_path else [])
    return next((folder for folder in candidates if (folder / "postgres").exists()), None)


class PostgresServer:
    """One cluster in a temporary folder; stopped and started again as often as wanted."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable` syncs as a real server does."""
        found = find_server()
        if found is None:
            raise FileNotFoundError(MISSING)
        self._programs = found
        self._durable = durable
        self.folder = Path(tempfile.mkdtemp(prefix="sightline-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, UNPRIVILEGED)
        self._run("initdb", "-D", str(self._data), "-U", "sightline", "--auth=trust", "--no-sync", "-E", "UTF8",
                  "--locale=C.UTF-8")  # fmt: skip

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://sightline@/{database}?host={quote(str(self.folder), safe='')}"

    def start(self) -> None:
        """Returns when it answers."""
        speed = {} if self._durable else SPEED
        options = [f"-c{name}={value}" for name, value in speed.items()]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_nobody("QUIT"), str(self._programs / "postgres"), "-D", str(self._data),
                 "-k", str(self.folder), "-c", "listen_addresses=", *options],
                stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline_s or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        """Ends it as an administrator in a hurry does: connections are cut, nothing is waited for."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(PATIENCE_S)
            self._process = None

    def remove(self) -> None:
        """Stops it and removes its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(host=str(self.folder), user="sightline", dbname=database, autocommit=True)

    def create(self, database: str) -> str:
        """A new database; returns its address."""
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database)))
        return self.url(database)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([*self._as_nobody("KILL"), str(self._programs / program), *arguments], check=True,
                       capture_output=True, cwd=self.folder)  # fmt: skip

    @staticmethod
    def _as_nobody(death_signal: str) -> list[str]:
        drop = ["--reuid", UNPRIVILEGED, "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *drop, "--pdeathsig", death_signal]


@functools.cache
def _server() -> PostgresServer | None:
    if find_server() is None:
        return None
    server = PostgresServer()
    server.start()
    atexit.register(server.remove)
    return server


def postgres_server() -> PostgresServer:
    """The server of this test process, started when it is first asked for; the test is skipped where there is none."""
    server = _server()
    if server is None:
        pytest.skip(MISSING)
    return server


_home: Path | None = None


def contract_address(home: Path) -> str:
    """The address of a database that is empty for each `home`, and the same as long as that is asked for.

    Making a database takes ten times as long as emptying one.
    """
    global _home
    server = postgres_server()
    if _home is None:
        server.create("contract")
    elif home != _home:
        _empty(server)
    _home = home
    return server.url("contract")


def _empty(server: PostgresServer) -> None:
    with server.connect("contract") as connection:
        connection.execute("SET session_replication_role = replica")  # rows go in any order
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        kept = ("alembic_version", "meta")
        connection.execute(
            sql.SQL(";").join(
                sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for (name,) in names if name not in kept
            )
        )
        born_with = ("epoch", "log_floor", "gallery_start", "gallery_version")
        connection.execute("DELETE FROM meta WHERE key <> ALL(%s)", [list(born_with)])
        connection.execute("UPDATE meta SET value = '0' WHERE key = 'log_floor'")
        connection.execute("UPDATE meta SET value = %s WHERE key = 'epoch'", [str(uuid.uuid4())])
        start = str(time.time_ns() // 1_000_000)
        connection.execute("UPDATE meta SET value = %s WHERE key IN ('gallery_start', 'gallery_version')", [start])
