"""With real child processes, which connect when the test says so: when another is started, stopped, given up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket

from sightline.clock import SystemClock
from sightline.events.engine_link import DeviceMemory, Hello
from sightline.gateway.engines import engine_pool
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_pool import EnginePool, PoolPlan
from sightline.gateway.engines.supervisor import EngineSupervisor
from sightline.gateway.metrics import Metrics
from sightline.gateway.workstations.capacity import Capacity
from sightline.gateway.workstations.pipeline_choice import Pipeline, PipelineChoice
from sightline.settings import Settings

LISTENS = "import sys; sys.stdin.read()"
ENDS = "import sys; sys.exit(3)"


class Connected:
    """Connections as the test wants them."""

    def __init__(self) -> None:
        self.by_name: dict[str, EngineLink] = {}

    @property
    def links(self) -> list[EngineLink]:
        return list(self.by_name.values())

    def find(self, engine_id: str) -> EngineLink | None:
        return self.by_name.get(engine_id)

    def pipelines(self) -> list[Pipeline]:
        return [Pipeline(name) for name in self.by_name]

    def pipeline(self, engine_id: str) -> Pipeline | None:
        return Pipeline(engine_id) if engine_id in self.by_name else None

    def connect(self, name: str) -> None:
        hello = Hello(engine_id=name, version="1", capacity=0, devices=[], models=[])
        self.by_name[name] = EngineLink(name, hello, cast(WebSocket, None), 0)


@dataclass
class Run:
    """A pool, and what it looks at."""

    program: str = LISTENS
    clients: int = 0
    used: int = 10
    idle_s: float = 0.0
    connected: Connected = field(default_factory=Connected)
    started: list[str] = field(default_factory=list)
    processes: dict[str, EngineSupervisor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.capacity = Capacity(Settings(max_pipelines=3, max_clients_per_pipeline=2))
        self.choice = PipelineChoice(self.connected, most=2)
        self.pool = EnginePool(
            PoolPlan(self._make, self._memory, 0.8, self.idle_s),
            self.connected, self.choice, self.capacity, lambda: self.clients, Metrics(), SystemClock(),
        )  # fmt: skip
        self.capacity.own = self.pool

    def _memory(self) -> DeviceMemory:
        return DeviceMemory(name="d", used_bytes=self.used, total_bytes=100)

    async def _make(self, name: str) -> EngineSupervisor:
        self.started.append(name)
        self.processes[name] = EngineSupervisor([sys.executable, "-c", self.program], [name], SystemClock())
        return self.processes[name]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self.pool.poke()
                await asyncio.sleep(0.01)

    async def looked(self, times: int = 4) -> None:
        """The pool has looked round so often."""
        for _ in range(times):
            self.pool.poke()
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(**options: Any) -> AsyncIterator[Run]:
    run = Run(**options)
    async with run.pool.running():
        yield run
    assert all(process.pid is None for process in run.processes.values())


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine_pool, "MEMORY_INTERVAL_S", 0.0)
    yield


async def test_engines_start_one_after_the_other_as_clients_come_and_no_more_than_may_be() -> None:
    async with running() as run:
        await run.looked()
        assert run.started == ["local"]
        assert run.pool.is_coming()
        run.connected.connect("local")
        assert not run.pool.is_coming()
        del run.connected.by_name["local"]
        run.clients = 99
        await run.looked()
        assert run.started == ["local"], "the first is still starting"
        run.connected.connect("local")
        await run.until(lambda: run.started == ["local", "local-2"])
        await run.looked()
        assert run.pool.is_starting("local-2")
        run.connected.connect("local-2")
        await run.until(lambda: run.started == ["local", "local-2", "local-3"])
        run.connected.connect("local-3")
        await run.looked()
        assert len(run.started) == 3
        assert not run.pool.is_coming()


async def test_engines_elsewhere_count() -> None:
    async with running(clients=4) as run:
        run.connected.connect("local")
        run.connected.connect("far away")
        await run.looked()
        assert run.started == ["local"]
        del run.connected.by_name["far away"]
        await run.until(lambda: run.started == ["local", "local-2"])


async def test_no_engine_starts_while_memory_is_short() -> None:
    async with running(clients=4, used=81) as run:
        run.connected.connect("local")
        await run.until(lambda: run.pool.memory_is_full)
        await run.looked()
        assert not run.pool.is_coming()
        assert run.started == ["local"]
        assert run.capacity.clients == 2
        run.used = 80
        await run.until(lambda: run.started == ["local", "local-2"])
        assert run.capacity.clients == 6


async def test_an_engine_that_nobody_needs_is_stopped_but_not_the_first() -> None:
    async with running(clients=4) as run:
        run.connected.connect("local")
        await run.until(lambda: len(run.started) == 2)
        run.connected.connect("local-2")
        for client in "abc":
            run.choice.engine_of(client)
        for client in "ac":
            run.choice.leave(client)
        (used,) = [name for name in ("local", "local-2") if run.choice.clients_of(name)]
        assert used == "local-2"
        run.clients = 1
        await run.looked()
        assert run.processes["local-2"].pid is not None, "somebody looks to it"
        run.choice.leave("b")
        await run.until(lambda: run.processes["local-2"].pid is None)
        assert run.processes["local"].pid is not None


async def test_fewer_pipelines_are_felt_at_once() -> None:
    async with running(clients=4, idle_s=1e6) as run:
        run.connected.connect("local")
        await run.until(lambda: len(run.started) == 2)
        run.connected.connect("local-2")
        run.capacity.max_pipelines = 1
        await run.until(lambda: run.processes["local-2"].pid is None)
        assert run.capacity.clients == 2


async def test_an_engine_that_ends_again_and_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.gateway.engines.supervisor.BACKOFF_S", (0.01,))
    monkeypatch.setattr(engine_pool, "TRY_AGAIN_S", 1e6)
    async with running(clients=4) as run:
        run.connected.connect("local")
        run.program = ENDS
        await run.until(lambda: "local-2" in run.started and not run.pool.may_grow())
        await run.looked()
        assert run.started == ["local", "local-2"]
        assert run.capacity.clients == 2
        assert list(run.pool.reports()) == ["local"]


async def test_one_that_is_killed_is_on_its_way_back() -> None:
    async with running() as run:
        run.connected.connect("local")
        await run.until(lambda: run.processes["local"].pid)
        pid = run.processes["local"].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        del run.connected.by_name["local"]
        await run.until(lambda: run.processes["local"].pid not in (None, pid))
        assert run.pool.count() == 1
        assert run.pool.report()["restarts"] == 1
