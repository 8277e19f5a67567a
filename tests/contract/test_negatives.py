""""Not this person": remembered, followed by engines, undone."""

from __future__ import annotations

import pytest

from sightline.events.gallery_feed import NegativeTemplate
from sightline.exceptions import Conflict, NotFound
from sightline.identities.sighting import Sighting
from sightline.identities.templates import TemplateProgress
from sightline.stores import SqlStore
from tests.contract.facts import MODEL, NOON_MS, alerting, enrol, event, raise_alert, sample
from tests.contract.tracks import leave, vector


async def followed(store: SqlStore, since: int) -> tuple[list[NegativeTemplate], list[str]]:
    changes = await store.people.gallery_changes(since, MODEL)
    assert not changes.reset
    return changes.negatives, changes.tombstones


async def named(store: SqlStore, sighting: Sighting) -> str | None:
    return (await store.sightings.get(sighting.id)).person_id


async def test_a_rejected_sighting_loses_its_name_and_engines_hear_of_it(store: SqlStore) -> None:
    ada = await enrol(store)
    sighting = await leave(store, 1, person_id=ada.id)
    since = await store.people.gallery_version()
    said = await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)
    assert (said.person_id, said.source, said.source_id, said.by) == (ada.id, "sighting", sighting.id, "grace")
    assert await store.negatives.list(ada.id) == [said]
    expected = NegativeTemplate(negative_id=said.id, person_id=ada.id, model_id=MODEL, vector=vector(1, 0))
    assert await followed(store, since) == ([expected], [])
    assert (await store.people.gallery_changes(0, "another model")).negatives == []
    assert await named(store, sighting) is None
    assert await store.strangers.place([(sighting.key, "g", True)], now_ms=NOON_MS) == 1, "it is a stranger's now"
    assert await store.sightings.picture(sighting.id) == b"JPEG of track 1"


async def test_saying_it_again_changes_nothing(store: SqlStore) -> None:
    ada = await enrol(store)
    sighting = await leave(store, 1)
    first = await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)
    version = await store.people.gallery_version()
    assert await store.negatives.reject_sighting(sighting.id, ada.id, by="alan", now_ms=NOON_MS + 1) == first
    assert await store.people.gallery_version() == version


async def test_undoing_it_gives_the_name_back(store: SqlStore) -> None:
    ada = await enrol(store)
    sighting = await leave(store, 1, person_id=ada.id)
    said = await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)
    await store.strangers.place([(sighting.key, "g", True)], now_ms=NOON_MS)
    since = await store.people.gallery_version()
    assert await store.negatives.undo(said.id) == said
    assert await followed(store, since) == ([], [said.id])
    assert await store.negatives.list(ada.id) == []
    assert await named(store, sighting) == ada.id
    assert await store.strangers.list() == []
    with pytest.raises(NotFound):
        await store.negatives.undo(said.id)


async def test_undoing_it_takes_nobody_from_another_person(store: SqlStore) -> None:
    ada, ben = await enrol(store), await enrol(store, "Ben")
    sighting = await leave(store, 1, person_id=ada.id)
    said = await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)
    await store.strangers.place([(sighting.key, "g", True)], now_ms=NOON_MS)
    await store.strangers.enrol("g", ben.id, now_ms=NOON_MS)
    await store.negatives.undo(said.id)
    assert await named(store, sighting) == ben.id


async def test_a_rejected_alert_is_remembered_by_the_face_it_was_raised_for(store: SqlStore) -> None:
    ada = await enrol(store)
    about = {"person_id": ada.id, "subject_id": ada.id, "template": (MODEL, vector(4, 4))}
    alert = await raise_alert(store, "1", **about)
    since = await store.people.gallery_version()
    said = await store.negatives.reject_alert(alert.id, by="grace", now_ms=NOON_MS)
    assert (said.source, said.source_id) == ("alert", alert.id)
    ((negative,), _) = await followed(store, since)
    assert negative.vector == vector(4, 4)
    await store.negatives.undo(said.id)
    assert await store.negatives.list(ada.id) == []


async def test_an_alert_without_a_template_is_remembered_by_its_sighting(store: SqlStore) -> None:
    ada = await enrol(store)
    accepted = await store.alerts.accept(
        event("1", person_id=ada.id, subject_id=ada.id), alerting(why={"track_id": "track-1"}), blobs={},
        now_ms=NOON_MS,
    )  # fmt: skip
    assert accepted.alert is not None
    with pytest.raises(Conflict, match="nothing is left"):
        await store.negatives.reject_alert(accepted.alert.id, by="grace", now_ms=NOON_MS)
    sighting = await leave(store, 1, person_id=ada.id)
    said = await store.negatives.reject_alert(accepted.alert.id, by="grace", now_ms=NOON_MS)
    assert await named(store, sighting) is None
    await store.negatives.undo(said.id)
    assert await named(store, sighting) == ada.id


async def test_a_sighting_that_comes_after_its_alert_was_rejected_names_nobody(store: SqlStore) -> None:
    ada = await enrol(store)
    accepted = await store.alerts.accept(
        event(f"track-1:{ada.id}", person_id=ada.id, subject_id=ada.id, template=(MODEL, vector(4, 4))),
        alerting(why={"track_id": "track-1"}), blobs={}, now_ms=NOON_MS,
    )  # fmt: skip
    assert accepted.alert is not None
    said = await store.negatives.reject_alert(accepted.alert.id, by="grace", now_ms=NOON_MS)
    sighting = await leave(store, 1, person_id=ada.id)
    assert await named(store, sighting) is None
    assert (await leave(store, 2, person_id=ada.id)).person_id == ada.id, "of another track nothing was said"
    await store.negatives.undo(said.id)
    assert await named(store, sighting) == ada.id


async def test_an_alert_that_names_nobody_cannot_be_rejected(store: SqlStore) -> None:
    alert = await raise_alert(store, "1")
    with pytest.raises(Conflict, match="names nobody"):
        await store.negatives.reject_alert(alert.id, by="grace", now_ms=NOON_MS)
    for call in (
        store.negatives.reject_alert("x", by="grace", now_ms=1), store.negatives.list("x"),
        store.negatives.reject_sighting("x", "y", by="grace", now_ms=1),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await call


async def test_negatives_are_erased_with_the_person(store: SqlStore) -> None:
    ada = await enrol(store)
    sighting = await leave(store, 1)
    said = await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)
    alert = await raise_alert(store, "1", person_id=ada.id, subject_id=ada.id, template=(MODEL, vector(4, 4)))
    since = await store.people.gallery_version()
    assert (await store.people.erase(ada.id, now_ms=NOON_MS)).negatives == 1
    assert await followed(store, since) == ([], [said.id])
    with pytest.raises(Conflict):
        await store.negatives.reject_alert(alert.id, by="grace", now_ms=NOON_MS)


async def test_pages_of_the_gallery_mix_references_and_negatives_in_order(store: SqlStore) -> None:
    ada = await enrol(store)
    since = await store.people.gallery_version()
    for number in range(3):
        await store.people.add_reference(ada.id, sample(number), now_ms=1)
        sighting = await leave(store, number)
        await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)
    pages = []
    more = True
    while more:
        page = await store.people.gallery_changes(since, MODEL, limit=2)
        pages.append((len(page.templates), len(page.negatives)))
        since, more = page.version, page.more
    assert pages == [(1, 1), (1, 1), (1, 1)]


async def test_negatives_get_templates_of_another_model_from_what_is_left_of_the_face(store: SqlStore) -> None:
    ada = await enrol(store)
    sighting = await leave(store, 1)
    await store.pictures.put_incoming("face", b"JPEG of the probe")
    alerts = [
        (
            await store.alerts.accept(
                event(key, person_id=ada.id, subject_id=ada.id, template=(MODEL, vector(4, 4))), alerting(),
                blobs={"probe": "face"} if key == "1" else {}, now_ms=NOON_MS,
            )
        ).alert
        for key in ("1", "2")
    ]  # fmt: skip
    said = [await store.negatives.reject_sighting(sighting.id, ada.id, by="grace", now_ms=NOON_MS)]
    for alert in alerts:
        assert alert is not None
        said.append(await store.negatives.reject_alert(alert.id, by="grace", now_ms=NOON_MS))
    assert await store.negatives.untemplated(MODEL) == []
    untemplated = await store.negatives.untemplated("new")
    assert [one.negative_id for one in untemplated] == [one.id for one in said]
    assert [one.sample for one in untemplated] == [b"JPEG of track 1", b"JPEG of the probe", None]
    assert len(await store.negatives.untemplated("new", limit=2)) == 2

    since = await store.people.gallery_version()
    assert await store.negatives.keep_template(said[0].id, "new", vector(9, 9))
    assert await store.negatives.keep_template(said[2].id, "new", None, reason="nothing is left of it")
    assert not await store.negatives.keep_template(said[0].id, "new", vector(8, 8)), "it has one"
    assert not await store.negatives.keep_template("gone", "new", vector(8, 8))
    assert await store.negatives.progress("new") == TemplateProgress(samples=3, done=1, failed=1)
    assert await store.negatives.progress(MODEL) == TemplateProgress(samples=3, done=3, failed=0)
    (negative,) = (await store.people.gallery_changes(since, "new")).negatives
    assert negative == NegativeTemplate(negative_id=said[0].id, person_id=ada.id, model_id="new", vector=vector(9, 9))
    assert (await store.people.gallery_changes(since, MODEL)).negatives == []
    since = await store.people.gallery_version()
    await store.negatives.undo(said[0].id)
    assert (await store.people.gallery_changes(since, "new")).tombstones == [said[0].id]
    assert (await store.negatives.progress("new")).samples == 2
