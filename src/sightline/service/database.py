"""What `sightline db` does: bring a database up to date, back it up while it is used, make one of a backup.

All of it works for SQLite and for PostgreSQL, and a backup of one may be restored into the other.
"""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from sightline.clock import SystemClock
from sightline.exceptions import ConfigurationError, NotFound, StoreError, Unavailable
from sightline.service.lock import ServerLock
from sightline.settings import Settings
from sightline.stores.backup import read_contents, read_tables, unpack_media, write_backup, write_tables
from sightline.stores.database import backend_of
from sightline.stores.failures import explain
from sightline.stores.migrations import head, revision_of, upgrade
from sightline.stores.schema import gateways
from sightline.stores.store import FILE_NAME, MEDIA_FOLDER, database_address, new_file
from sightline.stores.vault import Vault, load_or_create_master_key

__all__ = ["BackedUp", "Restored", "Upgraded", "back_up", "restore", "upgrade_database"]

DRAFT = f".{FILE_NAME}.restoring"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The versions of the tables, before (`None` for a new database) and after."""

    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class BackedUp:
    """How much is in the file."""

    rows: int
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back; `made_at` is when the backup was made, ms since the epoch."""

    rows: int
    files: int
    made_at: int


def upgrade_database(settings: Settings) -> Upgraded:
    """Brings the tables up to date, as the first start of a new version does.

    Raises `Unavailable` while a server runs on this home folder, `StoreError`.
    """
    url = settings.database_url or _file_address(settings.home / FILE_NAME)
    with ServerLock(settings.run_folder):
        if settings.database_url is None:
            new_file(settings.home / FILE_NAME)
        with _writing(url) as connection:
            before = revision_of(connection)
            upgrade(connection, SystemClock().now_ms())
    return Upgraded(before, head())


def back_up(settings: Settings, target: Path) -> BackedUp:
    """Writes everything into one file, while servers run or not. Raises `StoreError` when the file is
    there or cannot be written, `NotFound` when there is no database."""
    if target.exists():
        raise StoreError(f"{target} is there already: give another name, or remove it first")
    url = database_address(settings.home, settings.database_url)
    if url is None:
        raise NotFound("database", str(settings.home / FILE_NAME))
    with tempfile.TemporaryDirectory(prefix=".sightline-", dir=target.parent) as folder:
        with _explained(), _reading(url) as connection:
            dump = read_tables(connection, Path(folder), now_ms=SystemClock().now_ms())
        files = write_backup(dump, settings.home / MEDIA_FOLDER, target)
    return BackedUp(sum(dump.contents.rows.values()), files, target.stat().st_size)


def restore(settings: Settings, source: Path, *, replace: bool) -> Restored:
    """Makes the database of a backup, and puts the pictures and clips back.

    With `replace` what is there is dropped, but only once the whole backup was read. Raises `StoreError` when the
    backup is damaged, newer than this program or sealed with another key, or when there is something and `replace` is
    not given; `Unavailable` while a server runs on it.
    """
    key = settings.home / "keys" / "master.key"
    if not key.exists():
        raise ConfigurationError(
            f"{key} is missing: put the folder `keys` of the installation that was backed up there first; without its "
            "master key nobody can open what is sealed in the backup",
            key="master_key",
        )
    vault = Vault(load_or_create_master_key(key))
    with ServerLock(settings.run_folder), _opened(source) as tar:
        contents = read_contents(tar)
        now_ms = SystemClock().now_ms()
        address = make_url(settings.database_url or _file_address(settings.home / FILE_NAME))
        if address.get_backend_name() == "sqlite":
            with _new_sqlite_file(Path(address.database or ""), replace=replace) as url, _writing(url) as connection:
                write_tables(connection, tar, contents, vault, now_ms=now_ms)
        else:
            with _writing(address.render_as_string(hide_password=False)) as connection:
                _make_room(connection, replace=replace)
                write_tables(connection, tar, contents, vault, now_ms=now_ms)
        files = unpack_media(tar, settings.home)
    return Restored(sum(contents.rows.values()), files, contents.made_at)


@contextlib.contextmanager
def _new_sqlite_file(file: Path, *, replace: bool) -> Iterator[str]:
    """The address of a new file beside it, which takes its place at the end."""
    if file.exists() and file.stat().st_size and not replace:
        raise StoreError(f"{file} is there already: --replace drops it, and everything in it, for the backup")
    draft = file.with_name(DRAFT)
    remains = [draft.with_name(draft.name + suffix) for suffix in ("", "-wal", "-shm")]
    for path in remains:
        path.unlink(missing_ok=True)
    try:
        new_file(draft)
        yield _file_address(draft)
        for suffix in ("-wal", "-shm"):  # of the old file: they would be taken for the new one's
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        draft.replace(file)
    finally:
        for path in remains:
            path.unlink(missing_ok=True)


def _make_room(connection: Connection, *, replace: bool) -> None:
    """Drops every table, in the transaction that will fill them again."""
    found = MetaData()
    found.reflect(connection)
    if not found.tables:
        return
    if not replace:
        raise StoreError("this database has tables already: --replace drops them, and everything in them")
    if gateways.name in found.tables and _somebody_lives(connection, found.tables[gateways.name]):
        raise Unavailable("a gateway runs on this database: stop every gateway first")
    found.drop_all(connection)


def _somebody_lives(connection: Connection, table: Table) -> bool:
    """Whether a gateway gives signs of life. This transaction keeps others from writing, so a gateway that lives cannot
    show it here: its connections are looked for instead."""
    beats = connection.execute(select(table.c.id)).all()
    if not beats:
        return False
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'sightline' AND pid <> pg_backend_pid()"
    )
    return bool(connection.exec_driver_sql(query).scalar())


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise StoreError(f"{source} is not a backup of Sightline, or it is damaged ({error})") from error
    except OSError as error:
        raise StoreError(f"{source} cannot be read: {error.strerror}") from error


@contextlib.contextmanager
def _writing(url: str) -> Iterator[Connection]:
    engine = backend_of(url).writer()
    try:
        with _explained(), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def _reading(url: str) -> Iterator[Connection]:
    engine = backend_of(url).reader()
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise explain(error) from error


def _file_address(file: Path) -> str:
    return URL.create("sqlite", database=str(file.absolute())).render_as_string()
