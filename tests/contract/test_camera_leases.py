"""Leases of cameras: two engines never have one, whichever gateways they are connected to."""

from __future__ import annotations

import asyncio

import pytest

from sightline.decisions.camera_shares import Seat
from sightline.stores import SqlStore
from sightline.stores.camera_leases import Shares

CAMERAS = ["c1", "c2", "c3", "c4"]
LENGTH_MS = 1000


async def agree(
    store: SqlStore, gateway: str, *seats: Seat, now_ms: int = 0, cameras: list[str] = CAMERAS, may_give: bool = True
) -> Shares:
    return await store.camera_leases.agree(
        gateway, seats, cameras, may_give=may_give, now_ms=now_ms, length_ms=LENGTH_MS
    )


async def test_one_engine_has_them_all(store: SqlStore) -> None:
    shares = await agree(store, "g1", Seat("e1", 8))
    assert shares == Shares({"e1": frozenset(CAMERAS)}, frozenset(), None)
    assert await store.camera_leases.holders(0) == dict.fromkeys(CAMERAS, "e1")


async def test_no_more_than_its_capacity(store: SqlStore) -> None:
    shares = await agree(store, "g1", Seat("e1", 3))
    assert len(shares.cameras["e1"]) == 3


async def test_nothing_is_given_that_may_not_be(store: SqlStore) -> None:
    shares = await agree(store, "g1", Seat("e1", 8), may_give=False)
    assert shares == Shares({"e1": frozenset()}, frozenset(CAMERAS), None)


async def test_an_engine_of_another_gateway_gets_its_share_once_it_was_let_go_of(store: SqlStore) -> None:
    await agree(store, "g1", Seat("e1", 8))
    waiting = await agree(store, "g2", Seat("e2", 8), now_ms=10)
    assert waiting.cameras == {"e2": frozenset()}
    assert len(waiting.waiting) == 2 and waiting.again_at_ms == LENGTH_MS
    kept = await agree(store, "g1", Seat("e1", 8), now_ms=20)
    assert len(kept.cameras["e1"]) == 2 and not kept.cameras["e1"] & waiting.waiting
    await store.camera_leases.release("e1", waiting.waiting)
    shares = await agree(store, "g2", Seat("e2", 8), now_ms=30)
    assert shares.cameras == {"e2": waiting.waiting}


async def test_what_a_dead_engine_had_is_free_after_its_lease(store: SqlStore) -> None:
    await agree(store, "g1", Seat("e1", 8))
    await agree(store, "g2", Seat("e2", 8), now_ms=10)
    late = await agree(store, "g2", Seat("e2", 8), now_ms=LENGTH_MS)
    assert late.cameras == {"e2": frozenset(CAMERAS)}


async def test_an_engine_that_is_heard_of_keeps_what_it_has(store: SqlStore) -> None:
    await agree(store, "g1", Seat("e1", 8))
    await store.camera_leases.renew("e1", CAMERAS, now_ms=900, length_ms=LENGTH_MS)
    shares = await agree(store, "g2", Seat("e2", 8), now_ms=LENGTH_MS)
    assert shares.cameras == {"e2": frozenset()}
    assert set((await store.camera_leases.holders(LENGTH_MS)).values()) == {"e1"}


async def test_nobody_renews_what_is_anothers_by_now(store: SqlStore) -> None:
    await agree(store, "g1", Seat("e1", 8))
    await agree(store, "g2", Seat("e2", 8), now_ms=LENGTH_MS)
    await store.camera_leases.renew("e1", CAMERAS, now_ms=LENGTH_MS + 1, length_ms=LENGTH_MS)
    assert await store.camera_leases.holders(LENGTH_MS + 1) == dict.fromkeys(CAMERAS, "e2")


async def test_an_engine_may_change_its_gateway_and_keeps_its_cameras(store: SqlStore) -> None:
    await agree(store, "g1", Seat("e1", 8))
    shares = await agree(store, "g2", Seat("e1", 8), now_ms=10)
    assert shares.cameras == {"e1": frozenset(CAMERAS)}
    assert (await agree(store, "g1", now_ms=20)).cameras == {}
    assert (await agree(store, "g2", Seat("e1", 8), now_ms=30)).cameras == {"e1": frozenset(CAMERAS)}


async def test_an_engine_that_left_has_neither_seat_nor_camera(store: SqlStore) -> None:
    await agree(store, "g1", Seat("e1", 8))
    await store.camera_leases.release("e1")
    shares = await agree(store, "g2", Seat("e2", 8), now_ms=10)
    assert shares.cameras == {"e2": frozenset(CAMERAS)}


@pytest.mark.parametrize("engines", [2, 5])
async def test_however_many_agree_at_once_no_camera_has_two(store: SqlStore, engines: int) -> None:
    for round_ms in range(0, 5 * LENGTH_MS, LENGTH_MS // 2):
        asked = [agree(store, f"g{n}", Seat(f"e{n}", 3), now_ms=round_ms) for n in range(engines)]
        given = [camera for shares in await asyncio.gather(*asked) for camera in next(iter(shares.cameras.values()))]
        assert len(given) == len(set(given))
