"""The gallery as engines follow it."""

from __future__ import annotations

from sightline.deliveries.records import GalleryChanges
from sightline.events.gallery_feed import GalleryTemplate
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import MODEL, enrol, sample


class Follower:
    """What an engine does with the pages it is sent."""

    def __init__(self, store: SqlStore, model_id: str = MODEL) -> None:
        self.store = store
        self.model_id = model_id
        self.version = 0
        self.templates: dict[str, GalleryTemplate] = {}
        self.resets = 0

    async def follow(self, limit: int = 500) -> int:
        """Asks until there is no more; returns how many pages that took."""
        pages = 0
        while True:
            page = await self.store.people.gallery_changes(self.version, self.model_id, limit=limit)
            self._apply(page)
            pages += 1
            if not page.more:
                return pages

    def _apply(self, page: GalleryChanges) -> None:
        if page.reset:
            self.templates.clear()
            self.resets += 1
        for template in page.templates:
            self.templates[template.reference_id] = template
        for reference_id in page.tombstones:
            self.templates.pop(reference_id, None)
        assert page.version >= self.version or page.reset
        self.version = page.version


async def test_a_newcomer_gets_everything(store: SqlStore) -> None:
    person = await enrol(store)
    made = [await store.people.add_reference(person.id, sample(n), now_ms=1) for n in range(3)]
    follower = Follower(store)
    await follower.follow()
    assert follower.version == await store.people.gallery_version()
    assert follower.templates == {
        reference.id: GalleryTemplate(
            reference_id=reference.id, person_id=person.id, model_id=MODEL, vector=b"template %d" % number
        )
        for number, reference in enumerate(made)
    }


async def test_later_changes_come_as_a_delta(store: SqlStore) -> None:
    person = await enrol(store)
    first, second = [await store.people.add_reference(person.id, sample(n), now_ms=1) for n in range(2)]
    follower = Follower(store)
    await follower.follow()
    await store.people.remove_reference(person.id, first.id)
    third = await store.people.add_reference(person.id, sample(3), now_ms=2)
    changes = await store.people.gallery_changes(follower.version, MODEL)
    assert [template.reference_id for template in changes.templates] == [third.id]
    assert (changes.tombstones, changes.more, changes.reset) == ([first.id], False, False)
    await follower.follow()
    assert set(follower.templates) == {second.id, third.id}


async def test_nothing_new_is_an_empty_delta(store: SqlStore) -> None:
    version = await store.people.gallery_version()
    assert await store.people.gallery_changes(version, MODEL) == GalleryChanges(version, [], [], False, False)


async def test_each_change_has_a_higher_version(store: SqlStore) -> None:
    person = await enrol(store)
    versions = [await store.people.gallery_version()]
    for number in range(2):
        reference = await store.people.add_reference(person.id, sample(number), now_ms=1)
        versions.append(await store.people.gallery_version())
        await store.people.remove_reference(person.id, reference.id)
        versions.append(await store.people.gallery_version())
    assert versions == sorted(set(versions))


async def test_pages_lose_nothing_and_end(store: SqlStore) -> None:
    person = await enrol(store)
    made = [await store.people.add_reference(person.id, sample(n), now_ms=1) for n in range(7)]
    follower = Follower(store)
    assert await follower.follow(limit=3) == 3
    for reference in made[::2]:
        await store.people.remove_reference(person.id, reference.id)
    added = [await store.people.add_reference(person.id, sample(n), now_ms=1) for n in (20, 21)]
    assert await follower.follow(limit=2) == 3
    assert set(follower.templates) == {reference.id for reference in [*made[1::2], *added]}
    assert follower.resets == 1


async def test_a_version_that_never_was_starts_anew(store: SqlStore) -> None:
    person = await enrol(store)
    reference = await store.people.add_reference(person.id, sample(1), now_ms=1)
    for since in (0, -1, 17, await store.people.gallery_version() + 1):
        changes = await store.people.gallery_changes(since, MODEL)
        assert changes.reset
        assert [template.reference_id for template in changes.templates] == [reference.id]


async def test_each_model_has_its_own_templates(store: SqlStore) -> None:
    person = await enrol(store)
    ours = await store.people.add_reference(person.id, sample(1), now_ms=1)
    theirs = await store.people.add_reference(person.id, sample(2, model_id="other"), now_ms=1)
    follower, other = Follower(store), Follower(store, "other")
    await follower.follow()
    await other.follow()
    assert (set(follower.templates), set(other.templates)) == ({ours.id}, {theirs.id})
    await store.people.remove_reference(person.id, theirs.id)
    await follower.follow()
    await other.follow()
    assert (set(follower.templates), set(other.templates)) == ({ours.id}, set())


async def test_versions_go_on_after_a_restart(open_store: OpenStore) -> None:
    store = await open_store()
    person = await enrol(store)
    await store.people.add_reference(person.id, sample(1), now_ms=1)
    follower = Follower(store)
    await follower.follow()
    await store.close()
    follower.store = await open_store()
    added = await follower.store.people.add_reference(person.id, sample(2), now_ms=1)
    await follower.follow()
    assert added.id in follower.templates
    assert follower.resets == 1


async def test_an_erased_person_leaves_every_gallery(store: SqlStore) -> None:
    ada, bob = await enrol(store), await enrol(store, "Bob")
    for number in range(2):
        await store.people.add_reference(ada.id, sample(number), now_ms=1)
    kept = await store.people.add_reference(bob.id, sample(9), now_ms=1)
    follower = Follower(store)
    await follower.follow()
    await store.people.erase(ada.id, now_ms=2)
    await follower.follow()
    assert set(follower.templates) == {kept.id}
