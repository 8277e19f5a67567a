"""Strangers: numbered groups that people merge, split, ignore, enrol and erase."""

from __future__ import annotations

import pytest

from sightline.exceptions import Conflict, NotFound
from sightline.identities.sighting import Stranger, StrangerState
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import MODEL, NOON_MS, OPERATORS, alerting, enrol, event
from tests.contract.tracks import leave, strangers_of, vector


async def members(store: SqlStore, stranger_id: str) -> set[str]:
    return {one.track_id.removeprefix("track-") for one in await store.sightings.list(stranger_id=stranger_id)}


async def test_a_group_has_a_number_a_count_and_a_best_picture(store: SqlStore) -> None:
    await strangers_of(store, ("a", [1, 3]), ("b", [2]))
    second, first = await store.strangers.list()
    best = next(one for one in await store.sightings.list() if one.track_id == "track-3")
    assert first == Stranger(
        id="a", number=1, state=StrangerState.OPEN, created_at_ms=NOON_MS, merged_into=None, sightings=2,
        first_seen_ms=NOON_MS + 1000, last_seen_ms=NOON_MS + 3500, best_sighting_id=best.id,
    )  # fmt: skip
    assert (second.id, second.number) == ("b", 2)
    assert await store.strangers.get("a") == first
    assert await store.strangers.list(before=2) == [first]
    assert (best.stranger_id, best.stranger_number, best.person_id) == ("a", 1, None)
    assert await store.sightings.picture(best.id) == b"JPEG of track 3"


async def test_a_sighting_is_placed_once(store: SqlStore) -> None:
    sighting = await leave(store, 1)
    assert await store.strangers.place([(sighting.key, "a", True)], now_ms=NOON_MS) == 1
    assert await store.strangers.place([(sighting.key, "b", True), (77, "c", True)], now_ms=NOON_MS) == 0
    assert [one.id for one in await store.strangers.list()] == ["a"]
    joins = await leave(store, 2, decided=False)
    assert await store.strangers.place([(joins.key, "gone", False)], now_ms=NOON_MS) == 0, "its group was erased"
    assert await store.strangers.place([(joins.key, None, False)], now_ms=NOON_MS) == 1
    assert await store.strangers.place([(joins.key, "a", False)], now_ms=NOON_MS) == 0
    assert await members(store, "a") == {"1"}


async def test_sightings_of_the_enrolled_are_not_placed(store: SqlStore) -> None:
    ada = await enrol(store)
    hers = await leave(store, 1, person_id=ada.id)
    perhaps_hers = await leave(store, 2, decided=False, similarity=0.7)
    placements = [(one.key, "a", True) for one in (hers, perhaps_hers)]
    assert await store.strangers.place(placements, now_ms=NOON_MS) == 0
    assert await store.strangers.list() == []


async def test_merging_and_undoing_it(store: SqlStore) -> None:
    await strangers_of(store, ("a", [1]), ("b", [2]), ("c", [3]))
    await store.strangers.merge("b", "a")
    merged = await store.strangers.merge("a", "c")
    assert (merged.id, merged.sightings, merged.merged) == ("c", 3, (1, 2))
    assert await members(store, "c") == {"1", "2", "3"}
    assert await members(store, "b") == {"2"}, "what was merged can still be looked at alone"
    assert [one.id for one in await store.strangers.list()] == ["c"]
    assert {(one.id, one.merged_into) for one in await store.strangers.list(state=StrangerState.MERGED)} == {
        ("a", 3), ("b", 1)
    }  # fmt: skip
    for wrong in (store.strangers.merge("b", "c"), store.strangers.merge("c", "b"), store.strangers.merge("c", "c")):
        with pytest.raises(Conflict):
            await wrong
    assert (await store.strangers.unmerge("a")).merged == (2,), "what was merged into it before comes along"
    assert (await members(store, "a"), await members(store, "c")) == ({"1", "2"}, {"3"})
    await store.strangers.unmerge("b")
    assert (await members(store, "a"), await members(store, "b")) == ({"1"}, {"2"})
    with pytest.raises(Conflict):
        await store.strangers.unmerge("b")
    assert [one.number for one in await store.strangers.list()] == [3, 2, 1]


async def test_what_is_placed_in_a_merged_group_counts_for_the_one_it_went_into(store: SqlStore) -> None:
    await strangers_of(store, ("a", [1]), ("b", [2]))
    await store.strangers.merge("b", "a")
    await store.strangers.place([((await leave(store, 3)).key, "b", False)], now_ms=NOON_MS)
    assert await members(store, "a") == {"1", "2", "3"}
    ref = await store.strangers.ref("b")
    assert ref is not None and (ref.id, ref.number, ref.sightings, ref.ignored) == ("a", 1, 3, False)
    assert await store.strangers.ref("x") is None


async def test_splitting_a_wrong_sighting_out(store: SqlStore) -> None:
    await strangers_of(store, ("a", [1, 2]), ("b", [3]))
    await store.strangers.merge("b", "a")
    wrong = {one.track_id: one for one in await store.sightings.list()}
    new = await store.strangers.split("a", wrong["track-3"].id, now_ms=NOON_MS)
    assert (new.number, new.sightings) == (3, 1)
    assert (await members(store, "a"), await members(store, new.id)) == ({"1", "2"}, {"3"})
    assert await store.strangers.list(state=StrangerState.MERGED) == [], "nothing is left of the group that it was in"
    with pytest.raises(NotFound):
        await store.strangers.split("a", wrong["track-3"].id, now_ms=NOON_MS)
    with pytest.raises(Conflict):
        await store.strangers.split(new.id, wrong["track-3"].id, now_ms=NOON_MS)
    assert await store.strangers.place([(wrong["track-3"].key, "a", False)], now_ms=NOON_MS) == 0, "it stays out"


async def test_ignoring(store: SqlStore) -> None:
    await strangers_of(store, ("a", [1]), ("b", [2]))
    assert (await store.strangers.ignore("a", ignored=True)).state is StrangerState.IGNORED
    ref = await store.strangers.ref("a")
    assert ref is not None and ref.ignored
    assert [one.id for one in await store.strangers.list(state=StrangerState.IGNORED)] == ["a"]
    assert [one.id for one in await store.strangers.list(state=StrangerState.OPEN)] == ["b"]
    assert (await store.strangers.ignore("a", ignored=False)).state is StrangerState.OPEN


async def test_enrolling_makes_a_person_of_the_best_samples(store: SqlStore) -> None:
    await strangers_of(store, ("a", list(range(1, 8))), ("b", [8]))
    await store.strangers.merge("b", "a")
    ada = await enrol(store)
    references = await store.strangers.enrol("a", ada.id, now_ms=NOON_MS)
    assert [reference.quality for reference in references] == [0.58, 0.57, 0.56, 0.55, 0.54]
    assert await store.people.sample(references[0].id) == b"JPEG of track 8"
    assert (MODEL, vector(8, 0)) in await store.people.templates(ada.id)
    sightings = await store.sightings.list(person_id=ada.id)
    assert len(sightings) == 8 and all(one.stranger_id is None for one in sightings)
    assert await store.sightings.picture(sightings[0].id) == b"JPEG of track 8"
    assert await store.strangers.list() == []
    await strangers_of(store, ("c", [9]))
    assert (await store.strangers.list())[0].number == 3, "no number is given twice"
    assert (await store.people.erase(ada.id, now_ms=NOON_MS)).sightings == 8


async def test_the_same_picture_of_two_sightings_is_enrolled_once(store: SqlStore) -> None:
    for number in (1, 2):
        sighting = await leave(store, number, sample=b"JPEG that two cameras gave")
        await store.strangers.place([(sighting.key, "a", True)], now_ms=NOON_MS)
    ada = await enrol(store)
    (reference,) = await store.strangers.enrol("a", ada.id, now_ms=NOON_MS)
    assert await store.people.sample(reference.id) == b"JPEG that two cameras gave"
    assert len(await store.sightings.list(person_id=ada.id)) == 2


async def test_a_merged_one_is_not_enrolled_split_ignored_or_erased(store: SqlStore) -> None:
    await strangers_of(store, ("a", [1]), ("b", [2]))
    await store.strangers.merge("b", "a")
    ada = await enrol(store)
    for wrong in (
        store.strangers.enrol("b", ada.id, now_ms=NOON_MS), store.strangers.split("b", "x", now_ms=NOON_MS),
        store.strangers.ignore("b", ignored=True), store.strangers.erase("b", now_ms=NOON_MS),
    ):  # fmt: skip
        with pytest.raises(Conflict, match="merged"):
            await wrong
    with pytest.raises(NotFound):
        await store.strangers.enrol("a", "nobody", now_ms=NOON_MS)
    assert await members(store, "a") == {"1", "2"}, "nothing of it was done"


async def test_erasing_destroys_the_sightings_and_the_pictures_of_their_alerts(open_store: OpenStore) -> None:
    store = await open_store()
    await store.pictures.put_incoming("frame", b"x")
    accepted = await store.alerts.accept(
        event("track-1:unknown", kind="unknown"), alerting(why={"stranger": {"number": 7}}),
        blobs={"snapshot": "frame"}, now_ms=NOON_MS,
    )  # fmt: skip
    assert accepted.alert is not None
    await strangers_of(store, ("a", [1]), ("b", [2]), ("c", [3]))
    await store.strangers.merge("b", "a")
    seen = await store.strangers.appearances("a")
    assert sorted(one.first_seen_ms for one in seen) == [NOON_MS + 1000, NOON_MS + 2000]
    with pytest.raises(Conflict):
        await store.strangers.appearances("b")
    receipt = await store.strangers.erase("a", now_ms=NOON_MS + 1)
    assert (receipt.number, receipt.erased_at_ms, receipt.sightings) == (1, NOON_MS + 1, 2)
    assert (receipt.alerts, receipt.pictures) == (1, 1)
    (left,) = await store.sightings.list()
    assert left.track_id == "track-3"
    for gone in ("a", "b"):
        with pytest.raises(NotFound):
            await store.strangers.get(gone)
    (alert,) = await store.alerts.list(tags=OPERATORS)
    assert (alert.why, alert.has_snapshot) == ({}, False)
