"""Which models are chosen, and the templates of one model taking the place of another's."""

from __future__ import annotations

from sightline.identities.templates import TemplateProgress
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import MODEL, enrol, sample
from tests.contract.test_gallery import Follower

NEXT = "embedder-2"


async def test_nothing_is_chosen_at_first(store: SqlStore) -> None:
    assert await store.models.choices() == {}
    assert await store.models.serving() is None


async def test_choices_are_kept_changed_and_given_up(open_store: OpenStore) -> None:
    store = await open_store()
    await store.models.choose({"face_model": "yunet", "object_model": "yolox"})
    await store.models.serve("sface")
    await store.close()
    store = await open_store()
    assert await store.models.choices() == {"face_model": "yunet", "object_model": "yolox"}
    assert await store.models.choose({"face_model": None, "object_model": "none"}) == {"object_model": "none"}
    assert await store.models.choices() == {"object_model": "none"}
    assert await store.models.serving() == "sface"


async def test_samples_are_handed_out_until_each_has_a_template(store: SqlStore) -> None:
    person = await enrol(store)
    made = [await store.people.add_reference(person.id, sample(n), now_ms=1) for n in range(5)]
    assert await store.models.untemplated(MODEL) == []
    assert await store.models.progress(NEXT) == TemplateProgress(samples=5, done=0, failed=0)
    seen = []
    while batch := await store.models.untemplated(NEXT, limit=2):
        assert len(batch) <= 2
        for one in batch:
            seen.append((one.reference_id, one.person_id, one.sample))
            assert await store.models.keep_template(one.reference_id, NEXT, b"new " + one.sample)
    assert seen == [(one.id, person.id, b"JPEG of sample %d" % number) for number, one in enumerate(made)]
    progress = await store.models.progress(NEXT)
    assert (progress, progress.missing) == (TemplateProgress(samples=5, done=5, failed=0), 0)


async def test_a_sample_without_a_face_is_not_asked_for_again(store: SqlStore) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    assert await store.models.keep_template(reference.id, NEXT, None, reason="no face was found")
    assert await store.models.untemplated(NEXT) == []
    assert await store.models.progress(NEXT) == TemplateProgress(samples=1, done=0, failed=1)
    follower = Follower(store, NEXT)
    await follower.follow()
    assert follower.templates == {}


async def test_followers_of_either_model_see_their_own_templates(store: SqlStore) -> None:
    person = await enrol(store)
    old = await store.people.add_reference(person.id, sample(1), now_ms=1)
    before, after = Follower(store), Follower(store, NEXT)
    await before.follow()
    await after.follow()
    assert await store.models.keep_template(old.id, NEXT, b"new")
    new = await store.people.add_reference(person.id, sample(2, model_id=NEXT), now_ms=2)
    await before.follow()
    await after.follow(limit=1)
    assert {id: one.vector for id, one in before.templates.items()} == {old.id: b"template 1"}
    assert {id: one.vector for id, one in after.templates.items()} == {old.id: b"new", new.id: b"template 2"}
    assert sorted(await store.people.templates(person.id)) == sorted(
        [(MODEL, b"template 1"), (NEXT, b"new"), (NEXT, b"template 2")]
    )


async def test_work_goes_on_after_a_restart_where_it_stopped(open_store: OpenStore) -> None:
    store = await open_store()
    person = await enrol(store)
    made = [await store.people.add_reference(person.id, sample(n), now_ms=1) for n in range(3)]
    assert await store.models.keep_template(made[0].id, NEXT, b"new 0")
    await store.close()
    store = await open_store()
    assert [one.reference_id for one in await store.models.untemplated(NEXT)] == [made[1].id, made[2].id]
    follower = Follower(store, NEXT)
    await follower.follow()
    assert set(follower.templates) == {made[0].id}


async def test_a_second_template_of_one_model_changes_nothing(store: SqlStore) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    assert await store.models.keep_template(reference.id, NEXT, b"first")
    assert not await store.models.keep_template(reference.id, NEXT, b"second")
    assert not await store.models.keep_template("gone", NEXT, b"third")
    follower = Follower(store, NEXT)
    await follower.follow()
    assert follower.templates[reference.id].vector == b"first"


async def test_templates_go_with_their_reference_and_followers_hear_of_it(store: SqlStore) -> None:
    person, other = await enrol(store), await enrol(store, "Bob")
    removed = await store.people.add_reference(person.id, sample(1), now_ms=1)
    erased = await store.people.add_reference(other.id, sample(2), now_ms=1)
    for reference in (removed, erased):
        await store.models.keep_template(reference.id, NEXT, b"new")
    follower = Follower(store, NEXT)
    await follower.follow()
    assert set(follower.templates) == {removed.id, erased.id}
    await store.people.remove_reference(person.id, removed.id)
    await follower.follow()
    assert set(follower.templates) == {erased.id}
    await store.people.erase(other.id, now_ms=3)
    await follower.follow()
    assert follower.templates == {}
    assert await store.models.progress(NEXT) == TemplateProgress(samples=0, done=0, failed=0)
