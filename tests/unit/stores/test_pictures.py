"""Pictures while the disk is too busy to move them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
import pytest_asyncio

from sightline.exceptions import Unavailable
from sightline.stores import SqlStore
from sightline.stores.alerts import Alerts
from sightline.stores.media import MediaFolder
from sightline.stores.people import People
from sightline.stores.pictures import AlertPictures
from sightline.stores.vault import Vault
from sightline.stores.workers import Workers
from tests.contract.facts import NOON_MS, alerting, enrol, event

KEY = bytes(range(32))


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    made = await SqlStore.open(tmp_path, None, master_key=KEY, on_commit=lambda top: None, tz=UTC)
    yield made
    await made.close()


class BusyDisk:
    """Repositories over the same data whose only thread for files is held until `free`."""

    def __init__(self, store: SqlStore, home: Path) -> None:
        self._gate = threading.Event()
        self._workers = Workers("busy", threads=1, limit=1)
        self.pictures = AlertPictures(store.database, MediaFolder(home / "media"), self._workers, UTC)
        self.alerts = Alerts(store.database, self.pictures, Vault(KEY))
        self.people = People(store.database, Vault(KEY), self.pictures)

    async def hold(self) -> None:
        self._held = asyncio.ensure_future(self._workers.run(self._gate.wait))
        await asyncio.sleep(0)

    async def free(self) -> None:
        self._gate.set()
        await self._held
        await self._workers.close()


async def test_a_fact_is_accepted_while_its_picture_waits(store: SqlStore, tmp_path: Path) -> None:
    await store.pictures.put_incoming("frame", b"x")
    busy = BusyDisk(store, tmp_path)
    await busy.hold()
    accepted = await busy.alerts.accept(event("k"), alerting(), blobs={"snapshot": "frame"}, now_ms=NOON_MS)
    with pytest.raises(Unavailable):
        await busy.pictures.put_incoming("other", b"y")
    await busy.free()
    assert accepted.alert is not None and accepted.alert.has_snapshot
    assert await store.pictures.read(accepted.alert.id, "snapshot") == b"x"


async def test_a_person_is_erased_while_their_pictures_wait(store: SqlStore, tmp_path: Path) -> None:
    person = await enrol(store)
    await store.pictures.put_incoming("frame", b"x")
    about = event("k", person_id=person.id, subject_id=person.id)
    await store.alerts.accept(about, alerting(), blobs={"snapshot": "frame"}, now_ms=NOON_MS)
    folder = tmp_path / "media" / "screenshots" / "Ada"
    busy = BusyDisk(store, tmp_path)
    await busy.hold()
    receipt = await busy.people.erase(person.id, now_ms=NOON_MS)
    await busy.free()
    assert (receipt.pictures, folder.exists()) == (1, True)
    await store.pictures.heal(NOON_MS)
    assert not folder.exists()
