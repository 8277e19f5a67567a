"""The threads on which blocking work is done, so that the event loop never waits for a disk.

Bound: `limit` calls running or waiting. Policy when full: the newest call is refused with `Unavailable`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sightline.exceptions import Unavailable

__all__ = ["Workers", "retrieve"]

T = TypeVar("T")


def retrieve(future: asyncio.Future[T]) -> None:
    """Whoever asked may have been cancelled: then nobody need hear how it ended, asyncio's log least of all."""
    if not future.cancelled():
        future.exception()


class Workers:
    """A few threads with a bounded queue. Used from one event loop."""

    def __init__(self, name: str, *, threads: int, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._busy = 0
        self._closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, called on one of the threads. A caller who is cancelled does not stop it.

        Raises `Unavailable` when too much is waiting or the workers were closed, and whatever `work` raises.
        """
        if self._closed:
            raise Unavailable("the store is closed")
        if self._busy >= self._limit:
            raise Unavailable(f"the store is overloaded ({self._name}: {self._limit} calls wait): try again shortly")
        self._busy += 1
        call = self._pool.submit(work)
        loop = asyncio.get_running_loop()
        call.add_done_callback(lambda _: loop.call_soon_threadsafe(self._finished))
        result = asyncio.wrap_future(call)
        result.add_done_callback(retrieve)
        return await asyncio.shield(result)

    async def close(self) -> None:
        """Waits for everything that was begun, then ends the threads."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)

    def _finished(self) -> None:
        self._busy -= 1
