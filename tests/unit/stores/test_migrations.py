"""The migrations make the tables that the code expects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from sightline.exceptions import StoreError
from sightline.stores import meta
from sightline.stores.database import Database
from sightline.stores.migrations import upgrade
from sightline.stores.schema import metadata


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/100%.db")
    await made.open()
    yield made
    await made.close()


def migrate(connection: Connection) -> None:
    upgrade(connection, 1_700_000_000_000)


async def test_migrations_end_at_the_schema(database: Database) -> None:
    await database.write(migrate)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert await database.write(differences) == []


async def test_counters_never_count_a_number_twice(database: Database) -> None:
    await database.write(migrate)
    query = text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name")
    counting = await database.read(lambda c: list(c.execute(query).scalars()))
    assert counting == ["audit_records", "bulletins", "log_entries"]


async def test_a_new_database_is_born_with_its_epoch_and_gallery(database: Database) -> None:
    await database.write(migrate)

    def born_with(connection: Connection) -> list[str]:
        return [meta.get(connection, key) for key in (meta.LOG_FLOOR, meta.GALLERY_START, meta.GALLERY_VERSION)]

    assert await database.read(born_with) == ["0", "1700000000000", "1700000000000"]
    assert len(await database.read(lambda c: meta.get(c, meta.EPOCH))) == 36


async def test_running_them_again_changes_nothing(database: Database) -> None:
    await database.write(migrate)
    epoch = await database.read(lambda c: meta.get(c, meta.EPOCH))
    await database.write(migrate)
    assert await database.read(lambda c: meta.get(c, meta.EPOCH)) == epoch


async def test_a_database_of_a_newer_program_is_refused(database: Database) -> None:
    await database.write(migrate)
    newer = text("UPDATE alembic_version SET version_num = 'v9999'")
    await database.write(lambda c: c.execute(newer).rowcount)
    with pytest.raises(StoreError, match="newer Sightline.*'v9999'.*update"):
        await database.write(migrate)


async def test_a_migration_that_fails_leaves_the_old_database(database: Database) -> None:
    def fails(connection: Connection) -> None:
        migrate(connection)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await database.write(fails)
    assert await database.read(lambda c: inspect(c).get_table_names()) == []


async def test_a_missing_fact_about_the_database_is_damage(database: Database) -> None:
    await database.write(migrate)
    with pytest.raises(StoreError, match="'epoch' is missing"):
        await database.write(lambda c: (c.execute(text("DELETE FROM meta")), meta.get(c, meta.EPOCH)))
