"""Workstations, who may sit there, how they stand, and the log of what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sightline.decisions.workstation import Action, Reason
from sightline.decisions.workstation_records import NewAction, Sitter, Standing
from sightline.exceptions import Conflict, NotFound
from sightline.stores import SqlStore
from tests.contract.facts import NOON_MS, enrol, sample


async def test_workstations_are_made_named_and_removed(store: SqlStore) -> None:
    desk = await store.workstations.create(name="Desk 1", now_ms=NOON_MS)
    with pytest.raises(Conflict):
        await store.workstations.create(name="desk  1", now_ms=NOON_MS)
    ada = await enrol(store)
    await store.workstations.allow(desk.id, ada.id)
    await store.workstations.allow(desk.id, ada.id)
    assert await store.workstations.list() == [replace(desk, people=(ada.id,))]
    await store.workstations.disallow(desk.id, ada.id)
    assert await store.workstations.get(desk.id) == desk
    await store.workstations.allow(desk.id, ada.id)
    await store.workstations.delete(desk.id)
    assert await store.workstations.list() == []
    for call in (
        store.workstations.get(desk.id), store.workstations.delete(desk.id),
        store.workstations.set_token(desk.id, "h"), store.workstations.allow(desk.id, ada.id),
        store.workstations.allow("x", "y"), store.workstations.disallow(desk.id, ada.id),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await call


async def test_a_token_is_of_one_workstation_and_no_engine(store: SqlStore) -> None:
    desk = await store.workstations.create(name="Desk", now_ms=NOON_MS)
    await store.workstations.set_token(desk.id, "hash")
    assert await store.workstations.by_token("hash") == replace(desk, has_token=True)
    assert await store.machine_tokens.name_of("hash") is None
    await store.workstations.set_token(desk.id, None)
    assert await store.workstations.by_token("hash") is None


async def test_a_sitter_is_found_by_id_or_whole_name_where_they_are_allowed(store: SqlStore) -> None:
    desk = await store.workstations.create(name="Desk", now_ms=NOON_MS)
    ada = await enrol(store)
    await store.people.add_reference(ada.id, sample(1), now_ms=NOON_MS)
    assert await store.workstations.sitter(desk.id, ada.name) is None
    expected = Sitter(ada.id, ada.name, Standing.ACTIVE, has_reference=True)
    assert await store.workstations.sitter(None, ada.name) == expected
    await store.workstations.allow(desk.id, ada.id)
    assert await store.workstations.sitter(desk.id, ada.id) == expected
    assert await store.workstations.sitter(desk.id, ada.name.upper()) == expected
    assert await store.workstations.sitter(desk.id, ada.name[:-1]) is None
    for reference in await store.people.references(ada.id):
        await store.people.remove_reference(ada.id, reference.id)
    assert await store.workstations.sitter(desk.id, ada.id) == replace(expected, has_reference=False)


async def test_two_of_one_name_are_nobody(store: SqlStore) -> None:
    values: dict[str, Any] = {"first_name": "Ada", "last_name": "Twin", "age": None, "description": ""}
    values |= {"now_ms": NOON_MS}
    first = await store.people.create(**values)
    await store.people.create(**values)
    assert await store.workstations.sitter(None, "Ada Twin") is None
    found = await store.workstations.sitter(None, first.id)
    assert found is not None and found.person_id == first.id


async def test_standings_are_kept_until_somebody_is_active_again(store: SqlStore) -> None:
    ada = await enrol(store)
    for standing in (Standing.PAUSED, Standing.BLOCKED):
        await store.workstations.set_standing(ada.id, standing, reason="why", by="grace", now_ms=NOON_MS)
        found = await store.workstations.sitter(None, ada.id)
        assert found is not None and found.standing is standing
        (record,) = await store.workstations.standings()
        assert (record.person_id, record.standing, record.reason, record.by) == (ada.id, standing, "why", "grace")
    await store.workstations.set_standing(ada.id, Standing.ACTIVE, reason="", by="grace", now_ms=NOON_MS)
    assert await store.workstations.standings() == []
    with pytest.raises(NotFound):
        await store.workstations.set_standing("x", Standing.PAUSED, reason="", by="", now_ms=NOON_MS)


def done(person_id: str | None, at_ms: int = NOON_MS, **changed: Any) -> NewAction:
    made = NewAction(at_ms, "Desk", Action.LOCK_SCREEN, Reason.WRONG_USER, person_id, None, {"similarity": 0.1}, {})
    return replace(made, **changed)


async def test_actions_are_searched_and_pruned(store: SqlStore) -> None:
    ada, ben = await enrol(store), await enrol(store, "Ben")
    log = store.workstation_actions
    first = await log.record(done(ada.id))
    second = await log.record(done(ben.id, NOON_MS + 1, workstation="Till", action=Action.SIGN_OUT))
    third = await log.record(done(None, NOON_MS + 2))
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [third, second, first]),
        ({"person_id": ada.id}, [first]),
        ({"workstation": "Till"}, [second]),
        ({"action": "ACTION_SIGN_OUT"}, [second]),
        ({"from_ms": NOON_MS + 1, "to_ms": NOON_MS + 1}, [second]),
        ({"limit": 1}, [third]),
        ({"before": (NOON_MS + 1, second)}, [first]),
    ]
    for wanted, expected in cases:
        assert [entry.id for entry in await log.search(**wanted)] == expected, wanted
    (entry,) = await log.search(person_id=ada.id)
    assert (entry.action, entry.reason, entry.scores, entry.has_picture) == (
        Action.LOCK_SCREEN, Reason.WRONG_USER, {"similarity": 0.1}, False,
    )  # fmt: skip
    assert await log.prune(NOON_MS + 1) == 1
    assert [entry.id for entry in await log.search()] == [third, second]


async def test_evidence_is_sealed_and_goes_with_whoever_is_in_it(store: SqlStore) -> None:
    ada, ben, eve = await enrol(store), await enrol(store, "Ben"), await enrol(store, "Eve")
    log = store.workstation_actions
    entries = {
        name: await log.record(done(person.id, recognised_id=other))
        for name, person, other in (("ada", ada, None), ("ben", ben, eve.id), ("late", ada, None))
    }
    assert await log.attach(entries["ada"], b"JPEG of ada")
    assert await log.attach(entries["ben"], b"JPEG of eve", recognised_id=eve.id)
    assert await log.picture(entries["ada"]) == b"JPEG of ada"
    with pytest.raises(NotFound):
        await log.picture(entries["late"])
    await store.people.erase(ada.id, now_ms=NOON_MS)
    await store.people.erase(eve.id, now_ms=NOON_MS)
    for name in ("ada", "ben"):
        with pytest.raises(NotFound):
            await log.picture(entries[name])
    assert not await log.attach(entries["late"], b"too late")
    assert not await log.attach(entries["ben"], b"too late", recognised_id=eve.id)
    found = {entry.id: (entry.person_id, entry.recognised_id, entry.has_picture) for entry in await log.search()}
    assert found == {
        entries["ada"]: (None, None, False), entries["ben"]: (ben.id, None, False), entries["late"]: (None, None, False)
    }  # fmt: skip


async def test_erasing_takes_what_somebody_was_allowed(store: SqlStore) -> None:
    ada = await enrol(store)
    desk = await store.workstations.create(name="Desk", now_ms=NOON_MS)
    await store.workstations.allow(desk.id, ada.id)
    await store.workstations.set_standing(ada.id, Standing.PAUSED, reason="", by="grace", now_ms=NOON_MS)
    await store.people.erase(ada.id, now_ms=NOON_MS)
    assert await store.workstations.get(desk.id) == desk
    assert await store.workstations.standings() == []
    entry = await store.workstation_actions.record(done(ada.id))
    assert [(found.id, found.person_id) for found in await store.workstation_actions.search()] == [(entry, None)]
