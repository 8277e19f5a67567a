"""Simulated workstations: they send pictures in turn, time every verdict, and look whose it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.workstations.sitters import Sitter

__all__ = ["Crowd", "Desk", "Heard"]

ANOTHER_EVERY = 7
"""So often somebody else sits before the webcam."""
ANSWER_TIMEOUT_S = 60.0


@dataclass
class Heard:
    """What came of the pictures of one measurement. `named`: whose face it was, and the verdict says so; `unnamed`: it
    names nobody; `mistaken`: the verdict names somebody who was not shown, or answers another's picture.
    """

    latencies_ms: list[float] = field(default_factory=list)
    named: int = 0
    unnamed: int = 0
    mistaken: int = 0
    unanswered: int = 0
    actions: Counter[str] = field(default_factory=Counter)


class Desk:
    """One workstation. `sitter` should sit there; `other` sometimes does."""

    def __init__(self, number: int, socket: ClientConnection, sitter: Sitter, other: Sitter) -> None:
        self.number = number
        self.socket = socket
        self._sitter = sitter
        self._other = other
        self._turn = number

    async def ask(self, heard: Heard) -> dict[str, Any]:
        """Sends the next picture, and notes what is said of it."""
        self._turn += 1
        shown = self._other if self._turn % ANOTHER_EVERY == 0 else self._sitter
        pictures = shown.encoded
        token = f"{self.number}/{self._turn}"
        frame = {"user_name": self._sitter.name, "image": pictures[self._turn % len(pictures)], "send_time": token}
        started_s = time.perf_counter()
        await self.socket.send(json.dumps(frame))
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            answer: dict[str, Any] = json.loads(await self.socket.recv())
            while answer["send_time"] != token and answer["send_time"].startswith(f"{self.number}/"):
                answer = json.loads(await self.socket.recv())  # an earlier picture's, which was not waited for
        heard.latencies_ms.append((time.perf_counter() - started_s) * 1000)
        self._judge(answer, token, shown, heard)
        return answer

    def _judge(self, answer: dict[str, Any], token: str, shown: Sitter, heard: Heard) -> None:
        heard.actions[answer["action"]] += 1
        named = answer["actual_username"]
        let_in = answer["action"] == "NO_ACTION" and shown is not self._sitter
        if answer["send_time"] != token or named not in ("", shown.name) or let_in:
            heard.mistaken += 1
        elif named:
            heard.named += 1
        else:
            heard.unnamed += 1


class Crowd:
    """Many of them, connected."""

    def __init__(self, url: str, sitters: Sequence[Sitter]) -> None:
        self._url = url
        self._sitters = sitters
        self.desks: list[Desk] = []

    async def connect(self, token: str) -> Desk:
        """One more."""
        number = len(self.desks)
        socket = await connect(
            self._url, additional_headers={"Authorization": f"Bearer {token}"} if token else None, proxy=None,
            compression=None, ping_interval=None, max_size=None,
        )  # fmt: skip
        count = len(self._sitters)
        desk = Desk(number, socket, self._sitters[number % count], self._sitters[(number + 1) % count])
        self.desks.append(desk)
        return desk

    async def close(self) -> None:
        """All of them leave."""
        await asyncio.gather(*(desk.socket.close() for desk in self.desks))

    async def flat_out(self, seconds: float) -> Heard:
        """Each sends its next picture when the last was answered."""
        heard = Heard()
        until_s = time.perf_counter() + seconds

        async def work(desk: Desk) -> None:
            while time.perf_counter() < until_s:
                await desk.ask(heard)

        await asyncio.gather(*(work(desk) for desk in self.desks))
        return heard

    async def paced(self, per_second: float, seconds: float) -> Heard:
        """All together send so many pictures a second, in turn and evenly; a workstation whose last picture has not
        been answered sends none, which is counted as `unanswered`."""
        heard = Heard()
        busy: dict[int, asyncio.Task[Any]] = {}
        started_s = time.perf_counter()
        for number in range(int(per_second * seconds)):
            await asyncio.sleep(max(0.0, started_s + number / per_second - time.perf_counter()))
            desk = self.desks[number % len(self.desks)]
            task = busy.get(desk.number)
            if task is not None and not task.done():
                heard.unanswered += 1
                continue
            busy[desk.number] = asyncio.create_task(desk.ask(heard))
        for outcome in await asyncio.gather(*busy.values(), return_exceptions=True):
            if isinstance(outcome, TimeoutError | ConnectionClosed):
                heard.unanswered += 1
            elif isinstance(outcome, BaseException):
                raise outcome
        return heard
