"""Opening a store, and what lies on the disk."""

from __future__ import annotations

import resource
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC
from pathlib import Path

import pytest
import pytest_asyncio

from sightline.exceptions import ConfigurationError, StoreError, Unavailable
from sightline.stores import SqlStore
from sightline.stores.erasure import blank
from tests.contract.facts import NOON_MS, add_camera, alerting, enrol, event, sample

KEY = bytes(range(32))


async def opened(home: Path, *, key: bytes = KEY, url: str | None = None) -> SqlStore:
    return await SqlStore.open(home, url, master_key=key, on_commit=lambda top: None, tz=UTC)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    made = await opened(tmp_path)
    yield made
    await made.close()


def names_on_disk(home: Path) -> str:
    return " ".join(str(path) for path in home.rglob("*"))


def bytes_on_disk(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file())


async def test_another_master_key_is_refused(tmp_path: Path) -> None:
    await (await opened(tmp_path)).close()
    with pytest.raises(StoreError, match="master key is not the one"):
        await opened(tmp_path, key=bytes(32))
    await (await opened(tmp_path)).close()


async def test_a_damaged_canary_is_refused(tmp_path: Path) -> None:
    await (await opened(tmp_path)).close()
    with sqlite3.connect(tmp_path / "sightline.db") as database:
        database.execute("UPDATE meta SET value = 'not even hexadecimal' WHERE key = 'canary'")
    database.close()
    with pytest.raises(StoreError, match="master key"):
        await opened(tmp_path)


async def test_the_database_may_lie_elsewhere(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere.db"
    await (await opened(home, url=f"sqlite:///{elsewhere}")).close()
    assert elsewhere.exists()
    assert not (home / "sightline.db").exists()


async def test_an_address_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        await opened(tmp_path, url="oracle://db")


async def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match="cannot be made"):
        await opened(tmp_path / "home")


async def test_everything_is_its_owners(store: SqlStore, tmp_path: Path) -> None:
    await add_camera(store)
    files = [tmp_path / f"sightline.db{end}" for end in ("", "-wal", "-shm")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "media").stat().st_mode) == 0o700


async def test_secrets_are_never_in_the_clear_on_disk(store: SqlStore, tmp_path: Path) -> None:
    person = await enrol(store)
    camera = await add_camera(store)
    await store.people.add_reference(
        person.id, sample(1, sample=b"<the picture of a face>", vector=b"<the template of a face>"), now_ms=1
    )
    for secret in (b"<the picture of a face>", b"<the template of a face>", b"pr1vate", camera.source.encode()):
        assert secret not in bytes_on_disk(tmp_path)


@pytest.mark.parametrize("pictured", [True, False])
async def test_erasing_leaves_nothing_on_disk(store: SqlStore, tmp_path: Path, pictured: bool) -> None:
    person = await enrol(store, "Zaphod", "Beeblebrox")
    for number in range(5):
        reference = sample(number, file_name=f"zaphod-{number}.png", sample=bytes([number]) * 9000)
        await store.people.add_reference(person.id, reference, now_ms=1)
    blobs = {"snapshot": "frame"} if pictured else {}
    for blob_id in blobs.values():
        await store.pictures.put_incoming(blob_id, b"<a frame of Zaphod>")
    about = {"person_id": person.id, "subject_id": person.id}
    await store.alerts.accept(event("k", **about), alerting(), blobs=blobs, now_ms=NOON_MS)
    with sqlite3.connect(tmp_path / "sightline.db") as database:
        (key,) = database.execute("SELECT sealed_key FROM people").fetchone()
        sealed = [row[0] for row in database.execute("SELECT sealed_sample FROM person_references")]
    database.close()
    before = bytes_on_disk(tmp_path)
    assert key in before and b"Beeblebrox" in before and b"zaphod-3.png" in before
    await store.people.erase(person.id, now_ms=NOON_MS)
    after = bytes_on_disk(tmp_path)
    for trace in (b"Zaphod", b"zaphod", b"Beeblebrox", b"beeblebrox", b"<a frame", key, *(s[:500] for s in sealed)):
        assert trace not in after
    assert "Zaphod" not in names_on_disk(tmp_path)


@pytest.mark.parametrize("column", ["sealed_sample", "sealed_vector"])
async def test_a_tampered_reference_is_refused(store: SqlStore, tmp_path: Path, column: str) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    with sqlite3.connect(tmp_path / "sightline.db") as database:
        (sealed,) = database.execute(f"SELECT {column} FROM person_references").fetchone()
        tampered = sealed[:-1] + bytes([sealed[-1] ^ 1])
        database.execute(f"UPDATE person_references SET {column} = ?", (tampered,))
    database.close()
    with pytest.raises(StoreError, match="cannot be opened"):
        if column == "sealed_sample":
            await store.people.sample(reference.id)
        else:
            await store.people.gallery_changes(0, reference.model_id)


async def test_one_persons_sample_does_not_pass_for_anothers(store: SqlStore, tmp_path: Path) -> None:
    references = []
    for number, name in enumerate(("Ada", "Bob")):
        person = await enrol(store, name)
        references.append(await store.people.add_reference(person.id, sample(number), now_ms=1))
    with sqlite3.connect(tmp_path / "sightline.db") as database:
        database.execute(
            "UPDATE person_references SET sealed_sample = "
            "(SELECT sealed_sample FROM person_references WHERE id = ?) WHERE id = ?",
            (references[0].id, references[1].id),
        )
    database.close()
    with pytest.raises(StoreError):
        await store.people.sample(references[1].id)


@pytest.fixture
def small_files() -> Iterator[None]:
    """Lets this process write no file beyond 3 MB, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
async def test_a_disk_that_takes_no_more(store: SqlStore) -> None:
    person = await enrol(store)
    await store.people.add_reference(person.id, sample(0, sample=b"x" * 100_000), now_ms=1)
    accepted = 1
    with pytest.raises(Unavailable, match="the disk"):
        for number in range(1, 100):
            await store.people.add_reference(person.id, sample(number, sample=b"x" * 100_000), now_ms=1)
            accepted += 1
    assert 1 < accepted < 99
    assert len(await store.people.references(person.id)) == accepted
    with pytest.raises(Unavailable, match="the disk is full"):
        await store.pictures.put_incoming("huge", b"x" * 4_000_000)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await store.people.add_reference(person.id, sample(200, sample=b"x" * 100_000), now_ms=1)
    assert len(await store.people.references(person.id)) == accepted + 1


def test_blanking_reaches_every_depth_and_nothing_else() -> None:
    trace = {"a": ["x", {"b": ("x", "y", 1)}], "x": None, "c": "xx", "d": 0.5}
    assert blank(trace, {"x"}) == {"a": [None, {"b": [None, "y", 1]}], "x": None, "c": "xx", "d": 0.5}


async def test_alerts_that_a_commit_raised_are_handed_on_as_they_are_on_disk(tmp_path: Path) -> None:
    """Before anybody hears that the log grew; a duplicate, and what was not kept, is no new alert."""
    told: list[object] = []
    store = await SqlStore.open(
        tmp_path, None, master_key=KEY, on_commit=told.append, tz=UTC, on_alerts=lambda alerts: told.append(alerts)
    )
    try:
        await add_camera(store)
        accepted = await store.alerts.accept(event("k"), alerting(), blobs={}, now_ms=NOON_MS)
        assert accepted.alert is not None
        assert told == [[await store.alerts.get(accepted.alert.id)], 1]
        await store.alerts.accept(event("k"), alerting(), blobs={}, now_ms=NOON_MS)
        with pytest.raises(ZeroDivisionError):
            await store.alerts.accept(event("l"), lambda event, context: 1 / 0, blobs={}, now_ms=NOON_MS)  # type: ignore[arg-type,return-value]
        assert len(told) == 2
    finally:
        await store.close()
