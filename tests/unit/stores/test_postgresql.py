"""PostgreSQL: one writer among several gateways, and a server that goes away and comes back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from sightline.exceptions import StoreError, Unavailable
from sightline.stores.database import Database
from sightline.stores.migrations import upgrade
from sightline.stores.schema import metadata
from tests.postgresql import PostgresServer, find_server, postgres_server

NUMBERS = itertools.count()


@pytest.fixture
def url() -> str:
    return postgres_server().create(f"unit_{next(NUMBERS)}")


@pytest_asyncio.fixture
async def pair(url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two gateways on one database."""
    one, other = Database(url), Database(url)
    await one.open()
    await other.open()
    await one.write(lambda c: c.execute(text("CREATE TABLE t (x INTEGER UNIQUE NOT NULL)")).rowcount)
    yield one, other
    await one.close()
    await other.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    if find_server() is None:
        pytest.skip("no PostgreSQL server programs here")
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


def insert(value: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": value})

    return work


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM t")).scalar_one())


def add_next(connection: Connection) -> int:
    """Reads, thinks, writes: right only for one who is alone."""
    highest = connection.execute(text("SELECT coalesce(max(x), 0) FROM t")).scalar_one()
    connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": highest + 1})
    return int(highest) + 1


async def test_writers_of_two_gateways_are_alone_in_turn(pair: tuple[Database, Database]) -> None:
    numbers = await asyncio.gather(*(database.write(add_next) for _ in range(60) for database in pair))
    assert sorted(numbers) == list(range(1, 121))


async def test_waiting_writes_of_a_gateway_share_a_commit(pair: tuple[Database, Database]) -> None:
    before = pair[0].commits
    await asyncio.gather(*(pair[0].write(insert(n)) for n in range(200)))
    assert pair[0].commits - before < 100
    assert await pair[1].read(count) == 200


async def test_one_bad_write_fails_alone(pair: tuple[Database, Database]) -> None:
    outcomes = await asyncio.gather(*(pair[0].write(insert(n)) for n in (1, 2, 2, 3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), type(None), StoreError, type(None)]
    assert await pair[1].read(count) == 3


async def test_a_reader_cannot_write(pair: tuple[Database, Database]) -> None:
    with pytest.raises(Unavailable, match="takes no writes"):
        await pair[0].read(insert(1))


async def test_migrations_end_at_the_schema(url: str) -> None:
    database = Database(url)
    await database.open()
    await database.write(lambda c: upgrade(c, 1_700_000_000_000))

    def differences(connection: Connection) -> list[object]:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        )

    assert await database.write(differences) == []
    await database.close()


async def test_a_server_that_was_started_again_is_used_again(own_server: PostgresServer) -> None:
    database = Database(own_server.create("again"))
    await database.open()
    await database.write(lambda c: c.execute(text("CREATE TABLE t (x INTEGER)")).rowcount)
    await database.write(insert(1))
    assert await database.read(count) == 1
    own_server.stop()
    own_server.start()
    assert await database.read(count) == 1
    await database.write(insert(2))
    assert await database.read(count) == 2
    await database.close()


async def test_without_a_server_everything_is_refused_clearly(own_server: PostgresServer) -> None:
    database = Database(own_server.create("away"))
    await database.open()
    await database.write(lambda c: c.execute(text("CREATE TABLE t (x INTEGER)")).rowcount)
    own_server.stop()
    try:
        for _ in range(2):
            with pytest.raises(Unavailable, match="cannot be reached"):
                await database.read(count)
            outcomes = await asyncio.gather(*(database.write(insert(n)) for n in range(5)), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {Unavailable}
    finally:
        own_server.start()
    await database.write(insert(3))
    assert await database.read(count) == 1
    await database.close()


async def test_a_connection_that_is_cut_in_the_middle_keeps_nothing(own_server: PostgresServer) -> None:
    database = Database(own_server.create("cut"))
    await database.open()
    await database.write(lambda c: c.execute(text("CREATE TABLE t (x INTEGER)")).rowcount)

    def cut(connection: Connection) -> None:
        insert(1)(connection)
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with own_server.connect("cut") as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    outcomes = await asyncio.gather(
        database.write(insert(0)), database.write(cut), database.write(insert(2)), return_exceptions=True
    )
    assert Unavailable in {type(outcome) for outcome in outcomes}
    await database.write(insert(3))
    kept = await database.read(lambda c: set(c.execute(text("SELECT x FROM t")).scalars()))
    assert 1 not in kept
    told = {number for number, outcome in zip((0, 1, 2), outcomes, strict=True) if outcome is None}
    assert kept == told | {3}
    await database.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://sightline@/nowhere?host={folder}", "no such database"),
        ("postgresql://sightline:pa55@127.0.0.1:1/x", "cannot be reached"),
    ],
)
async def test_a_server_that_refuses(own_server: PostgresServer, address: str, words: str) -> None:
    with pytest.raises((StoreError, Unavailable), match=words) as raised:
        await Database(address.format(folder=own_server.folder)).open()
    assert "pa55" not in str(raised.value)
