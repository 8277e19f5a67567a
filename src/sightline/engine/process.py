"""The engine as a program: signals, the parent that may die, the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

import structlog

from sightline.engine.engine import Engine
from sightline.engine.freed_memory import keep_giving_back
from sightline.leaving import daemon_threads, leave

__all__ = ["read_token", "run_engine"]

PARENT_THREAD = "parent"

_log = structlog.get_logger(__name__)


def read_token(stream: BinaryIO | None = None) -> str:
    """The engine's token from the first line of standard input, where no other process can see it."""
    source = stream if stream is not None else sys.stdin.buffer
    return source.readline().decode().strip()


def run_engine(new_engine: Callable[[], Engine], *, supervised: bool) -> None:
    """Runs an engine until SIGTERM or SIGINT; with `supervised` also until standard input closes.

    A supervised engine is a child whose standard input is a pipe from its parent: when the parent dies, however it
    dies, the pipe closes, and no orphan goes on reading cameras. Raises what the engine raises.

    Does not return where a thread still waits for its source: the process ends here then (`sightline.leaving`). By then
    every fact is on disk and the link is closed.
    """
    try:
        asyncio.run(_run(new_engine, supervised=supervised))
    except Exception:
        if _waiting_threads():
            _log.exception("the engine failed")
            leave(1)
        raise
    if _waiting_threads():
        leave(0)


def _waiting_threads() -> list[str]:
    return [name for name in daemon_threads() if name != PARENT_THREAD]


async def _run(new_engine: Callable[[], Engine], *, supervised: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = new_engine()  # before the thread below takes what is left of standard input
    if supervised:
        threading.Thread(target=_wait_for_parent, args=(loop, stop), name=PARENT_THREAD, daemon=True).start()
    giving_back = asyncio.create_task(keep_giving_back())
    try:
        await engine.run(stop)
    finally:
        giving_back.cancel()


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Reads standard input by its descriptor (the buffered one has its own lock) until it ends."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    _log.info("the parent process is gone: this engine ends")
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stop.set)
