"""The database: one writer, group commit, failures that stay where they are."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from sightline.exceptions import ConfigurationError, StoreError, Unavailable
from sightline.stores.database import Database

Work = Callable[[Connection], None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/test.db"


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    made = Database(url)
    await made.open()
    await made.write(run("CREATE TABLE t (x UNIQUE NOT NULL)"))
    yield made
    await made.close()


def run(statement: str) -> Work:
    def work(connection: Connection) -> None:
        connection.execute(text(statement))

    return work


def insert(value: object) -> Work:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": value})

    return work


def rows(connection: Connection) -> list[object]:
    return list(connection.execute(text("SELECT x FROM t ORDER BY rowid")).scalars())


class Gate:
    """Holds the writer until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def work(self, _: Connection) -> None:
        self.reached.set()
        self._opened.wait()

    def open(self) -> None:
        self._opened.set()

    async def hold(self, database: Database) -> asyncio.Future[None]:
        held = asyncio.ensure_future(database.write(self.work))
        await asyncio.to_thread(self.reached.wait)
        return held


async def test_pragmas_that_the_promise_rests_on(database: Database) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    assert await database.write(pragmas) == ["wal", 2, 1, 1]


async def test_what_was_written_is_read(database: Database) -> None:
    await database.write(insert(1))
    assert await database.read(rows) == [1]


async def test_a_write_returns_after_its_commit(database: Database, tmp_path: Path) -> None:
    await database.write(insert(1))
    other = sqlite3.connect(tmp_path / "test.db")
    assert other.execute("SELECT x FROM t").fetchall() == [(1,)]
    other.close()


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError):
        await database.read(insert(1))
    assert await database.read(rows) == []


async def test_waiting_writes_share_a_commit(database: Database) -> None:
    gate = Gate()
    held = await gate.hold(database)
    before = database.commits
    writes = [asyncio.ensure_future(database.write(insert(n))) for n in range(100)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *writes)
    assert database.commits == before + 2
    assert await database.read(rows) == list(range(100))


async def test_one_bad_write_fails_alone(database: Database) -> None:
    gate = Gate()
    held = await gate.hold(database)

    def bad(connection: Connection) -> None:
        insert("half done")(connection)
        raise ValueError("a fault")

    before = database.commits
    writes = [asyncio.ensure_future(database.write(work)) for work in (insert(1), bad, insert(2), insert(1))]
    await asyncio.sleep(0)
    gate.open()
    await held
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, type(None), StoreError]
    assert database.commits == before + 2
    assert await database.read(rows) == [1, 2]


async def test_readers_do_not_wait_for_the_writer(database: Database) -> None:
    await database.write(insert(1))
    gate = Gate()

    def halfway(connection: Connection) -> None:
        insert(2)(connection)
        gate.work(connection)

    writing = asyncio.ensure_future(database.write(halfway))
    await asyncio.to_thread(gate.reached.wait)
    assert await database.read(rows) == [1]
    gate.open()
    await writing
    assert await database.read(rows) == [1, 2]


async def test_too_many_writes_are_refused_and_room_comes_back(url: str) -> None:
    database = Database(url, write_limit=3)
    await database.open()
    gate = Gate()
    held = await gate.hold(database)
    writes = [asyncio.ensure_future(database.write(lambda _: None)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="overloaded"):
        await database.write(lambda _: None)
    gate.open()
    await asyncio.gather(held, *writes)
    assert await database.write(lambda _: 7) == 7
    await database.close()


async def test_closing_finishes_what_was_begun(url: str) -> None:
    database = Database(url)
    await database.open()
    await database.write(run("CREATE TABLE t (x)"))
    gate = Gate()
    held = await gate.hold(database)
    writes = [asyncio.ensure_future(database.write(insert(n))) for n in range(500)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *writes, closing)
    with pytest.raises(Unavailable, match="closed"):
        await database.write(insert(1))
    with pytest.raises(Unavailable, match="closed"):
        await database.read(rows)
    again = Database(url)
    await again.open()
    assert await again.read(rows) == list(range(500))
    await again.close()


async def test_a_cancelled_caller_does_not_stop_a_write(database: Database) -> None:
    gate = Gate()
    held = await gate.hold(database)
    write = asyncio.ensure_future(database.write(insert(1)))
    await asyncio.sleep(0)
    write.cancel()
    gate.open()
    await held
    with pytest.raises(asyncio.CancelledError):
        await write
    await database.write(lambda _: None)
    assert await database.read(rows) == [1]


async def test_a_change_is_told_before_its_writers_go_on(database: Database) -> None:
    events: list[object] = []

    def count(connection: Connection) -> int:
        return len(rows(connection))

    await database.write(insert(0))
    await database.watch(count, events.append)
    gate = Gate()
    held = await gate.hold(database)

    async def write(value: int) -> None:
        await database.write(insert(value))
        events.append(f"written {value}")

    writes = [asyncio.ensure_future(write(n)) for n in (1, 2)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *writes)
    assert events == [3, "written 1", "written 2"]
    await database.write(lambda _: None)
    with pytest.raises(StoreError):
        await database.write(insert(1))
    assert len(events) == 3


async def test_a_full_disk_harms_nobody_for_long(database: Database) -> None:
    await database.write(insert("before"))
    pages = await database.read(lambda c: c.execute(text("PRAGMA page_count")).scalar_one())
    await database.write(run(f"PRAGMA max_page_count = {pages + 2}"))
    gate = Gate()
    held = await gate.hold(database)
    works = (insert("small 1"), insert("x" * 500_000), insert("small 2"))
    writes = [asyncio.ensure_future(database.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.open()
    await held
    first, large, second = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, second) == (None, None)
    assert isinstance(large, Unavailable)
    assert "the disk is full" in str(large)
    assert await database.read(rows) == ["before", "small 1", "small 2"]
    await database.write(run("PRAGMA max_page_count = 1000000"))
    await database.write(insert("y" * 500_000))
    assert len(await database.read(rows)) == 4


async def test_a_database_held_by_another_program(database: Database, tmp_path: Path) -> None:
    await database.write(run("PRAGMA busy_timeout = 0"))
    other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writes = [database.write(insert(n)) for n in range(3)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert "another program" in str(outcomes[0])
    other.execute("ROLLBACK")
    other.close()
    await database.write(insert(1))
    assert await database.read(rows) == [1]


async def test_scrubbed_data_is_gone_from_every_file(database: Database, tmp_path: Path) -> None:
    secret = b"a secret that was deleted"
    await database.write(insert(secret))
    assert secret in bytes_on_disk(tmp_path)
    await database.write(run("DELETE FROM t"), scrub=True)
    assert secret not in bytes_on_disk(tmp_path)


async def test_scrubbing_waits_for_a_reader_of_old_pages(database: Database, tmp_path: Path) -> None:
    secret = b"a secret that was deleted"
    await database.write(insert(secret))
    await database.write(run("PRAGMA busy_timeout = 0"))
    reader = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1,)
    await database.write(run("DELETE FROM t"), scrub=True)
    assert secret in bytes_on_disk(tmp_path)
    reader.execute("ROLLBACK")
    reader.close()
    await database.write(lambda _: None)
    assert secret not in bytes_on_disk(tmp_path)


@pytest.mark.parametrize(
    "address", ["sqlite://", "sqlite:///:memory:", "postgresql://db", "not an address", "mysql://u:pa55@h/x"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Database(address)
    assert raised.value.key == "database_url"
    assert "pa55" not in str(raised.value)


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/test.db")
    with pytest.raises(StoreError, match="cannot be opened"):
        await database.open()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(b"this is a letter, not a database. " * 100)
    with pytest.raises(StoreError, match="not a Sightline database"):
        await Database(f"sqlite:///{tmp_path}/test.db").open()


async def test_an_error_repeats_no_value(database: Database) -> None:
    await database.write(insert("s3cret"))
    with pytest.raises(StoreError) as raised:
        await database.write(insert("s3cret"))
    assert "s3cret" not in str(raised.value)
    assert "s3cret" not in str(raised.value.__cause__)


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
