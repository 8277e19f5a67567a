"""The alert log: order, bounds, pruning, cursors, and who is told of a commit."""

from __future__ import annotations

import asyncio

from sightline.deliveries.entry import Cursor, EntryKind, LogBounds
from sightline.events.alert import AlertState
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import OPERATORS, event, raise_alert, silent


async def offsets(store: SqlStore, after: int = 0, limit: int = 100) -> list[int]:
    return [entry.offset for entry in await store.log.page(after, limit)]


async def test_an_empty_log(store: SqlStore) -> None:
    bounds = await store.log.bounds()
    assert (bounds.floor, bounds.top) == (0, 0)
    assert bounds.epoch
    assert await offsets(store) == []


async def test_pages_are_in_order_and_join(store: SqlStore) -> None:
    raised = [await raise_alert(store, str(n)) for n in range(5)]
    assert await offsets(store) == [alert.offset for alert in raised] == [1, 2, 3, 4, 5]
    assert await offsets(store, limit=2) == [1, 2]
    assert await offsets(store, after=2, limit=2) == [3, 4]
    assert await offsets(store, after=5) == []


async def test_concurrent_writers_leave_no_hole(store: SqlStore) -> None:
    await asyncio.gather(*(raise_alert(store, str(n)) for n in range(100)))
    assert await offsets(store, limit=200) == list(range(1, 101))


async def test_the_epoch_outlives_a_restart(open_store: OpenStore) -> None:
    store = await open_store()
    await raise_alert(store, "k")
    before = await store.log.bounds()
    await store.close()
    assert await (await open_store()).log.bounds() == before


async def test_each_commit_that_appended_is_told(open_store: OpenStore) -> None:
    told: list[int] = []
    store = await open_store(told.append)
    await store.alerts.accept(event("silent"), silent, blobs={}, now_ms=1)
    await store.audit.record(actor="a", action="b", subject="c", now_ms=1)
    assert told == []
    alert = await raise_alert(store, "1")
    assert told == [alert.offset]
    await store.alerts.acknowledge(alert.id, by="u", verdict=None, now_ms=1)
    assert told == [1, 2]
    await asyncio.gather(*(raise_alert(store, f"many-{n}") for n in range(50)))
    assert told == sorted(set(told))
    assert told[-1] == 52


async def test_a_commit_is_told_before_its_writer_goes_on(open_store: OpenStore) -> None:
    told: list[int] = []
    store = await open_store(told.append)

    async def write(number: int) -> bool:
        alert = await raise_alert(store, str(number))
        return told[-1] >= alert.offset

    assert all(await asyncio.gather(*(write(n) for n in range(50))))


async def test_a_reopened_log_tells_only_what_is_new(open_store: OpenStore) -> None:
    store = await open_store()
    await raise_alert(store, "1")
    await store.close()
    told: list[int] = []
    store = await open_store(told.append)
    await store.audit.record(actor="a", action="b", subject="c", now_ms=1)
    assert told == []
    await raise_alert(store, "2")
    assert told == [2]


async def test_pruning_forgets_the_oldest(store: SqlStore) -> None:
    for number in range(4):
        alert = await raise_alert(store, str(number), now_ms=1000 * number)
        await store.alerts.close(alert.id, by="u", now_ms=1000 * number)
    before = await store.log.bounds()
    assert await store.log.prune(2000) == 4
    assert await store.log.bounds() == LogBounds(before.epoch, 4, 8)
    assert await offsets(store) == [5, 6, 7, 8]
    assert await store.log.prune(2000) == 0


async def test_alerts_that_are_open_when_pruned_expire(store: SqlStore) -> None:
    old = await raise_alert(store, "1", now_ms=1000)
    taken = await raise_alert(store, "2", now_ms=1000)
    await store.alerts.acknowledge(taken.id, by="u", verdict=None, now_ms=1000)
    young = await raise_alert(store, "3", now_ms=5000)
    assert await store.log.prune(4000) == 3
    expired = await store.alerts.get(old.id)
    assert (expired.state, expired.by, expired.at_ms) == (AlertState.EXPIRED, None, 4000)
    assert (await store.alerts.get(taken.id)).state is AlertState.ACKNOWLEDGED
    triggered, told = await store.log.page(0, 10)
    assert (triggered.alert_id, told.alert_id) == (young.id, old.id)
    assert (told.kind, told.audience) == (EntryKind.ALERT_UPDATED, frozenset(old.audience))
    assert told.data["state"] == "expired"
    assert (await store.alerts.snapshot(OPERATORS)).alerts == [young]


async def test_an_offset_is_never_used_twice(open_store: OpenStore) -> None:
    store = await open_store()
    for number in range(3):
        alert = await raise_alert(store, str(number), now_ms=1000)
        await store.alerts.close(alert.id, by="u", now_ms=1000)
    assert await store.log.prune(9000) == 6
    bounds = await store.log.bounds()
    assert (bounds.floor, bounds.top) == (6, 6)
    await store.close()
    store = await open_store()
    assert await store.log.bounds() == bounds
    assert (await raise_alert(store, "next")).offset == 7


async def test_a_clock_that_jumped_back_leaves_no_hole(store: SqlStore) -> None:
    for number, at_ms in enumerate((1000, 9000, 2000, 9500)):
        await raise_alert(store, str(number), now_ms=at_ms)
    await store.log.prune(5000)
    assert (await store.log.bounds()).floor == 1
    assert (await offsets(store))[:3] == [2, 3, 4]


async def test_a_device_that_is_new_has_no_cursor(store: SqlStore) -> None:
    assert await store.log.cursor("grace", "phone") is None


async def test_a_cursor_never_moves_backwards(store: SqlStore) -> None:
    epoch = (await store.log.bounds()).epoch
    for offset, expected in ((5, 5), (9, 9), (7, 9), (9, 9)):
        await store.log.advance({("grace", "phone"): Cursor(epoch, offset)}, now_ms=1)
        assert await store.log.cursor("grace", "phone") == Cursor(epoch, expected)


async def test_a_new_epoch_begins_anew(store: SqlStore) -> None:
    await store.log.advance({("grace", "phone"): Cursor("before", 50)}, now_ms=1)
    await store.log.advance({("grace", "phone"): Cursor("after", 2)}, now_ms=1)
    assert await store.log.cursor("grace", "phone") == Cursor("after", 2)


async def test_every_device_of_every_user_has_its_own_cursor(store: SqlStore) -> None:
    await store.log.advance({("grace", "phone"): Cursor("e", 1)}, now_ms=1)
    await store.log.advance({("grace", "desk"): Cursor("e", 2)}, now_ms=1)
    await store.log.advance({("ada", "phone"): Cursor("e", 3)}, now_ms=1)
    assert await store.log.cursor("grace", "phone") == Cursor("e", 1)
    assert await store.log.cursor("grace", "desk") == Cursor("e", 2)
    assert await store.log.cursor("ada", "phone") == Cursor("e", 3)
