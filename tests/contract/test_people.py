"""People, their references, and watch lists."""

from __future__ import annotations

import pytest

from sightline.events.alert import Severity
from sightline.exceptions import Conflict, NotFound
from sightline.stores import SqlStore
from tests.contract.facts import NOON_MS, enrol, sample


async def names(store: SqlStore, **asked: object) -> tuple[list[str], int]:
    people, total = await store.people.list(**asked)  # type: ignore[arg-type]
    return [person.name for person in people], total


async def add_list(store: SqlStore, name: str = "Banned", enabled: bool = True) -> str:
    return (await store.watch_lists.create(name=name, severity=Severity.ERROR, enabled=enabled, now_ms=1)).id


async def test_a_person_is_found_again(store: SqlStore) -> None:
    person = await enrol(store)
    assert await store.people.get(person.id) == person
    assert (person.name, person.age, person.references, person.watch_lists) == ("Ada Lovelace", 36, 0, ())


async def test_people_are_listed_by_name_in_pages(store: SqlStore) -> None:
    for first, last in (("zoe", "B"), ("Ada", "C"), ("Bob", "A"), ("ada", "b")):
        await enrol(store, first, last)
    assert await names(store) == (["ada b", "Ada C", "Bob A", "zoe B"], 4)
    assert await names(store, limit=2, offset=1) == (["Ada C", "Bob A"], 4)


async def test_people_are_searched_whatever_the_case_and_the_order_of_words(store: SqlStore) -> None:
    await enrol(store, "Émile", "Zola")
    await enrol(store, "Ada", "Lovelace")
    assert await names(store, query="ZOLA émi") == (["Émile Zola"], 1)
    assert await names(store, query="love") == (["Ada Lovelace"], 1)
    assert await names(store, query="nobody") == ([], 0)


async def test_a_search_takes_wildcards_literally(store: SqlStore) -> None:
    await enrol(store, "100%", "Sure")
    await enrol(store, "Ada", "Lovelace")
    assert await names(store, query="%") == (["100% Sure"], 1)
    assert await names(store, query="_") == ([], 0)


async def test_people_of_a_watch_list(store: SqlStore) -> None:
    on_it, _ = await enrol(store, "Ada"), await enrol(store, "Bob")
    list_id = await add_list(store)
    await store.watch_lists.add_person(list_id, on_it.id)
    people, total = await store.people.list(watch_list_id=list_id)
    assert ([person.id for person in people], total) == ([on_it.id], 1)
    assert people[0].watch_lists == (list_id,)


async def test_a_person_is_updated(store: SqlStore) -> None:
    person = await enrol(store)
    changed = await store.people.update(
        person.id, first_name="Augusta", last_name="King", age=None, description="countess"
    )
    assert (changed.name, changed.age, changed.description) == ("Augusta King", None, "countess")
    assert await store.people.get(person.id) == changed
    assert (await names(store, query="king"))[1] == 1


async def test_references_are_listed_in_the_order_of_enrolment(store: SqlStore) -> None:
    person = await enrol(store)
    made = [await store.people.add_reference(person.id, sample(n), now_ms=NOON_MS + n) for n in (3, 1, 2)]
    assert await store.people.references(person.id) == made
    assert [reference.file_name for reference in made] == ["photo-3.jpg", "photo-1.jpg", "photo-2.jpg"]
    assert made[0].created_at_ms == NOON_MS + 3
    assert (await store.people.get(person.id)).references == 3


async def test_a_sample_comes_back_as_it_was(store: SqlStore) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1, sample=bytes(range(256))), now_ms=1)
    assert await store.people.sample(reference.id) == bytes(range(256))


async def test_a_picture_is_enrolled_once_for_whomever(store: SqlStore) -> None:
    ada, bob = await enrol(store), await enrol(store, "Bob")
    await store.people.add_reference(ada.id, sample(1), now_ms=1)
    for person in (ada, bob):
        with pytest.raises(Conflict, match="enrolled already, for Ada Lovelace"):
            await store.people.add_reference(person.id, sample(1), now_ms=2)
    assert await store.people.references(bob.id) == []


async def test_a_removed_picture_may_be_enrolled_again(store: SqlStore) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    await store.people.remove_reference(person.id, reference.id)
    assert await store.people.references(person.id) == []
    assert (await store.people.add_reference(person.id, sample(1), now_ms=2)).id != reference.id


async def test_a_reference_is_removed_from_its_own_person_only(store: SqlStore) -> None:
    ada, bob = await enrol(store), await enrol(store, "Bob")
    reference = await store.people.add_reference(ada.id, sample(1), now_ms=1)
    with pytest.raises(NotFound):
        await store.people.remove_reference(bob.id, reference.id)
    assert await store.people.references(ada.id) == [reference]


async def test_unknown_people_and_references(store: SqlStore) -> None:
    people = store.people
    for call in (
        people.get("x"), people.references("x"), people.add_reference("x", sample(1), now_ms=1),
        people.update("x", first_name="", last_name="", age=None, description=""), people.erase("x", now_ms=1),
    ):  # fmt: skip
        with pytest.raises(NotFound) as raised:
            await call
        assert (raised.value.kind, raised.value.id) == ("person", "x")
    person = await enrol(store)
    for other in (people.sample("x"), people.remove_reference(person.id, "x")):
        with pytest.raises(NotFound) as raised:
            await other
        assert (raised.value.kind, raised.value.id) == ("reference", "x")


async def test_a_watch_list_is_found_again(store: SqlStore) -> None:
    created = await store.watch_lists.create(name="Banned", severity=Severity.ERROR, enabled=False, now_ms=5)
    assert await store.watch_lists.get(created.id) == created
    assert await store.watch_lists.by_name("BANNED") == created
    assert await store.watch_lists.by_name("Guests") is None
    assert await store.watch_lists.list() == [created]


async def test_names_of_watch_lists_are_unique(store: SqlStore) -> None:
    first, second = await add_list(store), await add_list(store, "Guests")
    with pytest.raises(Conflict, match="'Banned' already"):
        await add_list(store, "banned")
    with pytest.raises(Conflict):
        await store.watch_lists.update(second, name="Banned", severity=Severity.INFO, enabled=True)
    renamed = await store.watch_lists.update(first, name="BANNED", severity=Severity.INFO, enabled=False)
    assert (renamed.name, renamed.severity, renamed.enabled) == ("BANNED", Severity.INFO, False)


async def test_people_are_put_on_a_list_and_taken_off(store: SqlStore) -> None:
    person, list_id = await enrol(store), await add_list(store)
    for _ in range(2):
        await store.watch_lists.add_person(list_id, person.id)
    assert (await store.watch_lists.get(list_id)).people == 1
    assert (await store.people.get(person.id)).watch_lists == (list_id,)
    for _ in range(2):
        await store.watch_lists.remove_person(list_id, person.id)
    assert (await store.watch_lists.get(list_id)).people == 0


async def test_a_deleted_list_leaves_its_people(store: SqlStore) -> None:
    person, list_id = await enrol(store), await add_list(store)
    await store.watch_lists.add_person(list_id, person.id)
    await store.watch_lists.delete(list_id)
    assert await store.people.get(person.id) == person


async def test_unknown_lists_and_members(store: SqlStore) -> None:
    lists, person, list_id = store.watch_lists, await enrol(store), await add_list(store)
    for call in (
        lists.get("x"), lists.delete("x"), lists.update("x", name="y", severity=Severity.INFO, enabled=True),
        lists.add_person("x", person.id), lists.remove_person("x", person.id),
        lists.add_person(list_id, "x"), lists.remove_person(list_id, "x"),
    ):  # fmt: skip
        with pytest.raises(NotFound) as raised:
            await call
        assert raised.value.id == "x"
