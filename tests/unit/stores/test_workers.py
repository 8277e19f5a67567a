"""The threads for blocking work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sightline.exceptions import Unavailable
from sightline.stores.workers import Workers


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers("test", threads=1, limit=2)
    yield made
    await made.close()


async def test_work_is_done_on_another_thread(workers: Workers) -> None:
    assert await workers.run(threading.current_thread) is not threading.current_thread()


async def test_an_error_is_the_callers(workers: Workers) -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await workers.run(fails)


async def test_too_much_is_refused_and_room_comes_back(workers: Workers) -> None:
    gate = threading.Event()
    waiting = [asyncio.ensure_future(workers.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="overloaded"):
        await workers.run(gate.wait)
    gate.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await workers.run(lambda: 7) == 7


async def test_a_cancelled_call_is_done_all_the_same(workers: Workers) -> None:
    gate, done = threading.Event(), threading.Event()

    def work() -> None:
        gate.wait()
        done.set()

    call = asyncio.ensure_future(workers.run(work))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    gate.set()
    await workers.run(lambda: None)
    assert done.is_set()


async def test_closed_workers_refuse(workers: Workers) -> None:
    await workers.close()
    with pytest.raises(Unavailable, match="closed"):
        await workers.run(lambda: None)
