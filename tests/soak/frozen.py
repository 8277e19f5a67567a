"""Some clients stop reading, as phones do that fall asleep. The others must not notice, nor the server's memory."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.testing import ServerProcess
from tests.soak import site
from tests.soak.child import Child
from tests.soak.figures import rss_kib
from tests.soak.producer import Producer

__all__ = ["Frozen", "Scale", "run_frozen"]

COME_S = 300.0
LOOK_S = 0.25
CATCH_UP_S = 90.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How many clients there are, how many of them are frozen, and what is measured. A window is measured without and
    with frozen clients, `rounds` times in turn; then they are frozen once more, for `long_s`."""

    clients: int
    frozen: int
    facts_a_second: float
    window_s: float
    rounds: int
    long_s: float


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was found: latencies of the others in ms (medians over the rounds), memory for each frozen client, and how
    the connections of the frozen ones ended that did not survive. `missing` clients were not shown everything."""

    scale: Scale
    p50_without_ms: float
    p99_without_ms: float
    p50_with_ms: float
    p99_with_ms: float
    kib_a_frozen_client: float
    missing: int
    codes: tuple[int, ...]

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON line."""
        return {
            "frozen_of": f"{self.scale.frozen} of {self.scale.clients}",
            "alert_ms_p50": round(self.p50_without_ms, 1),
            "alert_ms_p50_beside_frozen": round(self.p50_with_ms, 1),
            "alert_ms_p99": round(self.p99_without_ms, 1),
            "alert_ms_p99_beside_frozen": round(self.p99_with_ms, 1),
            "alert_p99_ratio": round(self.p99_with_ms / self.p99_without_ms, 2) if self.p99_without_ms else 0.0,
            "kib_a_frozen_client": round(self.kib_a_frozen_client, 1),
            "frozen_missing_alerts": self.missing,
            "frozen_close_codes": list(self.codes),
        }


async def run_frozen(home: Path, scale: Scale) -> Frozen:
    """Measures, and counts who did not get everything in the end."""
    here = await site.make_site(home)
    server = site.server_on(here, new_connections_per_second=0)
    await asyncio.to_thread(server.start)
    port = int(server.url.rpartition(":")[2])
    token = here.operators[0].token

    def herd(name: str, count: int, *, cameras: bool) -> Child:
        members = [{"token": token, "device": f"{name}-{number}"} for number in range(count)]
        return Child(
            "tests.soak.herd", {"port": port, "members": members, "histories": False, "cameras": cameras}
        )

    try:
        async with (
            herd("awake", scale.clients - scale.frozen, cameras=False) as awake,
            herd("asleep", scale.frozen, cameras=True) as asleep,
            Producer(port, here.engine_token, here.camera_id) as producer,
        ):
            await awake.until("status", lambda now: now["live"] == scale.clients - scale.frozen, COME_S)
            await asleep.until("status", lambda now: now["live"] == scale.frozen, COME_S)
            work = [asyncio.create_task(producer.run(scale.facts_a_second)), asyncio.create_task(producer.show(10.0))]
            await _window(server, awake, scale.window_s)  # everything is warm after this one
            windows = []
            for _ in range(scale.rounds):
                without = await _window(server, awake, scale.window_s)
                asleep.freeze()
                windows.append((without, await _window(server, awake, scale.window_s)))
                asleep.thaw()
                await _caught_up(here, asleep)
            asleep.freeze()
            await asyncio.sleep(scale.long_s)
            asleep.thaw()
            for task in work:
                task.cancel()
            await producer.report()
            await producer.settled()
            top = site.read_log(here.home)[-1].offset
            for child in (awake, asleep):
                await child.until("status", lambda now: now["least"] >= top, CATCH_UP_S)
            last = await asleep.ask("status")
        return _judge(scale, windows, last, len(producer.accepted))
    finally:
        if server.is_running:
            server.kill9()


@dataclass(frozen=True, slots=True)
class _Window:
    latency: dict[str, float]
    grown_kib: int


def _judge(scale: Scale, windows: list[tuple[_Window, _Window]], last: dict[str, Any], facts: int) -> Frozen:
    def median(which: int, name: str) -> float:
        return statistics.median(pair[which].latency[name] for pair in windows)

    grown_kib = statistics.median(frozen.grown_kib - max(0, without.grown_kib) for without, frozen in windows)
    return Frozen(
        scale=scale,
        p50_without_ms=median(0, "p50"),
        p99_without_ms=median(0, "p99"),
        p50_with_ms=median(1, "p50"),
        p99_with_ms=median(1, "p99"),
        kib_a_frozen_client=max(0.0, grown_kib / scale.frozen),
        missing=sum(shown < facts for shown in last["shown_by_each"]),
        codes=tuple(code for code in last["codes"] if code),
    )


async def _window(server: ServerProcess, awake: Child, window_s: float) -> _Window:
    """Latencies of the clients that are awake, and by how much the gateway's memory grew at most."""
    await awake.ask("latencies")
    before_kib = most_kib = rss_kib(server.pid)
    for _ in range(int(window_s / LOOK_S)):
        await asyncio.sleep(LOOK_S)
        most_kib = max(most_kib, rss_kib(server.pid))
    return _Window(await awake.ask("latencies"), most_kib - before_kib)


async def _caught_up(here: site.Site, asleep: Child) -> None:
    top = site.read_log(here.home)[-1].offset
    await asleep.until("status", lambda now: now["least"] >= top, CATCH_UP_S)
