"""The gateway's side of the search process, with small programs in its place."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from sightline.clock import SystemClock
from sightline.exceptions import Unavailable
from sightline.gateway.past import search_process
from sightline.gateway.past.search_process import SearchProcess

OBEDIENT = """
import sys
from sightline.events import search_link as link
assert sys.stdin.buffer.readline() == b"the settings\\n"
def say(statement):
    sys.stdout.buffer.write(link.frame(statement)); sys.stdout.buffer.flush()
say(link.Indexed(indexed=3, total=3, ready=True))
say(link.Place(placements=[link.Placement(4, "g", True)]))
while size := int.from_bytes(sys.stdin.buffer.read(4), "big"):
    question = link.decode_question(sys.stdin.buffer.read(size))
    if isinstance(question, link.Search):
        if question.model_id == "die": sys.exit(3)
        say(link.Found(request_id=question.request_id, keys=[1], distances=[0.5], indexed=3, total=3, comparable=3))
    elif isinstance(question, link.Recognise):
        say(link.Recognised(request_id=question.request_id, group="g"))
    elif isinstance(question, link.Placed):
        say(link.Indexed(indexed=4, total=4, ready=True))
"""
RUBBISH = "import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\2no'); sys.stdout.buffer.flush(); sys.stdin.read()"


class Strangers:
    """Notes what is placed."""

    def __init__(self) -> None:
        self.placed: list[Any] = []

    async def place(self, placements: Any, *, now_ms: int) -> int:
        self.placed += placements
        return len(placements)


def process(program: str) -> tuple[SearchProcess, Strangers]:
    strangers = Strangers()
    command = (sys.executable, "-c", program)
    return SearchProcess(command, "the settings", strangers, SystemClock()), strangers  # type: ignore[arg-type]


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.01)


async def test_it_is_asked_answers_and_is_asked_again_after_it_died() -> None:
    search, strangers = process(OBEDIENT)
    assert await search.recognise("m", b"\0") is None, "nobody waits for it to start"
    async with search.running():
        found = await search.search("m", [b"\0"], 5)
        assert (found.keys, found.distances) == ([1], [0.5])
        await until(lambda: search.report()["indexed"] == 4)
        assert strangers.placed == [(4, "g", True)]
        assert await search.recognise("m", b"\0") == "g"
        assert search.report()["state"] == "running"
        with pytest.raises(Unavailable, match="ended before it answered"):
            await search.search("die", [b"\0"], 5)
        assert (await search.search("m", [b"\0"], 5)).keys == [1]
        assert search.report()["restarts"] == 1
    assert search.report()["state"] == "down"
    await search.close()


async def test_one_that_speaks_rubbish_is_ended_and_started_again() -> None:
    search, _ = process(RUBBISH)
    async with search.running():
        await until(lambda: search.report()["restarts"] >= 1)


async def test_one_that_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_process, "START_PATIENCE_S", 0.05)
    search = SearchProcess(("/no/such/program",), "", Strangers(), SystemClock())  # type: ignore[arg-type]
    async with search.running():
        with pytest.raises(Unavailable, match="not running"):
            await search.search("m", [b"\0"], 5)


async def test_one_that_answers_nothing_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_process, "ANSWER_TIMEOUT_S", 0.05)
    search, _ = process("import sys; sys.stdin.read()")
    async with search.running():
        with pytest.raises(Unavailable, match="did not answer"):
            await search.search("m", [b"\0"], 5)
    assert search.report()["state"] == "down"
