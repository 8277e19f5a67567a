"""Every kind of process dies, every kind of connection is cut, while alerts are raised; then it is counted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.cluster.balancer import balancer
from tests.cluster.site import ClusterSite, EngineProcess, make_cluster
from tests.flaky_proxy import FlakyProxy, flaky_proxy
from tests.soak import history
from tests.soak.child import Child
from tests.soak.producer import Producer

__all__ = ["FAULTS", "Outcome", "Scale", "run_faults"]

FACTS_A_SECOND = 5
BACK_S = 90.0
SETTLE_S = 120.0
DOWN_S = 1.0
"""How long a killed process stays away: what an init system takes to start it again."""
CLOCK_SLACK_MS = 50
SHORTEST_TURN_MS = 1_500
"""An engine that takes a camera over has it longer; two that read it at once alternate faster."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much, and how long Redis, an engine's network and PostgreSQL are away."""

    cameras: int
    applications: int
    redis_s: float
    network_s: float
    postgres_s: float
    faults: Sequence[str]


@dataclass
class Outcome:
    """What was found; `analysed_again_s` by fault: until every camera was analysed again."""

    findings: history.Findings
    accepted_lost: list[str]
    accepted: int = 0
    alerts: int = 0
    shown: int = 0
    escalations: int = 0
    escalated_twice: list[str] = field(default_factory=list)
    read_twice: list[str] = field(default_factory=list)
    analysed_again_s: dict[str, float] = field(default_factory=dict)

    @property
    def slowest_s(self) -> float:
        return max(self.analysed_again_s.values(), default=0.0)

    def figures(self) -> dict[str, Any]:
        return {
            "alerts": self.alerts,
            "facts_accepted_of_producer": self.accepted,
            "shown_to_applications": self.shown,
            "alerts_lost": len(self.findings.lost) + len(self.accepted_lost),
            "alerts_duplicated": len(self.findings.duplicated),
            "reordered": len(self.findings.reordered),
            "unexplained_gaps": len(self.findings.unexplained_gaps),
            "escalation_steps": self.escalations,
            "escalated_twice": len(self.escalated_twice),
            "cameras_read_by_two": len(self.read_twice),
            **{f"analysed_again_s_{name}": round(took_s, 1) for name, took_s in self.analysed_again_s.items()},
        }


class Cluster:
    """What runs, and what is done to it."""

    def __init__(self, here: ClusterSite, scale: Scale, proxies: Sequence[FlakyProxy]) -> None:
        self.here = here
        self.scale = scale
        self.proxies = proxies
        self.out_of_reach: int | None = None
        """The process of the engine whose network is cut: what it sees, it can tell nobody in time."""

    async def kill_gateway(self) -> None:
        """kill -9, and another life a moment later."""
        gateway = self.here.gateways[0]
        await asyncio.to_thread(gateway.kill9)
        await asyncio.sleep(DOWN_S)
        await asyncio.to_thread(gateway.start)

    async def kill_engine(self) -> None:
        """kill -9; it stays away until its cameras must have gone to others."""
        self.here.engines[1].kill9()
        await asyncio.sleep(self.scale.network_s)
        self.here.engines[1].start()

    async def kill_redis(self) -> None:
        """Redis is away for a while."""
        self.here.redis.stop()
        await asyncio.sleep(self.scale.redis_s)
        self.here.redis.start()

    async def cut_engine(self) -> None:
        """Packets of one engine vanish, in both directions; nobody is told."""
        self.out_of_reach = self.here.engines[0].pid
        for proxy in self.proxies:
            proxy.hold()
        await asyncio.sleep(self.scale.network_s)
        for proxy in self.proxies:
            proxy.flow()

    async def restart_postgres(self) -> None:
        """Every connection is cut, and for a moment nobody answers."""
        await asyncio.to_thread(self.here.postgres.stop)
        await asyncio.sleep(self.scale.postgres_s)
        await asyncio.to_thread(self.here.postgres.start)

    async def roll(self) -> None:
        """Each gateway is stopped as an administrator stops it, and started again, one after another."""
        for gateway in self.here.gateways:
            await asyncio.to_thread(gateway.stop)
            await asyncio.to_thread(gateway.start)


FAULTS: dict[str, Callable[[Cluster], Awaitable[None]]] = {
    "kill_gateway": Cluster.kill_gateway,
    "kill_engine": Cluster.kill_engine,
    "kill_redis": Cluster.kill_redis,
    "cut_engine": Cluster.cut_engine,
    "restart_postgres": Cluster.restart_postgres,
    "roll": Cluster.roll,
}


async def run_faults(folder: Path, scale: Scale) -> Outcome:
    """All faults of the scale, one after another."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    here = await make_cluster(folder, cameras=scale.cameras)
    try:
        for gateway in here.gateways:
            await asyncio.to_thread(gateway.start)
        ports = [int(gateway.url.rpartition(":")[2]) for gateway in here.gateways]
        with contextlib.ExitStack() as stack:
            proxies = [stack.enter_context(flaky_proxy(port)) for port in ports]
            _start_engines(here, ports, [proxy.port for proxy in proxies])
            async with _clients(here, scale, ports) as (applications, producer):
                return await _run(Cluster(here, scale, proxies), applications, producer)
    finally:
        for engine in here.engines:
            engine.kill9()
        for gateway in here.gateways:
            if gateway.is_running:
                gateway.kill9()
        here.redis.stop()
        here.postgres.remove()


def _start_engines(here: ClusterSite, ports: Sequence[int], behind_proxies: Sequence[int]) -> None:
    """Each knows all gateways, and begins with another; the first sees them through proxies."""
    for number, token in enumerate(here.engine_tokens):
        seen = list(behind_proxies if number == 0 else ports)
        urls = [f"http://127.0.0.1:{port}" for port in seen[number:] + seen[:number]]
        engine = EngineProcess(f"engine-{number}", token, urls, here.folder / f"engine-{number}")
        engine.start()
        here.engines.append(engine)


@contextlib.asynccontextmanager
async def _clients(
    here: ClusterSite, scale: Scale, ports: Sequence[int]
) -> AsyncIterator[tuple[Child, Producer]]:
    (here.folder / "outboxes").mkdir()
    async with balancer(ports) as port:
        members = [
            {"token": here.operator.token, "device": f"application-{number}"} for number in range(scale.applications)
        ]
        config = {
            "url": f"http://127.0.0.1:{port}", "folder": str(here.folder / "outboxes"), "members": members,
        }  # fmt: skip
        async with (
            Child("tests.soak.application", config) as applications,
            Producer(port, here.producer_token, here.quiet_camera, name="producer") as producer,
        ):
            yield applications, producer


async def _run(cluster: Cluster, applications: Child, producer: Producer) -> Outcome:
    here, scale = cluster.here, cluster.scale
    outcome = Outcome(history.Findings(), [])
    await applications.until("status", lambda now: now["live"] == scale.applications, BACK_S)
    await asyncio.to_thread(here.ready)
    facts = asyncio.create_task(producer.run(FACTS_A_SECOND))
    for name in scale.faults:
        await _everybody_reads(here)
        took_s = await _one(cluster, name)
        outcome.analysed_again_s[name] = max(took_s, outcome.analysed_again_s.get(name, 0.0))
        await applications.until("status", lambda now: now["live"] == scale.applications, BACK_S)
    facts.cancel()
    await producer.settled(SETTLE_S)
    for engine in here.engines:
        engine.kill9()
    await _timers_done(here)
    entries = await asyncio.to_thread(here.log)
    top = entries[-1].offset
    await applications.until("status", lambda now: now["least"] >= top, SETTLE_S)
    histories = await applications.histories(here.folder)
    await asyncio.to_thread(_judge, here, outcome, entries, histories, producer)
    return outcome


async def _everybody_reads(here: ClusterSite) -> None:
    """Every engine has its share of the cameras again."""
    began_ms = int(time.time() * 1000)
    everybody = {str(engine.pid) for engine in here.engines}
    async with asyncio.timeout(BACK_S):
        while True:
            readers = await asyncio.to_thread(here.readers)
            if everybody == {process for turns in readers.values() for at_ms, process in turns if at_ms > began_ms}:
                return
            await asyncio.sleep(0.2)


async def _one(cluster: Cluster, name: str) -> float:
    """Does it, and returns after how long every camera was analysed again, in seconds."""
    began_ms = int(time.time() * 1000) + CLOCK_SLACK_MS
    await FAULTS[name](cluster)
    cameras = cluster.here.cameras
    async with asyncio.timeout(BACK_S):
        while True:
            seen: dict[str, int] = {}
            with contextlib.suppress(psycopg.OperationalError):
                seen = await asyncio.to_thread(
                    cluster.here.first_seen_after, began_ms, not_by=cluster.out_of_reach
                )
            if len(seen) == len(cameras):
                cluster.out_of_reach = None
                return (max(seen.values()) - began_ms) / 1000
            await asyncio.sleep(0.2)


def _read_by_two(turns: Sequence[tuple[int, str]]) -> bool:
    """Whether two engines read one camera at the same time: one is seen, the other, and the first again too soon."""
    changes: list[tuple[int, str]] = []
    for at_ms, process in turns:
        if not changes or changes[-1][1] != process:
            changes.append((at_ms, process))
    return any(
        after[0] - other[0] < SHORTEST_TURN_MS and before[1] == after[1]
        for before, other, after in zip(changes, changes[1:], changes[2:], strict=False)
    )


async def _timers_done(here: ClusterSite) -> None:
    query = "SELECT count(*) FROM escalations WHERE due_at_ms IS NOT NULL"
    async with asyncio.timeout(SETTLE_S):
        while (await asyncio.to_thread(here.rows, query))[0][0]:  # noqa: ASYNC110  # it happens elsewhere
            await asyncio.sleep(0.5)
    await asyncio.sleep(1.0)


def _judge(
    here: ClusterSite, outcome: Outcome, entries: list[history.Entry], histories: dict[str, list[history.Event]],
    producer: Producer,
) -> None:  # fmt: skip
    tags = here.operator.tags("frontend")
    for device, shown in histories.items():
        found = history.check(entries, shown, tags, floor=0, until=entries[-1].offset)
        outcome.findings.add(found, of=device)
    raised = dict(here.rows("SELECT events.key, alerts.id FROM events LEFT JOIN alerts ON alerts.event_id = events.id"))
    outcome.accepted_lost += [f"fact {key} raised no alert" for key in producer.accepted if not raised.get(key)]
    alert_ids = [str(alert_id) for alert_id in raised.values() if alert_id is not None]
    outcome.accepted_lost += history.check_accepted(entries, alert_ids)
    outcome.accepted, outcome.alerts, outcome.shown = len(producer.accepted), len(alert_ids), outcome.findings.shown
    outcome.read_twice += [camera_id for camera_id, turns in here.readers().items() if _read_by_two(turns)]
    steps = Counter(here.rows("SELECT alert_id, level FROM escalation_steps"))
    told = Counter(
        here.rows(
            "SELECT alert_id, (data->>'escalation_level')::int FROM log_entries WHERE data::jsonb ? 'responder'"
        )
    )
    outcome.escalations = len(steps)
    outcome.escalated_twice += [f"{key} was told {told[key]} times" for key in steps | told if told[key] != 1]
