"""One connection that carries text, with a socket of a test's own."""

from __future__ import annotations

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from sightline.exceptions import SightlineError, WireError
from sightline.gateway.delivery.outbox import MAX_CONTROL
from sightline.gateway.dialects import text_connection
from sightline.gateway.dialects.admission import ConnectionLimit
from sightline.gateway.dialects.text_connection import TextConnection
from sightline.gateway.metrics import Metrics

PATIENCE_S = 20.0


class Socket:
    """What the other side says is put into `said`; `taking` is whether it takes what is sent."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.taking = asyncio.Event()
        self.taking.set()

    async def receive(self) -> dict[str, Any]:
        return await self.said.get()

    async def send_text(self, text: str) -> None:
        await self.taking.wait()
        self.sent.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


class Bench:
    """A connection whose client's words are noted, and refused where a problem is at hand."""

    def __init__(self) -> None:
        self.socket = Socket()
        self.waiting: deque[str] = deque()
        self.heard: list[str | None] = []
        self.problems: deque[Exception] = deque()
        self.clock = SimpleNamespace(now_ms=lambda: 1_000 + len(self.heard))
        self.metrics = Metrics()
        gateway: Any = SimpleNamespace(clock=self.clock, metrics=self.metrics)
        self.connection = TextConnection(gateway, self.socket, "c", more=self._more)  # type: ignore[arg-type]

    async def _more(self) -> bool:
        if not self.waiting:
            return False
        await self.connection.send(self.waiting.popleft())
        return True

    async def _hear(self, text: str | None) -> None:
        self.heard.append(text)
        if self.problems:
            raise self.problems.popleft()

    async def _refuse(self, problem: SightlineError | ConnectionLimit) -> None:
        self.connection.say(f"no: {problem}")

    async def run(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.run(self._hear, self._refuse)

    def say(self, *texts: str | None) -> None:
        for text in texts:
            self.socket.said.put_nowait({"type": "websocket.receive", "text": text})


async def test_what_is_said_goes_before_what_waits_and_the_close_comes_last() -> None:
    bench = Bench()
    bench.waiting += ["more 1", "more 2"]
    bench.connection.say("said 1")
    running = asyncio.create_task(bench.run())
    while not bench.socket.sent[2:]:  # noqa: ASYNC110  # there is no event for it
        await asyncio.sleep(0)
    bench.connection.say("last words")
    bench.connection.end(4001, "ä" * 100)
    bench.connection.end(4002, "another reason")
    bench.waiting.append("too late")
    await running
    assert bench.socket.sent == ["said 1", "more 1", "more 2", "last words"]
    assert bench.socket.closed == (4001, "ä" * 60), "as much as a close frame holds"
    assert bench.connection.is_closing


async def test_what_cannot_be_heard_is_refused_and_nothing_is_heard_after_the_close_began() -> None:
    bench = Bench()
    bench.problems += [WireError("what?"), ConnectionLimit("the server", 1)]
    bench.socket.taking.clear()
    running = asyncio.create_task(bench.run())
    bench.say("one", "two", None)
    while not bench.heard[2:]:  # noqa: ASYNC110  # there is no event for it
        await asyncio.sleep(0)
    assert bench.connection.heard_ms == 1_002
    bench.connection.end(4000, "")
    bench.say("three")
    for _ in range(5):
        await asyncio.sleep(0)
    bench.socket.taking.set()
    await running
    assert bench.heard == ["one", "two", None]
    assert [text.split(":")[0] for text in bench.socket.sent] == ["no", "no"]
    assert bench.metrics.registry.get_sample_value("sightline_messages_total") == 3


async def test_who_lets_answers_pile_up_is_too_slow() -> None:
    bench = Bench()
    bench.socket.taking.clear()
    running = asyncio.create_task(bench.run())
    bench.connection.say("0")
    for _ in range(5):
        await asyncio.sleep(0)
    for number in range(MAX_CONTROL + 1):
        bench.connection.say(str(number))
    bench.socket.taking.set()
    await running
    assert bench.socket.closed is not None
    assert bench.socket.closed[0] == 4002


async def test_who_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_connection, "SEND_TIMEOUT_S", 0.01)
    bench = Bench()
    bench.socket.taking.clear()
    bench.connection.say("hello")
    await bench.run()
    assert (bench.socket.sent, bench.socket.closed) == ([], None)


async def test_it_ends_with_the_client() -> None:
    bench = Bench()
    bench.socket.said.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await bench.run()
    assert bench.heard == []
