"""Backups, from every kind of database into every kind."""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import MetaData, select

from sightline.accounts import Role
from sightline.deliveries.entry import Cursor
from sightline.exceptions import ConfigurationError, NotFound, StoreError, Unavailable
from sightline.service.database import back_up, restore, upgrade_database
from sightline.service.lock import ServerLock
from sightline.settings import Settings
from sightline.stores import SqlStore
from sightline.stores.migrations import head
from tests.contract.conftest import MASTER_KEY, ZONE, OpenStore
from tests.contract.facts import MODEL, enrol, raise_alert, sample
from tests.postgresql import postgres_server

KINDS = ["sqlite", "postgresql"]
PICTURE = Path("media", "screenshots", "a.jpg")
TEMPORARY = {"alembic_version", "bulletins", "camera_leases", "chores", "engine_seats", "gateways", "shared_tickets"}


@pytest.fixture
def settings(tmp_path: Path, address: str | None) -> Settings:
    """Of the installation that is backed up."""
    return _settings(tmp_path, address)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backup.tar"


@pytest_asyncio.fixture(params=KINDS)
async def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """An installation with nothing but the keys."""
    if request.param == "sqlite":
        yield _settings(tmp_path / "elsewhere", None)
        return
    server = postgres_server()
    name = f"elsewhere_{tmp_path.name[-12:].replace('-', '_')}"
    yield _settings(tmp_path / "elsewhere", server.create(name))
    with server.connect() as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _settings(home: Path, url: str | None) -> Settings:
    (home / "keys").mkdir(parents=True, exist_ok=True)
    (home / "keys" / "master.key").write_bytes(MASTER_KEY)
    return Settings(home=home, database_url=url)


def _put_picture(settings: Settings) -> None:
    (settings.home / PICTURE).parent.mkdir(exist_ok=True)
    (settings.home / PICTURE).write_bytes(b"picture")


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def _opened(settings: Settings) -> SqlStore:
    return await SqlStore.open(
        settings.home, settings.database_url, master_key=MASTER_KEY, on_commit=lambda top: None, tz=ZONE
    )


async def _rows(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    def read(connection: object) -> dict[str, list[tuple[object, ...]]]:
        found = MetaData()
        found.reflect(connection)  # type: ignore[arg-type]
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)  # type: ignore[attr-defined]
            for table in found.sorted_tables
            if table.name not in TEMPORARY
        }

    return await store.database.read(read)


async def test_everything_is_there_again_in_whatever_kind_of_database(
    store: SqlStore, settings: Settings, elsewhere: Settings, backup: Path
) -> None:
    person = await enrol(store)
    await store.people.add_reference(person.id, sample(1), now_ms=1)
    await raise_alert(store, "one", person_id=person.id)
    user = await store.users.create(name="olga", role=Role.OPERATOR, password_hash="!", now_ms=1)
    before = await store.log.bounds()
    await store.log.advance({(user.id, "desk"): Cursor(before.epoch, before.top)}, now_ms=2)
    _put_picture(settings)
    kept = await _rows(store)
    done = await asyncio.to_thread(back_up, settings, backup)  # while the store is open
    assert (done.files, done.size_bytes, _mode(backup)) == (1, len(_bytes(backup)), 0o600)

    brought = await asyncio.to_thread(restore, elsewhere, backup, replace=False)
    assert (brought.rows, brought.files) == (done.rows, 1)
    again = await _opened(elsewhere)
    try:
        assert _bytes(elsewhere.home / PICTURE) == b"picture"
        found = await _rows(again)
        changed = {name for name in kept if kept[name] != found[name]}
        assert changed == {"meta", "person_references"}  # the epoch, and the versions of the gallery
        after = await again.log.bounds()
        assert (after.epoch != before.epoch, after.top) == (True, before.top)
        old = await store.people.gallery_changes(-1, MODEL)
        new = await again.people.gallery_changes(old.version, MODEL)
        assert new.reset
        assert [template.vector for template in new.templates] == [template.vector for template in old.templates]
        assert (await again.people.get(person.id)).id == person.id
        await again.users.create(name="otto", role=Role.OPERATOR, password_hash="!", now_ms=3)
        later = await raise_alert(again, "two", person_id=person.id)  # counters go on
        assert later.offset == after.top + 1
    finally:
        await again.close()


async def test_what_is_there_is_dropped_only_when_told(
    open_store: OpenStore, settings: Settings, backup: Path
) -> None:
    store = await open_store()
    await store.users.create(name="olga", role=Role.OPERATOR, password_hash="!", now_ms=1)
    await asyncio.to_thread(back_up, settings, backup)
    await store.users.create(name="since", role=Role.OPERATOR, password_hash="!", now_ms=2)
    await store.close()
    with pytest.raises(StoreError, match="--replace"):
        restore(settings, backup, replace=False)
    restore(settings, backup, replace=True)
    assert [user.name for user in await (await open_store()).users.list()] == ["olga"]


async def test_a_backup_that_is_damaged_or_sealed_otherwise_changes_nothing(
    open_store: OpenStore, settings: Settings, backup: Path
) -> None:
    store = await open_store()
    await store.users.create(name="olga", role=Role.OPERATOR, password_hash="!", now_ms=1)
    await asyncio.to_thread(back_up, settings, backup)
    await store.close()
    key = settings.home / "keys" / "master.key"
    _write(key, bytes(32))
    with pytest.raises(StoreError, match="master key"):
        restore(settings, backup, replace=True)
    await asyncio.to_thread(key.unlink)
    with pytest.raises(ConfigurationError, match="`keys`"):
        restore(settings, backup, replace=True)
    _write(key, MASTER_KEY)
    whole = _bytes(backup)
    _write(backup, whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        restore(settings, backup, replace=True)
    _write(backup, b"no backup at all")
    with pytest.raises(StoreError, match="not a backup"):
        restore(settings, backup, replace=True)
    _write(backup, bytes(tarfile.RECORDSIZE))
    with pytest.raises(StoreError, match="not a backup"):
        restore(settings, backup, replace=True)
    assert [user.name for user in await (await open_store()).users.list()] == ["olga"]


async def test_nothing_is_restored_under_a_gateway_that_runs(
    store: SqlStore, settings: Settings, backup: Path
) -> None:
    await asyncio.to_thread(back_up, settings, backup)
    if settings.database_url is None:
        with ServerLock(settings.run_folder), pytest.raises(Unavailable, match="another sightline"):
            await asyncio.to_thread(restore, settings, backup, replace=True)
        return
    await store.cluster.beat("gateway", 1, b"{}", now_ms=1)
    with pytest.raises(Unavailable, match="stop every gateway"):
        await asyncio.to_thread(restore, settings, backup, replace=True)


def test_tables_are_made_and_brought_up_to_date(tmp_path: Path) -> None:
    settings = _settings(tmp_path, None)
    with pytest.raises(NotFound):
        back_up(settings, tmp_path / "nothing.tar")
    first, again = upgrade_database(settings), upgrade_database(settings)
    assert (first.before, first.after, again.before) == (None, head(), head())
    back_up(settings, tmp_path / "empty.tar")
    with pytest.raises(StoreError, match="there already"):
        back_up(settings, tmp_path / "empty.tar")
