"""One file with everything that is kept, and a database made of it again; of any kind, on any other.

    sightline-….tar
    ├── backup.json                format, revision of the tables, when it was made, rows by table
    ├── tables/people.jsonl        one row a line, in the order of the columns that its first line names
    └── media/screenshots/…        pictures and clips of alerts

The tables are read in one transaction, so they are of one moment however long it takes and whoever writes meanwhile.
The files come after them: one that ran out meanwhile is missing, as it would be a moment later. What is sealed stays
sealed, and no key is in it: whoever has the backup alone cannot read a face.

What only makes sense while gateways run (who is connected, leases, tickets) is left out. A restored database has
another epoch, so that every client is shown how things stand instead of what it believes to have seen already, and
engines fetch the gallery anew.
"""

from __future__ import annotations

import base64
import io
import os
import tarfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import (
    JSON,
    BindParameter,
    Cast,
    ColumnElement,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    insert,
    select,
    text,
    update,
)

from sightline.exceptions import StoreError
from sightline.stores import meta, schema
from sightline.stores.migrations import revision_of, upgrade
from sightline.stores.vault import Vault

__all__ = ["Contents", "Dump", "read_contents", "read_tables", "unpack_media", "write_backup", "write_tables"]

FORMAT = 1
DESCRIPTION = "backup.json"
MEDIA = "media"
ROWS_AT_ONCE = 500
TEMPORARY = frozenset(
    table.name
    for table in (
        schema.bulletins, schema.camera_leases, schema.chores, schema.engine_seats, schema.gateways,
        schema.shared_tickets,
    )
)  # fmt: skip
GALLERY = (
    schema.person_references, schema.reference_templates, schema.negatives, schema.negative_templates,
    schema.gallery_tombstones,
)  # fmt: skip
REVISION_TABLE = "alembic_version"


class Contents(msgspec.Struct, frozen=True):
    """What a backup says of itself; `made_at` in ms since the epoch."""

    revision: str
    made_at: int
    rows: dict[str, int]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Dump:
    """The rows of every table, in files of a temporary folder."""

    contents: Contents
    folder: Path


def read_tables(connection: Connection, folder: Path, *, now_ms: int) -> Dump:
    """Reads all tables, whatever version they are of, into files of the folder. Raises `StoreError` for a database
    that has none."""
    revision = revision_of(connection)
    if revision is None:
        raise StoreError("this database is empty: there is nothing to back up")
    rows = {}
    for table in _tables(connection):
        name = str(table.name)
        with (folder / f"{name}.jsonl").open("wb") as file:
            file.write(msgspec.json.encode([str(column.name) for column in table.columns]) + b"\n")
            rows[name] = 0
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(*map(_as_read, table.c))):
                file.write(msgspec.json.encode(tuple(row)) + b"\n")
                rows[name] += 1
    return Dump(Contents(revision, now_ms, rows), folder)


def write_backup(dump: Dump, media: Path, target: Path) -> int:
    """Puts the dump and the files under `media` into `target`, whole or not at all, readable by its owner only; how
    many files there were. Raises `StoreError` when the disk refuses."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                described = msgspec.json.encode(dump.contents)
                _add(tar, DESCRIPTION, io.BytesIO(described), len(described), dump.contents.made_at)
                for name in dump.contents.rows:
                    _add_file(tar, f"tables/{name}.jsonl", dump.folder / f"{name}.jsonl")
                files = sum(_add_file(tar, f"{MEDIA}/{path.relative_to(media)}", path) for path in _files(media))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError as error:
        raise StoreError(f"the backup {target} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return files


def read_contents(tar: tarfile.TarFile) -> Contents:
    """What is in the backup. Raises `StoreError` for a file that is none, or is of a newer Sightline."""
    try:
        contents = msgspec.json.decode(_member(tar, DESCRIPTION).read(), type=Contents)
    except msgspec.DecodeError as error:
        raise StoreError(f"this is not a backup of Sightline ({error})") from None
    if contents.format != FORMAT:
        raise StoreError("this backup was made by a newer Sightline: update first")
    return contents


def write_tables(
    connection: Connection, tar: tarfile.TarFile, contents: Contents, vault: Vault, *, now_ms: int
) -> None:
    """Makes the tables in a database without any, fills them and brings them up to date, in the caller's transaction.

    Raises `StoreError` when the backup is damaged, newer than this program, or sealed with another master key.
    """
    upgrade(connection, now_ms, to=contents.revision)
    tables = {table.name: table for table in _tables(connection)}
    for table in tables.values():
        connection.execute(table.delete())  # what a new database is born with
    for name in [name for name in tables if name in contents.rows]:
        _fill(connection, tables[name], _member(tar, f"tables/{name}.jsonl"), contents.rows[name])
    upgrade(connection, now_ms)
    meta.put(connection, meta.EPOCH, str(uuid.uuid4()))
    _renew_gallery(connection, now_ms)
    vault.check(connection)


def unpack_media(tar: tarfile.TarFile, home: Path) -> int:
    """Puts the files of the backup under the home folder; how many."""
    members = [member for member in tar if member.isfile() and member.name.startswith(f"{MEDIA}/")]
    tar.extractall(home, members, filter="data")  # refuses whatever would land outside of it
    return len(members)


# ── tables ──


def _tables(connection: Connection) -> Sequence[Table]:
    """As they are in this database, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in TEMPORARY | {REVISION_TABLE}]


def _as_read(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON as its own text: nothing is lost between two libraries' ideas of nothing."""
    return cast(column, Text).label(column.key) if isinstance(column.type, JSON) else column


def _as_written(connection: Connection, column: ColumnElement[Any]) -> BindParameter[Any] | Cast[Any]:
    if not isinstance(column.type, JSON):
        return bindparam(column.key, type_=column.type)
    value = bindparam(column.key, type_=Text())
    return value if connection.dialect.name == "sqlite" else cast(value, column.type)


def _fill(connection: Connection, table: Table, file: IO[bytes], expected: int) -> None:
    columns = [table.c[name] for name in msgspec.json.decode(file.readline(), type=list[str])]
    sealed = [number for number, column in enumerate(columns) if isinstance(column.type, LargeBinary)]
    statement = insert(table).values({column.name: _as_written(connection, column) for column in columns})
    count = 0
    rows = _rows(file, [column.name for column in columns], sealed)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        connection.execute(statement, some)
        count += len(some)
    if count != expected:
        raise StoreError(f"the backup is damaged: {count} of {expected} rows of {table.name}")
    if connection.dialect.name == "postgresql":
        _count_on(connection, table)


def _rows(file: IO[bytes], names: Sequence[str], sealed: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    for line in file:
        values = msgspec.json.decode(line, type=list[Any])
        for number in sealed:
            if values[number] is not None:
                values[number] = base64.b64decode(values[number])
        yield dict(zip(names, values, strict=True))


def _count_on(connection: Connection, table: Table) -> None:
    """A counter of the server goes on after what was put there without asking it."""
    for column in table.primary_key.columns:
        names = {"table_name": table.name, "column_name": column.name}
        counter = connection.execute(text("SELECT pg_get_serial_sequence(:table_name, :column_name)"), names).scalar()
        top = connection.execute(select(column).order_by(column.desc()).limit(1)).scalar() if counter else None
        if top is not None:
            connection.execute(text("SELECT setval(:counter, :top)"), {"counter": counter, "top": top})


def _renew_gallery(connection: Connection, now_ms: int) -> None:
    """Moves every version beyond those that anybody may have seen since the backup: engines begin anew with this one,
    and none takes a later version for one that it knows."""
    start, version = (int(meta.get(connection, name)) for name in (meta.GALLERY_START, meta.GALLERY_VERSION))
    shift = max(now_ms, version) + 1 - start
    for table in GALLERY:
        connection.execute(update(table).values(version=table.c.version + shift))
    meta.put(connection, meta.GALLERY_START, str(start + shift))
    meta.put(connection, meta.GALLERY_VERSION, str(version + shift))


# ── files ──


def _files(media: Path) -> Iterator[Path]:
    return (path for path in sorted(media.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _add_file(tar: tarfile.TarFile, name: str, path: Path) -> bool:
    """Whether it is still there."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        status = os.fstat(file.fileno())
        _add(tar, name, file, status.st_size, int(status.st_mtime * 1000))
    return True


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int, at_ms: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, at_ms // 1000, 0o600
    tar.addfile(member, file)


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        file = tar.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise StoreError(f"this is not a backup of Sightline, or it is damaged: there is no {name} in it")
    return file
