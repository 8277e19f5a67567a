"""Erasing a person: what goes, what stays, and that it is gone from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.events.alert import Severity
from sightline.exceptions import NotFound
from sightline.identities.sighting import Appearance
from sightline.identities.subject import ErasureReceipt
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import NOON_MS, OPERATORS, alerting, enrol, event, raise_alert, sample, silent
from tests.contract.tracks import leave


async def test_the_receipt_counts_what_was_erased(store: SqlStore) -> None:
    person = await enrol(store)
    for number in range(2):
        await store.people.add_reference(person.id, sample(number), now_ms=1)
    about = {"person_id": person.id, "subject_id": person.id}
    await store.pictures.put_incoming("frame", b"x")
    await store.pictures.put_incoming("face", b"y")
    blobs = {"snapshot": "frame", "probe": "face"}
    await store.alerts.accept(event("1", **about), alerting(), blobs=blobs, now_ms=NOON_MS)
    await store.alerts.accept(event("2", **about), silent, blobs={}, now_ms=NOON_MS)
    await raise_alert(store, "3")
    receipt = await store.people.erase(person.id, now_ms=NOON_MS + 1000)
    assert receipt == ErasureReceipt(
        person_id=person.id, erased_at_ms=NOON_MS + 1000, references=2, alerts=1, events=2, pictures=2
    )


async def test_when_cameras_saw_somebody_is_known_until_they_are_erased(store: SqlStore) -> None:
    person = await enrol(store)
    about = {"person_id": person.id, "subject_id": person.id}
    await store.alerts.accept(event("1", **about), silent, blobs={}, now_ms=NOON_MS)
    await store.alerts.accept(event("2"), silent, blobs={}, now_ms=NOON_MS)
    await leave(store, 1, person_id=person.id, camera_id="camera-2")
    await leave(store, 2)
    seen = await store.people.appearances(person.id)
    assert sorted(seen, key=lambda one: one.camera_id) == [
        Appearance("camera-1", NOON_MS, NOON_MS), Appearance("camera-2", NOON_MS + 1000, NOON_MS + 1500)
    ]  # fmt: skip
    await store.people.erase(person.id, now_ms=NOON_MS)
    with pytest.raises(NotFound):
        await store.people.appearances(person.id)


async def test_nothing_of_the_person_is_left(store: SqlStore, tmp_path: Path) -> None:
    person, other = await enrol(store), await enrol(store, "Bob")
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    kept = await store.people.add_reference(other.id, sample(2), now_ms=1)
    watch_list = await store.watch_lists.create(name="L", severity=Severity.INFO, enabled=True, now_ms=1)
    for member in (person, other):
        await store.watch_lists.add_person(watch_list.id, member.id)
    await store.people.erase(person.id, now_ms=2)
    for call in (
        store.people.get(person.id), store.people.references(person.id), store.people.sample(reference.id),
        store.people.erase(person.id, now_ms=3),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await call
    assert (await store.people.list())[1] == 1
    assert (await store.watch_lists.get(watch_list.id)).people == 1
    assert await store.people.sample(kept.id) == b"JPEG of sample 2"


async def test_history_stays_about_nobody(store: SqlStore, tmp_path: Path) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    why = {
        "rule": "watch_list",
        "samples": [{"person_id": person.id, "quality": 0.9}, {"person_id": "other", "quality": 0.8}],
        "best": reference.id,
    }
    await store.pictures.put_incoming("frame", b"x")
    accepted = await store.alerts.accept(
        event("1", person_id=person.id, subject_id=person.id, data={"who": [person.id]}),
        alerting(why=why, reference_id=reference.id, similarity=0.8), blobs={"snapshot": "frame"}, now_ms=NOON_MS,
    )  # fmt: skip
    assert accepted.alert is not None
    await store.alerts.acknowledge(accepted.alert.id, by="grace", verdict=None, now_ms=NOON_MS)
    log = await store.log.page(0, 10)
    await store.people.erase(person.id, now_ms=NOON_MS + 1)
    alert = await store.alerts.get(accepted.alert.id)
    assert (alert.person_id, alert.subject_id, alert.reference_id) == (None, "erased", None)
    assert (alert.has_snapshot, alert.similarity, alert.by) == (False, 0.8, "grace")
    assert alert.why == {
        "rule": "watch_list",
        "samples": [{"person_id": None, "quality": 0.9}, {"person_id": "other", "quality": 0.8}],
        "best": None,
    }
    assert await store.log.page(0, 10) == log
    assert await store.alerts.list(tags=OPERATORS, person_id=person.id) == []
    with pytest.raises(NotFound):
        await store.pictures.read(alert.id, "snapshot")
    assert not (tmp_path / "media" / "screenshots" / "Ada").exists()


async def test_pictures_of_others_in_the_same_folder_stay(store: SqlStore, tmp_path: Path) -> None:
    ada, namesake = await enrol(store), await enrol(store, "Ada", "Byron")
    alerts = {}
    for person in (ada, namesake):
        await store.pictures.put_incoming(person.id, b"x")
        accepted = await store.alerts.accept(
            event(person.id, person_id=person.id, subject_id=person.id), alerting(),
            blobs={"snapshot": person.id}, now_ms=NOON_MS,
        )  # fmt: skip
        assert accepted.alert is not None
        alerts[person.id] = accepted.alert
    await store.people.erase(ada.id, now_ms=NOON_MS)
    assert await store.pictures.read(alerts[namesake.id].id, "snapshot") == b"x"
    assert len(list((tmp_path / "media" / "screenshots" / "Ada").rglob("*.jpg"))) == 1


async def test_a_picture_still_on_its_way_is_removed_too(store: SqlStore, tmp_path: Path) -> None:
    person = await enrol(store)
    await store.pictures.put_incoming("frame", b"x")
    await store.alerts.accept(
        event("1", person_id=person.id, subject_id=person.id), alerting(), blobs={"snapshot": "frame"}, now_ms=NOON_MS
    )
    (placed,) = (tmp_path / "media" / "screenshots").rglob("*.jpg")
    placed.rename(tmp_path / "media" / "incoming" / "frame.jpg")
    await store.people.erase(person.id, now_ms=NOON_MS)
    assert list((tmp_path / "media").rglob("*.jpg")) == []


async def test_pictures_doomed_before_a_crash_are_removed_at_the_next_start(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store()
    person = await enrol(store)
    await store.pictures.put_incoming("frame", b"x")
    await store.alerts.accept(
        event("1", person_id=person.id, subject_id=person.id), alerting(), blobs={"snapshot": "frame"}, now_ms=NOON_MS
    )
    (picture,) = (tmp_path / "media" / "screenshots").rglob("*.jpg")
    picture.unlink()
    picture.mkdir()  # what no disk lets go as a file
    await store.people.erase(person.id, now_ms=NOON_MS)
    assert picture.exists()
    await store.close()
    picture.rmdir()
    picture.write_bytes(b"x")
    await open_store()
    assert not (tmp_path / "media" / "screenshots" / "Ada").exists()
