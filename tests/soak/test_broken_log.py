"""The checker against a real gateway whose log is broken on purpose: it must notice, over the whole way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sightline.client import AlertTriggered, SightlineClient
from sightline.deliveries.audience import tags_of
from sightline.deliveries.entry import Entry
from tests.integration.gateway_app import GatewayRun, RunningGateway
from tests.soak.history import Event, Findings, Kind, Shown, check
from tests.soak.producer import Producer
from tests.soak.raw_client import RawClient
from tests.soak.site import read_log

PATIENCE_S = 30.0
MISSED = 12
TYPE = "frontend"
Damage = Callable[[list[Entry]], Sequence[Entry]]

DAMAGES: dict[str, tuple[Damage, Callable[[Findings], list[str]]]] = {
    "drops one": (lambda page: page[:3] + page[4:], lambda found: found.lost),
    "swaps two": (lambda page: [*page[:3], page[4], page[3], *page[5:]], lambda found: found.reordered),
    "repeats one": (lambda page: page[:4] + page[3:], lambda found: found.duplicated),
    "moves the cursor without sending": (lambda page: [], lambda found: found.lost),
}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # it is told over the network
            await asyncio.sleep(0.01)


def port_of(gateway: RunningGateway) -> int:
    return int(gateway.url.rpartition(":")[2])


def break_log(gateway: RunningGateway, camera_id: str, damage: Damage) -> None:
    """From now on, pages that are read are damaged, and all have to be read; what the store writes is not."""
    log = gateway.gateway.store.log
    honest = log.page

    async def page(after: int, limit: int) -> Sequence[Entry]:
        entries = list(await honest(after, limit))
        return damage(entries) if len(entries) >= MISSED else entries

    log.page = page  # type: ignore[method-assign]
    gateway.gateway.changes.camera(camera_id)  # nothing that was encoded before may be sent


async def missed_history(run: GatewayRun, home: Path, damage: Damage | None) -> Findings:
    """A device is known, misses alerts, comes back, and the log is broken by then. What the checker says of it."""
    run.settings = {"unseen_seconds": 0, "realert_seconds": 0, "flood_seconds": 0.001}
    gateway = await run.start()
    user, token = await gateway.user("olga")
    camera = await gateway.camera(alert_unknown=True)
    client = RawClient(port_of(gateway), token, "desk", deduplicates=False)

    running = asyncio.create_task(client.run())
    await until(lambda: client.shown_up_to >= 0)
    client.leave()
    await running
    async with Producer(port_of(gateway), gateway.engine_token, camera.id) as producer:
        await producer.report(MISSED)
        await producer.settled()
        if damage is not None:
            break_log(gateway, camera.id, damage)
        client.come_back()
        running = asyncio.create_task(client.run())
        await until(lambda: client.is_live)
        await producer.report()
        await producer.settled()
        top = read_log(home)[-1].offset
        await until(lambda: client.shown_up_to >= top)
    client.leave()
    await running
    return check(read_log(home), client.history, tags_of(user, TYPE), floor=0)


async def test_an_honest_log_passes(gateway_run: GatewayRun, tmp_path: Path) -> None:
    findings = await missed_history(gateway_run, tmp_path, None)
    assert findings.is_clean, findings.in_words()
    assert findings.shown == MISSED + 1


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_broken_log_is_noticed(damage: str, gateway_run: GatewayRun, tmp_path: Path) -> None:
    broken, kind = DAMAGES[damage]
    findings = await missed_history(gateway_run, tmp_path, broken)
    assert kind(findings), f"{damage}: {findings.in_words()}"


async def test_an_application_is_shown_no_entry_twice_even_then(gateway_run: GatewayRun, tmp_path: Path) -> None:
    """The Python SDK on a log that repeats: what reaches the application is whole, and nothing comes twice."""
    gateway_run.settings = {"unseen_seconds": 0, "realert_seconds": 0, "flood_seconds": 0.001}
    gateway = await gateway_run.start()
    user, token = await gateway.user("olga")
    camera = await gateway.camera(alert_unknown=True)
    break_log(gateway, camera.id, lambda page: [one for entry in page for one in (entry, entry)])
    shown: list[Event] = []
    async with (
        SightlineClient(gateway.url, token=token, device="desk", client_type=TYPE) as client,
        Producer(port_of(gateway), gateway.engine_token, camera.id) as producer,
    ):
        async with asyncio.timeout(PATIENCE_S):
            await producer.report(2 * MISSED)
            async for event in client:
                if isinstance(event, AlertTriggered):
                    shown.append(Shown(Kind.ALERT, event.alert.alert_id, event.alert.offset))
                if len(shown) == 2 * MISSED:
                    break
    findings = check(read_log(tmp_path), shown, tags_of(user, TYPE), floor=0, start=0)
    assert findings.is_clean, findings.in_words()
