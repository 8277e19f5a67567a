"""Pictures of alerts, from an engine's blob to a file a person finds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sightline.events.alert import Alert, AlertType
from sightline.exceptions import Conflict, NotFound
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import NOON_MS, add_camera, alerting, enrol, event, silent

DAY_S = 24 * 60 * 60
NOON = "2026/1/1/12-0-5"


def files(home: Path) -> list[str]:
    media = home / "media"
    return sorted(str(file.relative_to(media)) for file in media.rglob("*") if file.is_file())


async def raise_with(
    store: SqlStore, key: str, blobs: dict[str, str], type: AlertType = AlertType.UNKNOWN_PERSON, **changed: object
) -> Alert:
    accepted = await store.alerts.accept(event(key, **changed), alerting(type=type), blobs=blobs, now_ms=NOON_MS)
    assert accepted.alert is not None
    return accepted.alert


async def test_both_pictures_of_an_alert(store: SqlStore, tmp_path: Path) -> None:
    person = await enrol(store)
    await store.pictures.put_incoming("blob-1", b"the frame")
    await store.pictures.put_incoming("blob-2", b"the face")
    alert = await raise_with(store, "k", {"snapshot": "blob-1", "probe": "blob-2"}, person_id=person.id)
    assert (alert.has_snapshot, alert.has_probe) == (True, True)
    assert await store.alerts.get(alert.id) == alert
    assert await store.pictures.read(alert.id, "snapshot") == b"the frame"
    assert await store.pictures.read(alert.id, "probe") == b"the face"
    assert files(tmp_path) == [f"probes/Ada/{NOON}.jpg", f"screenshots/Ada/{NOON}.jpg"]


async def test_strangers_and_cameras_have_folders_too(store: SqlStore, tmp_path: Path) -> None:
    camera = await add_camera(store, name="Back/Yard")
    types = (AlertType.UNKNOWN_PERSON, AlertType.CAMERA_OFFLINE, AlertType.CROWD_WARNING, AlertType.PERSON_DETECTED)
    for number, type in enumerate(types):
        await store.pictures.put_incoming(f"blob-{number}", b"x")
        await raise_with(store, str(number), {"snapshot": f"blob-{number}"}, type, camera_id=camera.id)
    folders = [f"screenshots/Back_Yard/{NOON}", f"screenshots/unknown/{NOON}"]
    assert files(tmp_path) == [f"{folder}{end}.jpg" for folder in folders for end in ("-2", "")]


async def test_pictures_of_one_second_are_numbered(store: SqlStore, tmp_path: Path) -> None:
    alerts = []
    for number in range(3):
        await store.pictures.put_incoming(f"blob-{number}", b"picture %d" % number)
        alerts.append(await raise_with(store, str(number), {"snapshot": f"blob-{number}"}))
    assert files(tmp_path) == [f"screenshots/unknown/{NOON}{end}.jpg" for end in ("-2", "-3", "")]
    for number, alert in enumerate(alerts):
        assert await store.pictures.read(alert.id, "snapshot") == b"picture %d" % number


async def test_a_file_of_an_earlier_life_is_not_overwritten(store: SqlStore, tmp_path: Path) -> None:
    earlier = tmp_path / "media" / "screenshots" / "unknown" / f"{NOON}.jpg"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(b"of an older database")
    await store.pictures.put_incoming("blob", b"new")
    alert = await raise_with(store, "k", {"snapshot": "blob"})
    assert earlier.read_bytes() == b"of an older database"
    assert await store.pictures.read(alert.id, "snapshot") == b"new"


async def test_a_picture_that_never_came(store: SqlStore) -> None:
    alert = await raise_with(store, "k", {"snapshot": "never-put"})
    assert not alert.has_snapshot
    with pytest.raises(NotFound):
        await store.pictures.read(alert.id, "snapshot")
    with pytest.raises(NotFound):
        await store.pictures.read("never-was", "snapshot")


async def test_a_blob_is_one_alerts_only(store: SqlStore) -> None:
    await store.pictures.put_incoming("blob", b"x")
    first = await raise_with(store, "1", {"snapshot": "blob"})
    await store.pictures.put_incoming("blob", b"y")
    second = await raise_with(store, "2", {"snapshot": "blob"})
    assert not second.has_snapshot
    assert await store.pictures.read(first.id, "snapshot") == b"x"


async def test_pictures_of_no_alert_are_removed(store: SqlStore, tmp_path: Path) -> None:
    await store.pictures.put_incoming("blob", b"x")
    await store.alerts.accept(event("k"), silent, blobs={"snapshot": "blob"}, now_ms=NOON_MS)
    assert files(tmp_path) == []


async def test_a_fact_sent_again_with_its_picture_leaves_no_second_one(store: SqlStore, tmp_path: Path) -> None:
    for _ in range(2):
        await store.pictures.put_incoming("blob", b"x")
        alert = await raise_with(store, "k", {"snapshot": "blob"})
    assert files(tmp_path) == [f"screenshots/unknown/{NOON}.jpg"]
    assert await store.pictures.read(alert.id, "snapshot") == b"x"


@pytest.mark.parametrize("blob_id", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\0", "x" * 129, "ä", "a\n"])
async def test_a_blob_id_is_no_path(store: SqlStore, tmp_path: Path, blob_id: str) -> None:
    with pytest.raises(Conflict, match="blob id"):
        await store.pictures.put_incoming(blob_id, b"x")
    alert = await raise_with(store, "k", {"snapshot": blob_id})
    assert not alert.has_snapshot
    assert files(tmp_path) == []


async def test_a_role_that_nobody_shows_is_dropped(store: SqlStore, tmp_path: Path) -> None:
    await store.pictures.put_incoming("blob", b"x")
    alert = await raise_with(store, "k", {"selfie": "blob"})
    assert (alert.has_snapshot, alert.has_probe) == (False, False)
    assert files(tmp_path) == []


async def test_a_blob_put_again_is_replaced(store: SqlStore) -> None:
    for data in (b"torn", b"whole"):
        await store.pictures.put_incoming("blob", data)
    alert = await raise_with(store, "k", {"snapshot": "blob"})
    assert await store.pictures.read(alert.id, "snapshot") == b"whole"


async def test_a_picture_not_moved_before_a_crash_is_found(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.pictures.put_incoming("blob", b"x")
    alert = await raise_with(store, "k", {"snapshot": "blob"})
    moved, incoming = tmp_path / f"media/screenshots/unknown/{NOON}.jpg", tmp_path / "media/incoming/blob.jpg"
    moved.rename(incoming)
    assert await store.pictures.read(alert.id, "snapshot") == b"x"
    assert moved.exists()
    moved.rename(incoming)
    await store.close()
    store = await open_store()
    assert moved.exists() and not incoming.exists()
    assert await store.pictures.read(alert.id, "snapshot") == b"x"


async def test_orphans_are_removed_after_a_day(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    for blob_id in ("old", "young"):
        await store.pictures.put_incoming(blob_id, b"x")
    await store.close()
    incoming = tmp_path / "media" / "incoming"
    draft = incoming / ".0123.part"
    draft.write_bytes(b"half")
    for file in (incoming / "old.jpg", draft):
        written_s = file.stat().st_mtime - DAY_S - 60
        os.utime(file, (written_s, written_s))
    await open_store()
    assert files(tmp_path) == ["incoming/young.jpg"]


async def test_a_picture_that_was_deleted_by_hand(store: SqlStore, tmp_path: Path) -> None:
    await store.pictures.put_incoming("blob", b"x")
    alert = await raise_with(store, "k", {"snapshot": "blob"})
    (tmp_path / f"media/screenshots/unknown/{NOON}.jpg").unlink()
    with pytest.raises(NotFound):
        await store.pictures.read(alert.id, "snapshot")
