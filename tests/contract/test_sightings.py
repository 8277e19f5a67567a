"""Sightings: accepted once, found again, sealed, and gone when their time or their person is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.exceptions import NotFound
from sightline.identities.templates import TemplateProgress
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import MODEL, NOON_MS, OPERATORS, alerting, enrol, event, raise_alert, sample
from tests.contract.tracks import CURVE, leave, strangers_of, track, vector


async def test_what_a_track_left_is_found_again(store: SqlStore) -> None:
    ada = await enrol(store)
    left = await leave(store, 1, person_id=ada.id, similarity=0.9, live=0.97)
    assert (left.camera_id, left.model_id, left.person_id, left.stranger_id) == ("camera-1", MODEL, ada.id, None)
    assert (left.first_seen_ms, left.last_seen_ms) == (NOON_MS + 1000, NOON_MS + 1500)
    assert (left.similarity, left.quality, left.live, left.width_px, left.samples) == (0.9, 0.51, 0.97, 60.0, 6)
    assert await store.sightings.get(left.id) == left
    assert await store.sightings.by_keys([left.key, 999]) == {left.key: left}
    assert await store.sightings.picture(left.id) == b"JPEG of track 1"
    assert await store.sightings.template(left.id) == (MODEL, vector(1, 0))
    assert await store.sightings.count() == 1
    for call in (store.sightings.get("x"), store.sightings.picture("x"), store.sightings.template("x")):
        with pytest.raises(NotFound):
            await call


async def test_a_track_leaves_one_sighting_however_often_it_is_told(store: SqlStore) -> None:
    left = await leave(store, 1)
    assert not await store.sightings.accept(track(1, sample=b"another"), now_ms=NOON_MS + 9)
    assert await store.sightings.list() == [left]
    assert await store.sightings.picture(left.id) == b"JPEG of track 1"


async def test_a_page_is_the_newest_first_and_the_next_goes_on(store: SqlStore) -> None:
    for number in range(5):
        await leave(store, number, last_seen_ms=NOON_MS + number // 2)  # two of them at the same time
    seen = []
    before = None
    while page := await store.sightings.list(before=before, limit=2):
        seen += page
        before = (page[-1].last_seen_ms, page[-1].id)
    assert sorted(one.track_id for one in seen) == [f"track-{number}" for number in range(5)]
    assert [one.last_seen_ms for one in seen] == sorted((one.last_seen_ms for one in seen), reverse=True)


async def test_filters(store: SqlStore) -> None:
    ada = await enrol(store)
    await leave(store, 1, person_id=ada.id)
    await leave(store, 2, camera_id="camera-2")
    await strangers_of(store, ("g", [3]))

    async def numbers(**wanted: object) -> set[str]:
        return {one.track_id.removeprefix("track-") for one in await store.sightings.list(**wanted)}  # type: ignore[arg-type]

    assert await numbers(camera_id="camera-2") == {"2"}
    assert await numbers(person_id=ada.id) == await numbers(known=True) == {"1"}
    assert await numbers(known=False) == {"2", "3"}
    assert await numbers(stranger_id="g") == {"3"}
    assert await numbers(from_ms=NOON_MS + 2500) == {"2", "3"}, "a sighting that ends in the time is in it"
    assert await numbers(to_ms=NOON_MS + 2000) == {"1", "2"}, "and so is one that begins in it"
    assert await numbers(from_ms=NOON_MS + 1600, to_ms=NOON_MS + 1900) == set()


async def test_the_curve_is_what_the_newest_engine_says(store: SqlStore) -> None:
    assert await store.sightings.curve(MODEL) is None
    await leave(store, 1)
    assert await store.sightings.curve(MODEL) == CURVE
    newer = type(CURVE)(0.4, 10.0)
    await leave(store, 2, curve=newer)
    assert await store.sightings.curve(MODEL) == newer


async def test_nothing_readable_is_on_the_disk(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    ada = await enrol(store)
    await leave(store, 1, person_id=ada.id)
    await strangers_of(store, ("g", [2]))
    await leave(store, 3)
    await raise_alert(
        store, "1", person_id=ada.id, subject_id=ada.id, template=(MODEL, b"template of the alert in clear")
    )
    await store.close()
    content = _bytes_of(tmp_path)
    assert b"JPEG of track" not in content and vector(2, 0) * 2 not in content and b"in clear" not in content
    again = await open_store()
    pictures = {await again.sightings.picture(one.id) for one in await again.sightings.list()}
    assert pictures == {b"JPEG of track 1", b"JPEG of track 2", b"JPEG of track 3"}


async def test_erasing_a_person_takes_their_sightings_along(store: SqlStore) -> None:
    ada, ben = await enrol(store), await enrol(store, "Ben")
    for number in (1, 2):
        await leave(store, number, person_id=ada.id)
    kept = await leave(store, 3, person_id=ben.id)
    await store.negatives.reject_sighting(kept.id, ada.id, by="grace", now_ms=NOON_MS)
    receipt = await store.people.erase(ada.id, now_ms=NOON_MS)
    assert (receipt.sightings, receipt.negatives) == (2, 1)
    assert await store.sightings.list() == [kept]
    assert not await store.sightings.accept(track(4, person_id=ada.id), now_ms=NOON_MS), "what comes late is not kept"
    assert await store.sightings.count() == 1
    assert await store.sightings.picture(kept.id) == b"JPEG of track 3"


async def test_an_alert_from_when_the_person_was_nobody_yet_loses_its_pictures(store: SqlStore) -> None:
    await store.pictures.put_incoming("frame", b"x")
    accepted = await store.alerts.accept(
        event("track-1:unknown", kind="unknown"), alerting(why={"stranger": {"number": 1}, "rule": "unknown_person"}),
        blobs={"snapshot": "frame"}, now_ms=NOON_MS,
    )  # fmt: skip
    assert accepted.alert is not None
    await strangers_of(store, ("g", [1]))
    ada = await enrol(store)
    await store.strangers.enrol("g", ada.id, now_ms=NOON_MS)
    assert await store.pictures.read(accepted.alert.id, "snapshot") == b"x"
    receipt = await store.people.erase(ada.id, now_ms=NOON_MS)
    assert (receipt.sightings, receipt.pictures) == (1, 1)
    with pytest.raises(NotFound):
        await store.pictures.read(accepted.alert.id, "snapshot")
    (alert,) = await store.alerts.list(tags=OPERATORS)
    assert alert.why == {"rule": "unknown_person"}


async def test_retention_forgets_what_is_old_and_the_strangers_with_it(store: SqlStore) -> None:
    await strangers_of(store, ("old", [1, 2]), ("both", [3, 9]))
    await store.strangers.place([((await leave(store, 4)).key, "merged", True)], now_ms=NOON_MS)
    await store.strangers.merge("merged", "both")
    before_ms = NOON_MS + 5000
    assert await store.sightings.prune(before_ms, limit=3) == 3
    assert await store.sightings.prune(before_ms, limit=3) == 1
    assert await store.sightings.prune(before_ms) == 0
    assert [one.track_id for one in await store.sightings.list()] == ["track-9"]
    (left,) = await store.strangers.list()
    assert (left.id, left.sightings, left.merged) == ("both", 1, ())


async def test_a_sample_of_a_person_cannot_be_passed_off_as_another_sighting(store: SqlStore) -> None:
    ada = await enrol(store)
    reference = await store.people.add_reference(ada.id, sample(1), now_ms=1)
    left = await leave(store, 1, person_id=ada.id)
    assert await store.people.templates(ada.id) == [(MODEL, b"template 1")]
    assert await store.sightings.picture(left.id) != await store.people.sample(reference.id)


def _bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


async def test_sightings_of_another_model_are_embedded_anew_the_newest_first(store: SqlStore) -> None:
    ada = await enrol(store)
    known, older = await leave(store, 1, person_id=ada.id), await leave(store, 2, model_id="zz")
    await strangers_of(store, ("g", [3]))
    (grouped,) = [one for one in await store.sightings.list() if one.track_id == "track-3"]
    await leave(store, 4, model_id="new")
    assert await store.sightings.progress("new") == TemplateProgress(samples=4, done=1, failed=0)
    first = await store.sightings.outdated("new", limit=2)
    assert [(one.sighting_id, one.sample) for one in first] == [
        (older.id, b"JPEG of track 2"), (grouped.id, b"JPEG of track 3")
    ]  # fmt: skip
    (rest,) = await store.sightings.outdated("new", after=(first[1].model_id, first[1].key))
    assert rest.sighting_id == known.id

    assert await store.sightings.embed(known.id, "new", vector(7, 7), CURVE)
    assert await store.sightings.embed(older.id, "new", None, None), "no face was found"
    assert not await store.sightings.embed("gone", "new", vector(7, 7), CURVE)
    assert not await store.sightings.embed("gone", "new", None, None)
    assert await store.sightings.template(known.id) == ("new", vector(7, 7))
    assert await store.sightings.template(older.id) == ("zz", vector(2, 0))
    assert await store.sightings.picture(known.id) == b"JPEG of track 1"
    assert (await store.sightings.get(known.id)).person_id == ada.id
    assert await store.sightings.curve("new") == CURVE
    assert [one.sighting_id for one in await store.sightings.outdated("new")] == [grouped.id]
    assert await store.sightings.progress("new") == TemplateProgress(samples=4, done=2, failed=1)
    assert len(await store.sightings.outdated(MODEL)) == 3, "the way back is open"
    assert (await store.people.erase(ada.id, now_ms=NOON_MS)).sightings == 1
