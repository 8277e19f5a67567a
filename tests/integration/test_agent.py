"""The agent against a gateway whose engine is told what to see, on a desktop that only writes down what is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import numpy as np
import pytest

from sightline.agent import agent as agents
from sightline.agent.agent import Agent, AgentOptions
from sightline.agent.conduct import ConductRules
from sightline.agent.line import Ended
from sightline.agent.status import State, Status
from sightline.agent.webcam import Webcam
from sightline.clock import SystemClock
from sightline.exceptions import SightlineError
from sightline.frames import Image
from tests.integration.gateway_app import PATIENCE_S, RunningGateway
from tests.integration.test_workstations import TOKEN, engine_that_sees, enrolled, face, right, workstation


class Camera:
    """Grey, at once."""

    def __init__(self, opened: list[Camera]) -> None:
        self.is_open = True
        opened.append(self)

    def grab(self) -> None:
        """The next one is there already."""

    def picture(self) -> Image:
        return np.full((48, 64, 3), 90, np.uint8)

    def packets(self, at_ms: int | None) -> Sequence[object]:
        return ()

    def interrupt(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.is_open = False


class Desk:
    """A desktop that locks when it is told to, and says so where `tells`."""

    def __init__(self, *, tells: bool) -> None:
        self.tells = tells
        self.is_locked = False
        self.is_stuck = False
        self.done: list[str] = []
        self.cameras: list[Camera] = []
        self.status = Status("", "Ada")

    async def lock(self) -> None:
        self.done.append("lock")
        if self.is_stuck:
            raise SightlineError("the screen is stuck")
        self.is_locked = True

    async def sign_out(self) -> None:
        self.done.append("sign out")

    async def locked(self) -> bool | None:
        return self.is_locked if self.tells else None

    async def warn(self, words: str) -> None:
        self.done.append(words)


@contextlib.asynccontextmanager
async def running(gateway: RunningGateway, desk: Desk, token: str = TOKEN) -> AsyncIterator[asyncio.Task[Ended]]:
    webcam = Webcam(lambda: Camera(desk.cameras), idle_s=0.05)
    options = AgentOptions(gateway.url, "Ada", token, ConductRules(), pictures_per_s=20, chance=lambda: 0.0)
    task = asyncio.create_task(Agent(options, webcam, desk, desk.status, SystemClock()).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if happened():
                return
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is asked about more often than in earnest."""
    monkeypatch.setattr(agents, "ASK_LOCKED_EVERY_S", 0.02)


async def test_while_the_screen_is_locked_nothing_is_sent_and_the_camera_is_closed(gateway: RunningGateway) -> None:
    await workstation(gateway, "Desk", await enrolled(gateway, "Ada"))
    shows: dict[str, Any] = {}
    desk = Desk(tells=True)
    async with engine_that_sees(gateway, lambda request: shows), running(gateway, desk):
        await until(lambda: desk.done == ["lock"])
        await until(lambda: not gateway.gateway.workstations.seats)
        await until(lambda: not any(camera.is_open for camera in desk.cameras))
        assert desk.status.state is State.LOCKED
        shows = right(None)  # type: ignore[arg-type]  # whatever is asked
        desk.is_locked = False
        await until(lambda: desk.status.state is State.WATCHING)
        assert desk.status.answer is not None
        assert desk.done == ["lock"]
        shows = {"faces": [face()], "verified": 0.1}
        await until(lambda: desk.done == ["lock", "lock"])


async def test_a_lock_that_fails_is_told_and_tried_again(gateway: RunningGateway) -> None:
    await workstation(gateway, "Desk", await enrolled(gateway, "Ada"))
    desk = Desk(tells=False)
    desk.is_stuck = True
    async with engine_that_sees(gateway, lambda request: {}), running(gateway, desk):
        await until(lambda: len(desk.done) >= 3)
        assert "stuck" in desk.status.error
        desk.is_stuck = False
        await until(lambda: desk.is_locked)


async def test_what_an_administrator_says_is_shown_once_and_a_block_ends_it(gateway: RunningGateway) -> None:
    ada = await enrolled(gateway, "Ada")
    await workstation(gateway, "Desk", ada)
    desk, users = Desk(tells=False), f"/api/workstations/users/{ada.id}"
    async with engine_that_sees(gateway, right), gateway.http() as http, running(gateway, desk) as task:
        await until(lambda: desk.status.state is State.WATCHING)
        await http.post(f"{users}/pause", json={"reason": "why"})
        await until(lambda: len(desk.done) == 1)
        assert "paused" in desk.done[0]
        await http.post(f"{users}/block", json={"reason": "why"})
        async with asyncio.timeout(PATIENCE_S):
            ended = await task
        assert (ended.code, ended.is_final, desk.status.state) == (4503, True, State.STOPPED)
        assert len(desk.done) == 2
        assert "blocked" in desk.done[1]


async def test_a_wrong_token_ends_it(gateway: RunningGateway) -> None:
    async with running(gateway, Desk(tells=False), token="wrong") as task, asyncio.timeout(PATIENCE_S):
        ended = await task
    assert (ended.status, ended.is_final) == (401, True)
    assert "token" in ended.words


async def test_somebody_who_is_not_known_yet_is_asked_for_until_they_are(gateway: RunningGateway) -> None:
    station = await workstation(gateway, "Desk")
    desk = Desk(tells=False)
    async with engine_that_sees(gateway, right), running(gateway, desk) as task:
        await until(lambda: bool(desk.done))
        assert "not known" in desk.done[0]
        ada = await enrolled(gateway, "Ada")
        await gateway.gateway.store.workstations.allow(station, ada.id)
        await until(lambda: desk.status.state is State.WATCHING)
        await until(lambda: desk.status.answer is not None and desk.status.answer.actual == "Ada")
        assert not task.done()
