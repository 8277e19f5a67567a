from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sightline.engine.spooling import outbox as outbox_module
from sightline.engine.spooling.outbox import MAX_UNACCEPTED, FactOutbox
from sightline.engine.spooling.spool import Spool
from sightline.engine.spooling.spool_disk import SpoolDisk
from tests.unit.engine.facts import make_fact

PICTURE = b"\xff\xd8 a picture"


def opener(folder: Path, limit_bytes: int = 10**9) -> Callable[[], Spool]:
    return lambda: Spool(SpoolDisk(folder), limit_bytes=limit_bytes)


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[FactOutbox]:
    outbox = FactOutbox(opener(tmp_path))
    await outbox.open()
    yield outbox
    await outbox.close()


def files(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]


async def take(outbox: FactOutbox, count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [(await outbox.next()).fact.key for _ in range(count)]


async def nothing_more(outbox: FactOutbox) -> bool:
    try:
        async with asyncio.timeout(0.05):
            await outbox.next()
    except TimeoutError:
        return True
    return False


async def test_facts_come_out_in_order_with_their_pictures(outbox: FactOutbox) -> None:
    outbox.link_opened()
    for number in range(3):
        outbox.add(make_fact(number), {"probe": PICTURE})
    spooled = await outbox.next()
    assert (spooled.fact, spooled.pictures) == (make_fact(0), {"probe": PICTURE})
    assert await take(outbox, 2) == ["key-1", "key-2"]
    assert outbox.facts == 3
    assert await nothing_more(outbox)


async def test_a_fact_is_sent_before_the_disk_has_it(tmp_path: Path) -> None:
    """The alert does not wait for the disk."""
    release = threading.Event()

    class SlowDisk(SpoolDisk):
        def write(self, name: str, data: bytes) -> None:
            release.wait(10)
            super().write(name, data)

    outbox = FactOutbox(lambda: Spool(SlowDisk(tmp_path), limit_bytes=10**9))
    await outbox.open()
    outbox.link_opened()
    outbox.add(make_fact(1), {"probe": PICTURE})
    assert await take(outbox, 1) == ["key-1"]
    assert not files(tmp_path, "*.fact")
    outbox.accepted("key-1")
    release.set()
    await outbox.close()
    assert files(tmp_path, "*") == ["lock"]


async def test_only_acceptance_forgets(outbox: FactOutbox, tmp_path: Path) -> None:
    outbox.link_opened()
    for number in range(3):
        outbox.add(make_fact(number), {})
    await take(outbox, 3)
    outbox.accepted("key-1")
    outbox.accepted("key-1")
    outbox.accepted("never heard of")
    outbox.link_lost()
    outbox.link_opened()
    assert await take(outbox, 2) == ["key-0", "key-2"]
    assert outbox.facts == 2


async def test_a_restart_finds_everything_unaccepted_in_order(tmp_path: Path) -> None:
    first = FactOutbox(opener(tmp_path))
    await first.open()
    for number in range(4):
        first.add(make_fact(number), {"probe": PICTURE})
    first.link_opened()
    await take(first, 2)
    first.accepted("key-0")
    await first.close()
    second = FactOutbox(opener(tmp_path))
    await second.open()
    second.add(make_fact(9), {})
    second.link_opened()
    spooled = await second.next()
    assert (spooled.fact.key, spooled.pictures) == ("key-1", {"probe": PICTURE})
    assert await take(second, 3) == ["key-2", "key-3", "key-9"]
    await second.close()


async def test_a_lost_link_does_not_change_the_order(outbox: FactOutbox) -> None:
    for number in range(6):
        outbox.add(make_fact(number), {})
    for _ in range(3):
        outbox.link_opened()
        assert await take(outbox, 4) == ["key-0", "key-1", "key-2", "key-3"]
        outbox.link_lost()


async def test_too_many_unaccepted_facts_hold_the_rest_back(outbox: FactOutbox) -> None:
    outbox.link_opened()
    for number in range(MAX_UNACCEPTED + 3):
        outbox.add(make_fact(number), {})
    await take(outbox, MAX_UNACCEPTED)
    assert await nothing_more(outbox)
    outbox.accepted("key-5")
    assert await take(outbox, 1) == [f"key-{MAX_UNACCEPTED}"]


async def test_pictures_do_not_stay_in_memory_while_nobody_listens(tmp_path: Path) -> None:
    outbox = FactOutbox(opener(tmp_path))
    await outbox.open()
    for number in range(10):
        outbox.add(make_fact(number), {"probe": PICTURE})
    while len(files(tmp_path, "*.fact")) < 10:  # noqa: ASYNC110  # the disk has no event
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert all(item.held is None for item in outbox._unsent)
    await outbox.close()


async def test_what_the_spool_had_to_drop_is_skipped_and_counted(tmp_path: Path) -> None:
    outbox = FactOutbox(opener(tmp_path, limit_bytes=1_500))
    await outbox.open()
    for number in range(12):
        outbox.add(make_fact(number, "unknown"), {})
    await asyncio.wait(outbox._unstored)
    outbox.link_opened()
    lost = outbox.dropped["unknown_facts"]
    assert lost > 0
    assert await take(outbox, 12 - lost) == [f"key-{number}" for number in range(lost, 12)]
    assert outbox.warnings()
    await outbox.close()


async def test_a_gateway_that_accepts_nothing_gets_the_facts_again(
    outbox: FactOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "SETTLE_INTERVAL_S", 0.01)
    monkeypatch.setattr(outbox_module, "PATIENCE_S", 0.05)
    outbox.link_opened()
    for number in range(2):
        outbox.add(make_fact(number), {})
    assert await take(outbox, 2) == ["key-0", "key-1"]
    tending = asyncio.create_task(outbox.tend())
    assert await take(outbox, 2) == ["key-0", "key-1"]
    tending.cancel()


async def test_a_disk_that_cannot_keep_up_costs_pictures_not_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_UNSTORED", 2)
    outbox = FactOutbox(opener(tmp_path))
    await outbox.open()
    for number in range(5):
        outbox.add(make_fact(number), {"probe": PICTURE})
    assert outbox.dropped["pictures"] == 3
    assert outbox.facts == 5
    await outbox.close()
    assert len(files(tmp_path, "*.fact")) == 5
    assert len(files(tmp_path, "*.jpg")) == 2
