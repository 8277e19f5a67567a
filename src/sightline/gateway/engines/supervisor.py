"""Keeps one engine running as a child process: started again when it ends, with backoff, never taking the gateway.

The child's standard input is a pipe from here. It begins with lines of this process's own (the engine's token first),
and when this process dies, however it dies, the pipe closes and the child ends: no orphan goes on reading cameras.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import structlog

from sightline.clock import Clock

__all__ = ["EngineSupervisor"]

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S = 60.0
STOP_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


class EngineSupervisor:
    """Starts `command`, hands it `first_lines`, and starts it again whenever it ends."""

    def __init__(self, command: Sequence[str], first_lines: Sequence[str], clock: Clock) -> None:
        self._command = tuple(command)
        self._first_lines = "".join(line + "\n" for line in first_lines).encode()
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._restarts = 0
        self._state = "down"
        self._reason = "not started"
        self._since_ms = clock.now_ms()
        self.failures = 0
        """How often it ended in a row before it had run for a minute."""

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def report(self) -> Mapping[str, Any]:
        """What the system page shows."""
        return {
            "state": self._state,
            "since": self._since_ms,
            "restarts": self._restarts,
            "reason": self._reason,
            "pid": self.pid,
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Supervises while the context is open, then stops the child."""
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Supervises from now on."""
        self._task = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """Supervises no more, and stops the child."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._stop_child()

    async def _supervise(self) -> None:
        while True:
            started_s = self._clock.monotonic_s()
            code = await self._run_once()
            if self._clock.monotonic_s() - started_s >= STEADY_S:
                self.failures = 0
            pause_s = BACKOFF_S[min(self.failures, len(BACKOFF_S) - 1)]
            self.failures += 1
            self._restarts += 1
            self._say("down", f"the engine ended ({_in_words(code)}); started again in {pause_s:g} s")
            log.error("engine_ended", status=_in_words(code), again_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _run_once(self) -> int | None:
        """The exit status of one life of the child; `None` when it could not be started."""
        self._say("starting", "the engine is starting")
        try:
            # A session of its own: Ctrl-C in a terminal is for the server, which ends its engine in its own time.
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            log.error("engine_not_started", problem=str(error))
            return None
        self._process = process
        log.info("engine_started", pid=process.pid)
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self._first_lines)
            await process.stdin.drain()
        return await process.wait()

    async def _stop_child(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            log.warning("engine_killed", pid=process.pid)
            process.kill()
            await process.wait()
        self._say("down", "stopped")

    def _say(self, state: str, reason: str) -> None:
        self._state, self._reason, self._since_ms = state, reason, self._clock.now_ms()


def _in_words(code: int | None) -> str:
    if code is None:
        return "it could not be started"
    return f"killed by signal {-code}" if code < 0 else f"exit status {code}"
