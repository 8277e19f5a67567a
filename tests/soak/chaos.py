"""Everything that can go wrong with a connection or a process goes wrong while alerts are raised; then it is counted.

Clients are applications of the Python SDK and raw WebSockets, most of them behind a proxy that can be cut or held up;
facts come from a scripted engine that keeps each until it is accepted. Nobody is shown a fault in advance.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog

from sightline.exceptions import Unavailable
from sightline.testing import ServerProcess
from tests.flaky_proxy import FlakyProxy, flaky_proxy
from tests.soak import history, site
from tests.soak.availability import Availability, Probe
from tests.soak.child import Child
from tests.soak.figures import percentiles
from tests.soak.producer import Producer
from tests.soak.raw_client import RawClient

__all__ = ["KILLS_A_ROUND", "Chaos", "Outcome", "Scale", "run_chaos"]

FACTS_A_SECOND = 20
AGED_DAYS = 200
SETTLE_S = 90.0
BACK_S = 90.0
DEATH_S = 60.0
STEADY_S = 0.5
KILLS_A_ROUND = 7
COMMITS = 30
RECEIPTS = 30
RESPONDER_AT = ((52.501, 13.4), (52.502, 13.4))
SETTINGS = {"receipt_seconds": 0.5, "acknowledge_seconds": 1.0, "restart_grace_seconds": 0.5}
CLIENT_TYPE, RESPONDER_TYPE = "frontend", "mobile_app"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much: clients of each kind, how long a freeze lasts, how often everything is done, and whether the server is
    restarted in order as well, which every client waits for."""

    applications: int
    raw_clients: int
    pause_s: float
    rounds: int
    restarts: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found. `attempt_ms` are percentiles: from a client's first attempt after the listen to its session."""

    findings: history.Findings
    accepted_lost: list[str]
    facts: int
    entries: int
    resent_facts: int
    repeated_entries: int
    clients: int
    kills: int
    gaps: int
    taken: int
    availability: Availability
    back_ms: dict[str, float]

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON line."""
        outages_s = self.availability.outages_s
        return {
            "accepted_alerts": self.facts,
            "log_entries": self.entries,
            "clients": self.clients,
            "shown_entries": self.findings.shown,
            "kills": self.kills,
            "lost": len(self.findings.lost) + len(self.accepted_lost),
            "reordered": len(self.findings.reordered),
            "duplicates_shown": len(self.findings.duplicated),
            "unexplained_gaps": len(self.findings.unexplained_gaps),
            "invented": len(self.findings.invented),
            "explained_gaps": self.gaps,
            "facts_sent_again": self.resent_facts,
            "entries_sent_again": self.repeated_entries,
            "alerts_taken": self.taken,
            "availability": round(self.availability.share, 4),
            "availability_while_serving": round(self.availability.share_serving, 5),
            "outages": len(outages_s),
            "outage_s_p50": round(statistics.median(outages_s), 2) if outages_s else 0.0,
            "outage_s_max": round(max(outages_s, default=0.0), 2),
            "outages_a_day_within_99_9": self.availability.outages_a_day,
            "back_after_listen_ms_p50": round(self.back_ms["p50"]),
            "back_after_listen_ms_p95": round(self.back_ms["p95"]),
        }


@dataclass
class Chaos:
    """The parts of a run; the faults are its methods."""

    here: site.Site
    server: ServerProcess
    scale: Scale
    applications: Child
    herd: Child
    proxies: tuple[FlakyProxy, FlakyProxy]
    producer: Producer
    sleeper: RawClient
    ledger: dict[int, history.Entry] = field(default_factory=dict)
    listening_s: list[float] = field(default_factory=list)
    kills: int = 0
    listens: bool = True
    """From the moment in which a life of the server listens until a fault ends or stops it."""

    @property
    def is_serving(self) -> bool:
        """Whether the server should answer now: its process may have died at its failpoint."""
        return self.listens and self.server.is_running

    # ── faults ──

    async def cut(self) -> None:
        """Every connection through the proxies breaks off."""
        for proxy in self.proxies:
            proxy.cut()
        await self.everybody_back()

    async def black_hole(self) -> None:
        """Packets vanish for a while, in both directions; nobody is told."""
        for proxy in self.proxies:
            proxy.hold()
        await asyncio.sleep(self.scale.pause_s)
        for proxy in self.proxies:
            proxy.flow()
        await self.everybody_back()

    async def freeze_clients(self) -> None:
        """SIGSTOP of both processes that hold clients."""
        for child in (self.applications, self.herd):
            child.freeze()
        await asyncio.sleep(self.scale.pause_s)
        for child in (self.applications, self.herd):
            child.thaw()
        await self.everybody_back()

    async def freeze_server(self) -> None:
        """SIGSTOP of the gateway."""
        self.listens = False
        os.kill(self.server.pid, signal.SIGSTOP)
        await asyncio.sleep(self.scale.pause_s)
        os.kill(self.server.pid, signal.SIGCONT)
        self.listens = True
        await self.everybody_back()

    async def kill_with_everybody_there(self) -> None:
        """kill -9 at any moment; in its next life it dies with an alert on disk of which nobody has been told."""
        self.listens = False
        await asyncio.to_thread(self.server.kill9)
        await self.live_again(f"committed:{COMMITS}")

    async def die_after_commit(self) -> None:
        """On disk, and neither clients nor the engine have been told. The next forgets what clients confirmed."""
        await self.died()
        await self.live_again(f"received:{RECEIPTS}")

    async def die_before_received(self) -> None:
        """Clients have been shown alerts, and their places in the log have not moved."""
        await self.died()
        await self.live_again(f"acceptance:{COMMITS}")

    async def die_before_commit(self) -> None:
        """An alert is written and not committed, its fact not accepted."""
        await self.died()
        await self.live_again("escalation")

    async def die_escalating(self) -> None:
        """An alert is about to go to the next responder."""
        with contextlib.suppress(httpx.TransportError):  # it may die of it before it answers
            async with self.server.client() as http:
                await http.post("/api/alerts/test", json={"camera_id": self.here.camera_id})
        await self.died()
        await self.live_again()

    async def die_compacting(self) -> None:
        """Retention deletes the older half of the log, and the process dies with that half done; then it is done."""
        self.listens = False
        await asyncio.to_thread(self.server.kill9)
        self.note_log()
        entries = sorted(self.ledger)
        half = entries[len(entries) // 2]
        site.age_log(self.here.home, up_to=half, days=AGED_DAYS)
        with contextlib.suppress(Unavailable):  # it may die before it answers
            await asyncio.to_thread(self.server.start, failpoint="compaction")
        await self.died()
        if site.log_floor(self.here.home) >= half:
            raise AssertionError("retention had committed before it was killed")
        self.kills += 1
        await self.live_again()

    async def restart(self) -> None:
        """As an administrator restarts it: everybody who is there is told when to come back."""
        await self.everybody_back()
        self.listens = False
        await asyncio.to_thread(self.server.stop)
        await self.live_again()
        self.kills -= 1
        await self.everybody_back()

    async def died(self) -> None:
        """The server has died at its failpoint."""
        await asyncio.to_thread(self.server.wait_killed, DEATH_S)
        self.listens = False

    async def live_again(self, failpoint: str | None = None) -> None:
        """Another life after a death."""
        self.kills += 1
        await asyncio.to_thread(self.server.start, failpoint=failpoint)
        self.listening_s.append(time.time())
        self.listens = True

    # ── the rest ──

    async def everybody_back(self) -> None:
        """Every client has a session again. Meanwhile the server may die at a failpoint, but then it stays dead."""
        await self.applications.until("status", lambda now: now["live"] == self.scale.applications, BACK_S)
        members = self.scale.raw_clients + len(self.here.responders)
        await self.herd.until("status", lambda now: now["live"] == members, BACK_S)

    def note_log(self) -> None:
        """Remembers entries before retention takes them away."""
        self.ledger.update((entry.offset, entry) for entry in site.read_log(self.here.home))

    async def settle(self) -> int:
        """No fault any more: facts are accepted, timers have fired, everybody has been shown the last alert."""
        await self.producer.settled(SETTLE_S)
        async with asyncio.timeout(SETTLE_S):
            while site.timers_left(self.here.home):  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(STEADY_S)
        await self.producer.report()
        await self.producer.settled(SETTLE_S)
        self.note_log()
        top = max(self.ledger)
        for child in (self.applications, self.herd):
            await child.until("status", lambda now: now["least"] >= top, SETTLE_S)
        async with asyncio.timeout(SETTLE_S):
            while self.sleeper.shown_up_to < top:  # noqa: ASYNC110  # it is told over the network
                await asyncio.sleep(STEADY_S / 10)
        return top


async def run_chaos(home: Path, scale: Scale) -> Outcome:
    """All faults, `scale.rounds` times."""
    here = await site.make_site(home, operators=2, responders=2)
    server = site.server_on(here, **SETTINGS)
    await asyncio.to_thread(server.start)
    try:
        async with _everything(here, server, scale) as chaos, Probe(_port(server), lambda: chaos.is_serving) as probe:
            await chaos.everybody_back()
            sleeping = asyncio.create_task(chaos.sleeper.run())
            await _until(lambda: chaos.sleeper.shown_up_to >= 0)
            chaos.sleeper.leave()
            await sleeping
            facts = asyncio.create_task(chaos.producer.run(FACTS_A_SECOND))
            for _ in range(scale.rounds):
                await _one_round(chaos)
            facts.cancel()
            chaos.sleeper.come_back()
            waking = asyncio.create_task(chaos.sleeper.run())
            top = await chaos.settle()
            chaos.sleeper.leave()
            await waking
            return await _judge(chaos, probe, top)
    finally:
        if server.is_running:
            server.kill9()


async def _one_round(chaos: Chaos) -> None:
    """Each life of the server ends where its failpoint says, while facts come in and clients are coming back."""
    for fault in (
        chaos.cut,
        chaos.black_hole,
        chaos.freeze_clients,
        chaos.freeze_server,
        chaos.kill_with_everybody_there,
        chaos.die_after_commit,
        chaos.die_before_received,
        chaos.die_before_commit,
        chaos.die_escalating,
        chaos.die_compacting,
        *([chaos.restart] if chaos.scale.restarts else []),
    ):
        began_s = time.monotonic()
        await fault()
        log.info("fault", what=fault.__name__, took_s=round(time.monotonic() - began_s, 2))


async def _judge(chaos: Chaos, probe: Probe, top: int) -> Outcome:
    here = chaos.here
    histories = await chaos.applications.histories(here.home) | await chaos.herd.histories(here.home)
    histories["sleeper"] = chaos.sleeper.history
    chaos.note_log()
    entries = [chaos.ledger[offset] for offset in sorted(chaos.ledger)]
    floor = site.log_floor(here.home)
    tags = _tags(here, chaos.scale)
    findings = history.Findings()
    for device, shown in histories.items():
        findings.add(history.check(entries, shown, tags[device], floor=floor, until=top), of=device)
    raised = site.alerts_of_facts(here.home, list(chaos.producer.accepted))
    lost = [f"fact {key} has no event" for key in chaos.producer.accepted if key not in raised]
    lost += [f"fact {key} raised no alert" for key, alert_id in raised.items() if alert_id is None]
    lost += history.check_accepted(entries, [alert_id for alert_id in raised.values() if alert_id is not None])
    herd, applications = await chaos.herd.ask("status"), await chaos.applications.ask("status")
    return Outcome(
        findings=findings,
        accepted_lost=lost,
        facts=len(chaos.producer.accepted),
        entries=len(entries),
        resent_facts=chaos.producer.resent,
        repeated_entries=herd["repeated"] + chaos.sleeper.repeated,
        clients=len(histories),
        kills=chaos.kills,
        gaps=sum(isinstance(event, history.GapTold) for shown in histories.values() for event in shown),
        taken=applications["taken"],
        availability=probe.result(),
        back_ms=percentiles(await _back_ms(chaos)),
    )


async def _back_ms(chaos: Chaos) -> list[float]:
    """For each client and start of the server: from its first attempt after the listen to its session."""
    raw = [[(one["began_s"], one["resumed_s"]) for one in each] for each in await chaos.herd.ask("attempts")]
    took_ms = []
    for attempts in [*raw, *(await chaos.applications.ask("attempts"))]:
        for listening_s in chaos.listening_s:
            first = next(((began, resumed) for began, resumed in attempts if began >= listening_s), None)
            if first is not None and first[1] is not None:
                took_ms.append(1000 * (first[1] - first[0]))
    return took_ms


def _tags(here: site.Site, scale: Scale) -> dict[str, list[str]]:
    first, second = here.operators
    tags = {f"application-{number}": first.tags(CLIENT_TYPE) for number in range(scale.applications)}
    tags |= {f"raw-{number}": second.tags(CLIENT_TYPE) for number in range(scale.raw_clients)}
    tags |= {f"responder-{number}": one.tags(RESPONDER_TYPE) for number, one in enumerate(here.responders)}
    return tags | {"sleeper": second.tags(CLIENT_TYPE)}


@contextlib.asynccontextmanager
async def _everything(here: site.Site, server: ServerProcess, scale: Scale) -> AsyncIterator[Chaos]:
    first, second = here.operators
    port = _port(server)
    folder = here.home / "outboxes"
    folder.mkdir()
    with flaky_proxy(port) as one, flaky_proxy(port) as other:
        applications = {
            "url": f"http://127.0.0.1:{one.port}",
            "folder": str(folder),
            "members": [
                {"token": first.token, "device": f"application-{number}"} for number in range(scale.applications)
            ],
        }
        raw = [{"token": second.token, "device": f"raw-{number}"} for number in range(scale.raw_clients)]
        raw += [
            {"token": who.token, "device": f"responder-{number}", "client_type": RESPONDER_TYPE, "place": place}
            for number, (who, place) in enumerate(zip(here.responders, RESPONDER_AT, strict=True))
        ]
        async with (
            Child("tests.soak.application", applications) as application,
            Child("tests.soak.herd", {"port": other.port, "members": raw}) as herd,
            Producer(port, here.engine_token, here.camera_id) as producer,
        ):
            sleeper = RawClient(port, second.token, "sleeper")
            yield Chaos(here, server, scale, application, herd, (one, other), producer, sleeper)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(BACK_S):
        while not condition():  # noqa: ASYNC110  # it is told over the network
            await asyncio.sleep(0.02)


def _port(server: ServerProcess) -> int:
    return int(server.url.rpartition(":")[2])
