"""Whether the server answers, asked again and again as somebody would who looks at it from outside."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

__all__ = ["Availability", "Probe"]

EVERY_S = 0.05
PATIENCE_S = 1.0
SECONDS_OF_A_DAY = 86_400
CLAIMED = 0.999
REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Availability:
    """`share` of the time in which a question was answered within a second, all faults included. `outages_s`: how long
    each stretch without an answer was."""

    share: float
    outages_s: tuple[float, ...]

    @property
    def outages_a_day(self) -> int | None:
        """How many outages like the longest a day may have with 99.9 % availability; `None` when there was none."""
        if not self.outages_s:
            return None
        return int(SECONDS_OF_A_DAY * (1 - CLAIMED) / max(self.outages_s))


@dataclass
class Probe:
    """Asks `/health` on a new connection, until left."""

    port: int
    _answers: list[tuple[float, bool]] = field(default_factory=list)

    async def __aenter__(self) -> Probe:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def result(self) -> Availability:
        """Of the time from the first answer to now. A stretch without one lasts from the last answer to the next."""
        answered_s = [at_s for at_s, answered in self._answers if answered]
        if not answered_s:
            return Availability(0.0, ())
        outages_s, last_s, silent = [], answered_s[0], False
        for at_s, answered in self._answers:
            if answered and silent:
                outages_s.append(at_s - last_s)
            if answered:
                last_s = at_s
            silent = not answered
        whole_s = max(self._answers[-1][0] - answered_s[0], EVERY_S)
        return Availability(1 - sum(outages_s) / whole_s, tuple(outages_s))

    async def _run(self) -> None:
        while True:
            answered = await self._asked()
            self._answers.append((time.monotonic(), answered))
            await asyncio.sleep(EVERY_S)

    async def _asked(self) -> bool:
        with contextlib.suppress(OSError, EOFError):  # a timeout is an OSError
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(REQUEST)
                    return b" 200 " in await reader.readline()
                finally:
                    writer.transport.abort()
        return False
