"""What gateways of one database tell each other: beats, bulletins, chores, tickets."""

from __future__ import annotations

import asyncio

from sightline.deliveries.cluster import Bulletin, PeerRow
from sightline.stores import SqlStore
from tests.contract.facts import raise_alert


async def test_a_beat_is_what_the_others_see(store: SqlStore) -> None:
    assert not await store.cluster.beat("a", 1, None, now_ms=1000)
    assert await store.cluster.beat("a", 2, b"here", now_ms=1000)
    await store.cluster.beat("b", 7, b"", now_ms=2000)
    assert await store.cluster.peers("b", {}) == [PeerRow("a", 2, 2, b"here")]
    assert await store.cluster.beat("a", 3, None, now_ms=2000)
    assert await store.cluster.peers("b", {"a": 2}) == [PeerRow("a", 3, 2, None)]
    await store.cluster.beat("a", 4, b"there", now_ms=3000)
    assert await store.cluster.peers("b", {"a": 2}) == [PeerRow("a", 4, 4, b"there")]
    await store.cluster.leave("a")
    assert await store.cluster.peers("b", {}) == []


async def test_bulletins_come_in_the_order_in_which_they_were_posted(store: SqlStore) -> None:
    assert await store.cluster.newest() == 0
    await store.cluster.post("a", [("camera", {"id": "1"}), ("person", {"id": "2"})], now_ms=1)
    (last,) = await store.cluster.post("b", [("person", {"id": "3"})], now_ms=2)
    look = await store.cluster.look(0)
    assert look.bulletins == (
        Bulletin(last - 2, "a", "camera", {"id": "1"}),
        Bulletin(last - 1, "a", "person", {"id": "2"}),
        Bulletin(last, "b", "person", {"id": "3"}),
    )
    assert (await store.cluster.look(last - 1)).bulletins == look.bulletins[2:]
    assert await store.cluster.newest() == last


async def test_many_who_post_at_once_have_a_number_each(store: SqlStore) -> None:
    posted = await asyncio.gather(*(store.cluster.post("a", [("n", {"n": n})], now_ms=1) for n in range(20)))
    numbers = [number for (number,) in posted]
    assert len(set(numbers)) == 20
    assert [b.number for b in (await store.cluster.look(0)).bulletins] == sorted(numbers)


async def test_a_look_shows_the_top_of_the_log(store: SqlStore) -> None:
    assert (await store.cluster.look(0)).top == 0
    alert = await raise_alert(store, "k")
    assert (await store.cluster.look(0)).top == alert.offset


async def test_what_is_old_is_forgotten_but_no_number_is_used_again(store: SqlStore) -> None:
    await store.cluster.beat("old", 1, b"", now_ms=1000)
    await store.cluster.beat("new", 1, b"", now_ms=9000)
    await store.cluster.post("a", [("x", {}), ("y", {})], now_ms=1000)
    await store.cluster.keep_ticket("t", {"sub": "u"}, until_ms=1000)
    assert await store.cluster.forget(5000) == ["old"]
    look = await store.cluster.look(0)
    assert [peer.gateway_id for peer in await store.cluster.peers("c", {})] == ["new"]
    assert [bulletin.kind for bulletin in look.bulletins] == ["y"]
    (number,) = await store.cluster.post("a", [("z", {})], now_ms=9000)
    assert number > look.bulletins[0].number
    assert await store.cluster.redeem_ticket("t", now_ms=0) is None


async def test_a_chore_is_done_by_one(store: SqlStore) -> None:
    assert await store.cluster.claim_chore("sweep", "a", now_ms=0, until_ms=100)
    assert not await store.cluster.claim_chore("sweep", "b", now_ms=99, until_ms=200)
    assert await store.cluster.claim_chore("sweep", "a", now_ms=99, until_ms=150)
    assert await store.cluster.claim_chore("paint", "b", now_ms=99, until_ms=200)
    assert await store.cluster.claim_chore("sweep", "b", now_ms=150, until_ms=300)
    await store.cluster.leave("b")
    assert await store.cluster.claim_chore("sweep", "a", now_ms=160, until_ms=300)


async def test_of_many_who_claim_a_chore_at_once_one_has_it(store: SqlStore) -> None:
    claims = (store.cluster.claim_chore("sweep", str(n), now_ms=0, until_ms=100) for n in range(10))
    assert sum(await asyncio.gather(*claims)) == 1


async def test_a_ticket_is_good_once_and_not_for_long(store: SqlStore) -> None:
    await store.cluster.keep_ticket("one", {"sub": "u"}, until_ms=1000)
    await store.cluster.keep_ticket("late", {"sub": "u"}, until_ms=1000)
    redeemed = await asyncio.gather(*(store.cluster.redeem_ticket("one", now_ms=999) for _ in range(5)))
    assert [claims for claims in redeemed if claims is not None] == [{"sub": "u"}]
    assert await store.cluster.redeem_ticket("late", now_ms=1000) is None
    assert await store.cluster.redeem_ticket("never", now_ms=0) is None
