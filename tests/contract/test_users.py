"""Accounts, and the tokens of machines."""

from __future__ import annotations

import pytest

from sightline.accounts import Role
from sightline.exceptions import Conflict, NotFound
from sightline.stores import SqlStore


async def add(store: SqlStore, name: str, role: Role = Role.OPERATOR) -> str:
    return (await store.users.create(name=name, role=role, password_hash=f"hash of {name}", now_ms=7)).id


async def test_a_user_is_found_again(store: SqlStore) -> None:
    created = await store.users.create(name="Grace", role=Role.ADMIN, password_hash="$argon2id$x", now_ms=1234)
    assert await store.users.get(created.id) == created
    assert await store.users.by_name("Grace") == created
    assert (created.name, created.role, created.created_at_ms) == ("Grace", Role.ADMIN, 1234)
    assert not created.disabled


async def test_users_are_listed_by_name(store: SqlStore) -> None:
    for name in ("zoe", "Ada", "émile"):
        await add(store, name)
    assert [user.name for user in await store.users.list()] == ["Ada", "zoe", "émile"]


async def test_a_name_is_taken_whatever_its_case(store: SqlStore) -> None:
    user_id = await add(store, "Grace")
    with pytest.raises(Conflict, match="'GRACE' already"):
        await add(store, "GRACE")
    found = await store.users.by_name(" grace ")
    assert found is not None and found.id == user_id


async def test_unknown_users(store: SqlStore) -> None:
    assert await store.users.by_name("nobody") is None
    for call in (
        store.users.get("nobody"), store.users.set_password("nobody", "x"), store.users.delete("nobody"),
        store.users.update("nobody", role=Role.VIEWER),
    ):  # fmt: skip
        with pytest.raises(NotFound) as raised:
            await call
        assert (raised.value.kind, raised.value.id) == ("user", "nobody")


async def test_a_new_password_ends_older_tokens(store: SqlStore) -> None:
    before = await store.users.get(await add(store, "Grace"))
    after = await store.users.set_password(before.id, "$argon2id$new")
    assert after.password_hash == "$argon2id$new"
    assert after.token_version > before.token_version
    assert await store.users.get(before.id) == after


async def test_a_new_role_ends_older_tokens(store: SqlStore) -> None:
    before = await store.users.get(await add(store, "Grace"))
    after = await store.users.update(before.id, role=Role.VIEWER)
    assert (after.role, after.disabled) == (Role.VIEWER, False)
    assert after.token_version > before.token_version


async def test_a_change_that_changes_nothing_ends_no_token(store: SqlStore) -> None:
    before = await store.users.get(await add(store, "Grace"))
    assert await store.users.update(before.id, role=before.role, disabled=False) == before


async def test_the_last_administrator_stays(store: SqlStore) -> None:
    last = await add(store, "Grace", Role.ADMIN)
    disabled = await add(store, "Ada", Role.ADMIN)
    await store.users.update(disabled, disabled=True)
    for call in (
        store.users.delete(last), store.users.update(last, disabled=True), store.users.update(last, role=Role.VIEWER),
    ):  # fmt: skip
        with pytest.raises(Conflict, match="last administrator"):
            await call
    assert (await store.users.get(last)).role is Role.ADMIN


async def test_one_of_two_administrators_may_go(store: SqlStore) -> None:
    first, second = await add(store, "Grace", Role.ADMIN), await add(store, "Ada", Role.ADMIN)
    await store.users.delete(first)
    assert [user.id for user in await store.users.list()] == [second]


async def test_a_disabled_administrator_may_be_deleted(store: SqlStore) -> None:
    await add(store, "Grace", Role.ADMIN)
    other = await add(store, "Ada", Role.ADMIN)
    await store.users.update(other, disabled=True)
    await store.users.delete(other)
    assert len(await store.users.list()) == 1


async def test_a_machine_is_known_by_its_token(store: SqlStore) -> None:
    await store.machine_tokens.create(name="engine-1", token_hash="aa", now_ms=1)
    await store.machine_tokens.create(name="engine-2", token_hash="bb", now_ms=1)
    assert await store.machine_tokens.name_of("aa") == "engine-1"
    assert await store.machine_tokens.name_of("cc") is None
    assert [(token.name, token.created_at_ms) for token in await store.machine_tokens.list()] == [
        ("engine-1", 1), ("engine-2", 1)
    ]  # fmt: skip
    await store.machine_tokens.delete("engine-2")
    assert await store.machine_tokens.name_of("bb") is None
    assert [token.name for token in await store.machine_tokens.list()] == ["engine-1"]
    with pytest.raises(NotFound):
        await store.machine_tokens.delete("engine-2")


async def test_a_new_token_replaces_that_of_the_same_name(store: SqlStore) -> None:
    await store.machine_tokens.create(name="engine-1", token_hash="aa", now_ms=1)
    await store.machine_tokens.create(name="engine-1", token_hash="bb", now_ms=2)
    assert await store.machine_tokens.name_of("aa") is None
    assert await store.machine_tokens.name_of("bb") == "engine-1"


async def test_a_token_is_bound_to_one_name(store: SqlStore) -> None:
    await store.machine_tokens.create(name="engine-1", token_hash="aa", now_ms=1)
    await store.machine_tokens.create(name="engine-2", token_hash="aa", now_ms=2)
    assert await store.machine_tokens.name_of("aa") == "engine-2"
