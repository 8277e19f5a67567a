"""Whether the server answers, asked again and again as somebody would who looks at it from outside."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["Availability", "Probe"]

EVERY_S = 0.05
PATIENCE_S = 1.0
SECONDS_OF_A_DAY = 86_400
CLAIMED = 0.999
REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Availability:
    """`share` of the time in which a question was answered within a second, all faults included; `share_serving` of
    that in which nobody had killed or stopped the server, from its listen on. `outages_s`: how long each stretch
    without an answer was."""

    share: float
    share_serving: float
    outages_s: tuple[float, ...]

    @property
    def outages_a_day(self) -> int | None:
        """How many outages like the longest a day may have with 99.9 % availability; `None` when there was none."""
        if not self.outages_s:
            return None
        return int(SECONDS_OF_A_DAY * (1 - CLAIMED) / max(self.outages_s))


@dataclass(frozen=True, slots=True)
class _Answer:
    at_s: float
    came: bool
    was_due: bool


@dataclass
class Probe:
    """Asks `/health` on a new connection, until left. `is_serving` says whether there is a server now that should
    answer."""

    port: int
    is_serving: Callable[[], bool]
    _answers: list[_Answer] = field(default_factory=list)

    async def __aenter__(self) -> Probe:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def result(self) -> Availability:
        """Of the time from the first answer to now. A stretch without one lasts from the last answer to the next."""
        answered_s = [one.at_s for one in self._answers if one.came]
        if not answered_s:
            return Availability(0.0, 0.0, ())
        outages_s, last_s, silent = [], answered_s[0], False
        for one in self._answers:
            if one.came and silent:
                outages_s.append(one.at_s - last_s)
            if one.came:
                last_s = one.at_s
            silent = not one.came
        whole_s = max(self._answers[-1].at_s - answered_s[0], EVERY_S)
        return Availability(1 - sum(outages_s) / whole_s, self._share_serving(), tuple(outages_s))

    def _share_serving(self) -> float:
        expected = [(one.at_s - before.at_s, one.came) for before, one in pairwise(self._answers) if one.was_due]
        return sum(s for s, came in expected if came) / max(sum(s for s, _ in expected), EVERY_S)

    async def _run(self) -> None:
        while True:
            serving = self.is_serving()
            came = await self._asked()
            self._answers.append(_Answer(time.monotonic(), came, serving and self.is_serving()))
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
