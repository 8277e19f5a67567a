from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from sightline.clock import SystemClock
from sightline.deliveries.entry import Cursor
from sightline.exceptions import StoreError
from sightline.gateway.delivery import cursors as module
from sightline.gateway.delivery.cursors import Cursors


class Log:
    """Keeps cursors, and what was written at a time; refuses while it is told to."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Cursor] = {("olga", "old"): Cursor("e", 3)}
        self.writes: list[dict[tuple[str, str], Cursor]] = []
        self.refusals = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def cursor(self, user_id: str, device: str) -> Cursor | None:
        return self.kept.get((user_id, device))

    async def advance(self, cursors: Mapping[tuple[str, str], Cursor], *, now_ms: int) -> None:
        await self.gate.wait()
        if self.refusals:
            self.refusals -= 1
            raise StoreError("the disk is full")
        self.writes.append(dict(cursors))
        self.kept |= cursors


@pytest_asyncio.fixture
async def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    return Log()


@pytest_asyncio.fixture
async def cursors(log: Any) -> AsyncIterator[Cursors]:
    made = Cursors(log, SystemClock())
    job = asyncio.create_task(made.run())
    yield made
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def _written(log: Log, device: str, offset: int) -> None:
    async with asyncio.timeout(10):
        while True:
            if log.kept.get(("olga", device)) == Cursor("e", offset):
                return
            await asyncio.sleep(0.001)


async def test_what_moved_is_written(cursors: Cursors, log: Log) -> None:
    cursors.move("olga", "desk", Cursor("e", 7))
    await _written(log, "desk", 7)


async def test_what_moves_during_a_write_goes_in_one(cursors: Cursors, log: Log) -> None:
    log.gate.clear()
    cursors.move("olga", "first", Cursor("e", 1))
    await asyncio.sleep(0.01)
    for offset in range(1, 50):
        cursors.move("olga", "desk", Cursor("e", offset))
        cursors.move("olga", "phone", Cursor("e", offset))
    log.gate.set()
    await _written(log, "phone", 49)
    assert log.writes[-1] == {("olga", "desk"): Cursor("e", 49), ("olga", "phone"): Cursor("e", 49)}
    assert len(log.writes) == 2


async def test_nothing_moves_backwards_within_an_epoch(cursors: Cursors, log: Log) -> None:
    log.gate.clear()
    cursors.move("olga", "desk", Cursor("e", 7))
    cursors.move("olga", "desk", Cursor("e", 5))
    assert await cursors.of("olga", "desk") == Cursor("e", 7)
    cursors.move("olga", "desk", Cursor("restored", 2))
    assert await cursors.of("olga", "desk") == Cursor("restored", 2)
    log.gate.set()


async def test_who_asks_hears_what_is_not_written_yet(cursors: Cursors, log: Log) -> None:
    log.gate.clear()
    cursors.move("olga", "old", Cursor("e", 9))
    assert await cursors.of("olga", "old") == Cursor("e", 9)
    await asyncio.sleep(0.01)
    assert await cursors.of("olga", "old") == Cursor("e", 9), "while it is being written"
    log.gate.set()
    await _written(log, "old", 9)
    assert await cursors.of("olga", "old") == Cursor("e", 9)
    assert await cursors.of("olga", "unknown") is None


async def test_nothing_moves_behind_what_is_being_written(cursors: Cursors, log: Log) -> None:
    log.gate.clear()
    cursors.move("olga", "desk", Cursor("e", 9))
    await asyncio.sleep(0.01)
    cursors.move("olga", "desk", Cursor("e", 4))
    assert await cursors.of("olga", "desk") == Cursor("e", 9)
    log.gate.set()


async def test_a_store_that_refuses_is_asked_again(cursors: Cursors, log: Log) -> None:
    log.refusals = 3
    cursors.move("olga", "desk", Cursor("e", 7))
    await _written(log, "desk", 7)
    assert log.refusals == 0


async def test_what_waits_at_the_end_is_written(log: Any) -> None:
    cursors = Cursors(log, SystemClock())
    job = asyncio.create_task(cursors.run())
    await asyncio.sleep(0)
    cursors.move("olga", "desk", Cursor("e", 7))
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert log.kept["olga", "desk"] == Cursor("e", 7)
