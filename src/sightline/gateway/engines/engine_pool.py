"""The engines that a server starts itself: the first for as long as it runs, further ones while they are needed.

    clients > engines × clients per engine ─→ memory below the threshold? ─→ one more starts
    an engine that nobody needed for `pipeline_idle_seconds`              ─→ it is stopped
    one that ends again and again                                         ─→ given up; tried anew a minute later

Clients are workstations, and whoever pushes frames. One engine starts at a time, so that each is weighed before the
next. The further ones read no camera.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from sightline.clock import Clock
from sightline.events.engine_link import SUPERVISED, DeviceMemory
from sightline.exceptions import SightlineError
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.supervisor import EngineSupervisor
from sightline.gateway.metrics import Metrics
from sightline.gateway.workstations.capacity import Capacity
from sightline.gateway.workstations.pipeline_choice import PipelineChoice

__all__ = ["ConnectedEngines", "EnginePool", "PoolPlan"]

LOOK_INTERVAL_S = 0.5
MEMORY_INTERVAL_S = 2.0
STARTING_MS = 60_000
"""An engine that has not connected after this long holds up the start of the next no more, and nobody waits for it."""
HOPELESS_AFTER = 3
"""Lives shorter than a minute, in a row, after which an engine is not counted on any more."""
TRY_AGAIN_S = 60.0

log = structlog.get_logger(__name__)


class ConnectedEngines(Protocol):
    """The engines whose connections this gateway has."""

    @property
    def links(self) -> list[EngineLink]: ...

    def find(self, engine_id: str) -> EngineLink | None:
        """The engine of this name."""


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What a pool is told at its start. `make` gives the supervisor of an engine of this name; `read_memory` reads the
    device's memory, in a thread; above `memory_threshold`, a share of it, no engine is started; one that is not needed
    is stopped after `idle_s`."""

    make: Callable[[str], Awaitable[EngineSupervisor]]
    read_memory: Callable[[], DeviceMemory | None]
    memory_threshold: float
    idle_s: float


@dataclass(slots=True)
class _Child:
    supervisor: EngineSupervisor
    idle_since_s: float | None = field(default=None)


class EnginePool:
    """`running` for as long as the gateway is served. `clients` counts those that engines are wanted for."""

    def __init__(
        self,
        plan: PoolPlan,
        engines: ConnectedEngines,
        assignment: PipelineChoice,
        capacity: Capacity,
        clients: Callable[[], int],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._plan = plan
        self._engines = engines
        self._assignment = assignment
        self._capacity = capacity
        self._clients = clients
        self._metrics = metrics
        self._clock = clock
        self._children: dict[str, _Child] = {}
        self._poked = asyncio.Event()
        self._failed_s: float | None = None
        self._read_s = float("-inf")
        self.memory: DeviceMemory | None = None

    # ── what others ask ──

    def poke(self) -> None:
        """There may be more to do than a moment ago."""
        self._poked.set()

    def count(self) -> int:
        """See `OwnPipelines`."""
        return sum(not self._is_hopeless(name) for name in self._children)

    def keeps(self, engine_id: str) -> bool:
        """See `OwnPipelines`."""
        return engine_id in self._children

    def may_grow(self) -> bool:
        """See `OwnPipelines`."""
        failed_lately = self._failed_s is not None and self._clock.monotonic_s() - self._failed_s < TRY_AGAIN_S
        return not self.memory_is_full and not failed_lately

    @property
    def memory_is_full(self) -> bool:
        """See `OwnPipelines`."""
        return self.memory is not None and self.memory.share > self._plan.memory_threshold

    def report(self) -> Mapping[str, Any]:
        """The first engine's process, as the system page shows it."""
        first = self._children.get(SUPERVISED)
        return first.supervisor.report() if first is not None else {}

    def reports(self) -> dict[str, Mapping[str, Any]]:
        """Every engine's process, by the engine's name."""
        return {name: child.supervisor.report() for name, child in self._children.items()}

    def is_starting(self, name: str) -> bool:
        """Whether this engine is on its way."""
        return name in self._children and not self._is_connected(name) and not self._is_hopeless(name)

    def is_coming(self) -> bool:
        """Whether there will be one more in a moment."""
        wanted = self._capacity.wanted(self._clients())
        return self._somebody_starts() or (self._there() < wanted and self.may_grow())

    # ── life ──

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keeps engines while the context is open, then stops them all."""
        await self._start(SUPERVISED)
        task = asyncio.create_task(self._run(), name="engine pool")
        task.add_done_callback(_say_if_broken)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(*(child.supervisor.stop() for child in self._children.values()))

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except SightlineError as problem:  # the store is full, overloaded or broken
                log.error("engine_pool_halted", problem=str(problem))
            self._poked.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL_S):
                    await self._poked.wait()

    async def _look(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._read_s >= MEMORY_INTERVAL_S:
            await self._read_memory()
        await self._give_up()
        wanted = self._capacity.wanted(self._clients())
        there = self._there()
        if there < wanted and not self._somebody_starts():
            await self._read_memory()
            if self.may_grow():
                await self._start(self._free_name())
        await self._stop_one(there - wanted, there - self._capacity.max_pipelines, now_s)
        self._count()

    async def _read_memory(self) -> None:
        self._read_s = self._clock.monotonic_s()
        self.memory = await asyncio.to_thread(self._plan.read_memory)

    async def _start(self, name: str) -> None:
        supervisor = await self._plan.make(name)
        self._children[name] = _Child(supervisor)
        supervisor.start()
        self._count()

    async def _give_up(self) -> None:
        for name in [name for name in self._children if name != SUPERVISED and self._is_hopeless(name)]:
            log.error("engine_given_up", engine=name, again_in_s=TRY_AGAIN_S)
            self._failed_s = self._clock.monotonic_s()
            await self._children.pop(name).supervisor.stop()

    async def _stop_one(self, spare: int, surplus: int, now_s: float) -> None:
        """The youngest that nobody has needed for a while, if there are more than are wanted; needed or not, if there
        are more than there may be."""
        for name, child in self._children.items():
            if spare <= 0 or self._is_used(name):
                child.idle_since_s = None
            elif child.idle_since_s is None:
                child.idle_since_s = now_s
        for name in reversed([name for name in self._children if name != SUPERVISED]):
            since_s = self._children[name].idle_since_s
            if surplus > 0 or (since_s is not None and now_s - since_s >= self._plan.idle_s):
                log.info("engine_not_needed", engine=name)
                await self._children.pop(name).supervisor.stop()
                return

    def _is_used(self, name: str) -> bool:
        link = self._engines.find(name)
        busy = link is not None and bool(link.waiting or link.examining)
        return busy or self._assignment.clients_of(name) > 0

    def _is_connected(self, name: str) -> bool:
        return self._engines.find(name) is not None

    def _is_hopeless(self, name: str) -> bool:
        return self._children[name].supervisor.failures >= HOPELESS_AFTER and not self._is_connected(name)

    def _there(self) -> int:
        """Engines that can be counted on, of this server and of others."""
        return self.count() + sum(link.id not in self._children for link in self._engines.links)

    def _somebody_starts(self) -> bool:
        since_ms = self._clock.now_ms() - STARTING_MS
        return any(
            self.is_starting(name) and child.supervisor.report()["since"] > since_ms
            for name, child in self._children.items()
        )

    def _free_name(self) -> str:
        return next(name for number in range(2, 10_000) if (name := f"{SUPERVISED}-{number}") not in self._children)

    def _count(self) -> None:
        starting = sum(self.is_starting(name) for name in self._children)
        self._metrics.pipelines.labels(state="starting").set(starting)
        self._metrics.pipelines.labels(state="running").set(len(self._engines.links))


def _say_if_broken(job: asyncio.Task[None]) -> None:
    """It runs until it is cancelled; its end would leave every engine as it is, and nobody would notice."""
    if not job.cancelled():
        log.critical("job_ended", job=job.get_name(), exc_info=job.exception())
