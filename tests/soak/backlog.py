"""Alerts wait for a client that was away: all of them, in order, and soon; those who are there must not wait for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.client import AlertSnapshot, AlertTriggered, CaughtUp, SightlineClient
from tests.soak import history, site
from tests.soak.child import Child
from tests.soak.producer import Producer
from tests.soak.raw_client import RawClient

__all__ = ["Backlog", "run_backlog"]

LIVE_CLIENTS = 20
CAMERAS = 8
FACTS_A_SECOND = 20.0
IN_FLIGHT = 1_500
PART = 500
CLIENT_TYPE = "frontend"
COME_S = 60.0
RECOVER_S = 300.0
STEADY_S = 5.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """`raw_s` and `sdk_s`: from connecting to the last of so many alerts. Latencies of those who were there in ms."""

    alerts: int
    raw_s: float
    raw_findings: history.Findings
    sdk_s: float
    sdk_findings: history.Findings
    quiet_ms: dict[str, float]
    busy_ms: dict[str, float]
    accept_s: float

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON line."""
        both = (self.raw_findings, self.sdk_findings)
        return {
            "waiting_alerts": self.alerts,
            "recovered_s": round(self.raw_s, 2),
            "recovered_alerts_a_second": round(self.alerts / self.raw_s),
            "recovered_sdk_s": round(self.sdk_s, 2),
            "backlog_lost": sum(len(found.lost) for found in both),
            "backlog_reordered": sum(len(found.reordered) for found in both),
            "backlog_duplicates_shown": sum(len(found.duplicated) for found in both),
            "alert_ms_p99_of_others": round(self.quiet_ms["p99"], 1),
            "alert_ms_p99_of_others_meanwhile": round(self.busy_ms["p99"], 1),
            "facts_accepted_a_second": round(self.alerts / self.accept_s),
        }


async def run_backlog(home: Path, alerts: int, *, steady_s: float = STEADY_S) -> Backlog:
    """Raises `alerts` alerts while two clients are away, a raw one and one of the SDK; then they come back."""
    here = await site.make_site(home, operators=2, cameras=CAMERAS)
    server = site.server_on(here)
    await asyncio.to_thread(server.start)
    port = int(server.url.rpartition(":")[2])
    away, other = here.operators
    members = [{"token": other.token, "device": f"there-{number}"} for number in range(LIVE_CLIENTS)]
    raw = RawClient(port, away.token, "away", CLIENT_TYPE)
    try:
        async with (
            Child("tests.soak.herd", {"port": port, "members": members, "histories": False}) as herd,
            Producer(port, here.engine_token, *here.camera_ids) as producer,
        ):
            await herd.until("status", lambda now: now["live"] == LIVE_CLIENTS, COME_S)
            await _visit(raw)
            sdk = _Application(server.url, away.token)
            await sdk.visit()
            began_s = time.monotonic()
            await _fill(producer, alerts)
            fill_s = time.monotonic() - began_s
            steady = asyncio.create_task(producer.run(FACTS_A_SECOND))
            top = site.read_log(here.home)[-1].offset
            await herd.until("status", lambda now: now["least"] >= top, RECOVER_S)
            await herd.ask("latencies")
            await asyncio.sleep(steady_s)
            quiet_ms = await herd.ask("latencies")
            top = site.read_log(here.home)[-1].offset
            raw_s = await _recover(raw, top)
            busy_ms = await herd.ask("latencies")
            sdk_s = await sdk.recover(top)
            steady.cancel()
        log = site.read_log(here.home)
        tags = away.tags(CLIENT_TYPE)
        return Backlog(
            alerts=alerts,
            raw_s=raw_s,
            raw_findings=history.check(log, raw.history, tags, floor=0, until=top),
            sdk_s=sdk_s,
            sdk_findings=history.check(log, sdk.history, tags, floor=0, start=sdk.start, until=top),
            quiet_ms=quiet_ms,
            busy_ms=busy_ms,
            accept_s=fill_s,
        )
    finally:
        if server.is_running:
            server.kill9()


async def _fill(producer: Producer, count: int) -> None:
    left = count
    while left:
        part = min(PART, left)
        await producer.report(part)
        left -= part
        await producer.settled_but(IN_FLIGHT)
    await producer.settled()


async def _visit(client: RawClient) -> None:
    """Is known from now on, and away."""
    running = asyncio.create_task(client.run())
    async with asyncio.timeout(COME_S):
        while client.shown_up_to < 0:  # noqa: ASYNC110  # it is told over the network
            await asyncio.sleep(0.01)
    client.leave()
    await running


async def _recover(client: RawClient, top: int) -> float:
    client.come_back()
    began_s = time.monotonic()
    running = asyncio.create_task(client.run())
    async with asyncio.timeout(RECOVER_S):
        while client.shown_up_to < top:  # noqa: ASYNC110  # it is told over the network
            await asyncio.sleep(0.01)
    took_s = time.monotonic() - began_s
    client.leave()
    await running
    return took_s


class _Application:
    """An application on the Python SDK that only looks."""

    def __init__(self, url: str, token: str) -> None:
        self.history: list[history.Event] = []
        self.start = 0
        self._url = url
        self._token = token

    async def visit(self) -> None:
        """Is known from now on, and away."""
        async with self._client() as client, asyncio.timeout(COME_S):
            async for event in client:
                if isinstance(event, AlertSnapshot):
                    self.start = event.offset
                elif isinstance(event, CaughtUp):
                    break

    async def recover(self, top: int) -> float:
        """Everything up to `top`; the seconds it took."""
        began_s = time.monotonic()
        async with self._client() as client, asyncio.timeout(RECOVER_S):
            async for event in client:
                if isinstance(event, AlertTriggered):
                    alert = event.alert
                    self.history.append(history.Shown(history.Kind.ALERT, alert.alert_id, alert.offset))
                    if alert.offset >= top:
                        break
        return time.monotonic() - began_s

    def _client(self) -> SightlineClient:
        return SightlineClient(self._url, token=self._token, device="sdk", client_type=CLIENT_TYPE)
