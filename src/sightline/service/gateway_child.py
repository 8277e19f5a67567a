"""One of several gateways, as its parent keeps it: started, heard when it begins, started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Sequence

import structlog

from sightline.clock import Clock
from sightline.exceptions import SightlineError, Unavailable
from sightline.service.gateway_words import Began, Failed, read_word

__all__ = ["Backoff", "GatewayChild"]

COMMAND = (sys.executable, "-m", "sightline.service.gateway_process")
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S = 60.0
STOP_TIMEOUT_S = 14.0
"""A gateway gives its clients two seconds, requests three, and its engines five."""

log = structlog.get_logger(__name__)


class Backoff:
    """How long to wait before what has ended is started again: not at all after a steady life, then longer and longer.

    >>> backoff = Backoff()
    >>> [backoff.pause_s(lived_s=1.0) for _ in range(3)], backoff.pause_s(lived_s=3600.0)
    ([0.0, 0.5, 1.0], 0.0)
    """

    def __init__(self, pauses_s: Sequence[float] = BACKOFF_S, steady_s: float = STEADY_S) -> None:
        self._pauses_s = pauses_s
        self._steady_s = steady_s
        self._failures = 0

    def pause_s(self, lived_s: float) -> float:
        """After a life of so long."""
        if lived_s >= self._steady_s:
            self._failures = 0
        pause_s = self._pauses_s[min(self._failures, len(self._pauses_s) - 1)]
        self._failures += 1
        return pause_s


class GatewayChild:
    """`start`, then `begin`, then `keep` until cancelled; `stop` at the end.

    `door` is the socket of its door, which this process keeps open: who comes to it while the child is being started
    again waits there. `orders` is the line that it is given, `command` the program."""

    def __init__(
        self, number: int, door: socket.socket, orders: bytes, clock: Clock, *, command: Sequence[str] = COMMAND
    ) -> None:
        self.number = number
        self._door = door
        self._orders = orders
        self._clock = clock
        self._command = tuple(command)
        self._backoff = Backoff()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._began: asyncio.Future[Began] | None = None
        self._started_s = 0.0

    async def start(self) -> None:
        """Its process; it does nothing before `begin`. Raises `Unavailable`."""
        pipe = asyncio.subprocess.PIPE
        self._started_s = self._clock.monotonic_s()
        try:
            # A session of its own: Ctrl-C in a terminal is for this process, which ends the child in its own time.
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, pass_fds=(self._door.fileno(),), start_new_session=True
            )
        except OSError as error:
            raise Unavailable(f"gateway {self.number} cannot be started: {error.strerror}") from error
        self._began = asyncio.get_running_loop().create_future()
        self._listening = asyncio.create_task(self._listen(self._process, self._began))
        log.info("gateway_started", gateway=self.number, pid=self._process.pid)

    async def begin(self) -> Began:
        """Returns once it listens. Raises what it says it failed by, and `Unavailable` where it says nothing."""
        assert self._process is not None and self._process.stdin is not None and self._began is not None, "start it"
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(self._orders)
            await self._process.stdin.drain()
        return await asyncio.shield(self._began)

    async def keep(self, on_change: Callable[[], None] = lambda: None) -> None:
        """Starts it again whenever it ends, until cancelled."""
        while True:
            assert self._process is not None
            status = await self._process.wait()
            pause_s = self._backoff.pause_s(self._clock.monotonic_s() - self._started_s)
            log.error("gateway_ended", gateway=self.number, status=_in_words(status), again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            try:
                await self.start()
                await self.begin()
            except SightlineError as problem:
                log.error("gateway_not_started", gateway=self.number, problem=str(problem))
                await self._end()
            else:
                on_change()

    async def stop(self) -> None:
        """Lets it end as after SIGTERM; kills it when it does not."""
        await self._end(STOP_TIMEOUT_S)

    async def _end(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), timeout_s)
            except TimeoutError:
                log.warning("gateway_killed", gateway=self.number, pid=process.pid)
                process.kill()
                await process.wait()
        if self._listening is not None:
            await self._listening

    async def _listen(self, process: asyncio.subprocess.Process, began: asyncio.Future[Began]) -> None:
        """Hears its words; whatever else it writes goes where this process's own output goes."""
        assert process.stdout is not None
        async for line in process.stdout:
            word = read_word(line)
            if word is None:
                with contextlib.suppress(OSError):
                    os.write(1, line)
            elif not began.done():
                if isinstance(word, Failed):
                    began.set_exception(word.error())
                else:
                    began.set_result(word)
        status = await process.wait()
        if not began.done():
            began.set_exception(
                Unavailable(f"gateway {self.number} ended before it began ({_in_words(status)}): its log says why")
            )
        if began.done() and not began.cancelled():
            began.exception()  # whoever waited has heard it


def _in_words(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
