"""The worker on a real store: it goes on after faults, and asks push and outside channels for every step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC
from pathlib import Path

import pytest
import pytest_asyncio

from sightline.accounts import Role
from sightline.clock import SystemClock
from sightline.deliveries.escalation import Patience
from sightline.events.alert import Alert, Severity
from sightline.exceptions import Unavailable
from sightline.gateway.directory import Directory
from sightline.gateway.hub import Hub
from sightline.gateway.metrics import Metrics
from sightline.gateway.routing import escalation
from sightline.gateway.routing.escalation import Escalator
from sightline.gateway.routing.responders import Responders
from sightline.gateway.system_alerts import SystemAlerts
from sightline.stores import SqlStore

EVERYBODY = ("role:operator", "role:responder")
PATIENCE_S = 20.0


class Pager:
    """Channels that write down what they were asked, and reach whom they are told to; the first calls may fail."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.reached: set[str] = set()
        self.failures: list[Exception] = []
        self.never: set[str] = set()
        self._changed = asyncio.Event()

    async def push_user(self, user_id: str, alert: Alert) -> None:
        self._note(user_id, alert)

    async def outside(self, alert: Alert) -> None:
        self._note("outside", alert)

    async def reachable(self) -> frozenset[str]:
        return frozenset(self.reached)

    def _note(self, whom: str, alert: Alert) -> None:
        if alert.id in self.never:
            raise ValueError("a fault of ours")
        if self.failures:
            raise self.failures.pop()
        self.asked.append((whom, alert.escalation_level))
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class House:
    """A gateway's parts as far as escalation goes, on one store."""

    def __init__(self, store: SqlStore, pager: Pager, patience: Patience) -> None:
        clock, metrics, directory = SystemClock(), Metrics(), Directory(store)
        hub = Hub(directory, top=0)
        self.store, self.pager = store, pager
        self.alerts = SystemAlerts(store, metrics, clock, audience=EVERYBODY)
        responders = Responders(store, hub, pager, clock, everybody=EVERYBODY, fresh_ms=1000)
        self.escalator = Escalator(
            store, directory, responders, self.alerts, pager, metrics, clock,
            patience=patience, restart_grace_s=0,
        )  # fmt: skip

    async def person(self, name: str, role: Role = Role.RESPONDER, *, on: bool = True) -> str:
        user = await self.store.users.create(name=name, role=role, password_hash="!", now_ms=1)
        self.pager.reached.add(user.id)
        if on:
            await self.store.duty.switch(user.id, on=True, now_ms=1)
        return user.id

    async def alert(self) -> Alert:
        camera = await self.store.cameras.create(
            name="Gate", source="rtsp://10.9.9.9/x", latitude=52.5, longitude=13.4, analysis_fps=5, enabled=False,
            alert_unknown=False, now_ms=1,
        )  # fmt: skip
        return await self.alerts.test(camera_id=camera.id, severity=Severity.WARNING, by="olga", to_responders=True)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        worker = asyncio.create_task(self.escalator.run())
        try:
            yield
        finally:
            assert not worker.done()
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = await SqlStore.open(tmp_path, None, master_key=bytes(32), on_commit=lambda top: None, tz=UTC)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "RETRY_S", 0.02)
    monkeypatch.setattr(escalation, "LONGEST_WAIT_S", 0.02)


async def test_each_step_is_pushed_and_the_last_goes_outside(store: SqlStore) -> None:
    house = House(store, Pager(), Patience(receipt_ms=10, acknowledge_ms=40))
    ana, bo = await house.person("ana"), await house.person("bo")
    olga = await house.person("olga", Role.OPERATOR, on=False)
    await house.alert()
    async with house.working():
        await house.pager.until(lambda: ("outside", 2) in house.pager.asked)
    first, second = sorted((ana, bo))
    assert house.pager.asked[:2] == [(first, 0), (second, 1)]
    assert sorted(house.pager.asked[2:]) == sorted([(ana, 2), (bo, 2), (olga, 2), ("outside", 2)])


async def test_who_could_not_be_asked_is_asked_again(store: SqlStore) -> None:
    house = House(store, Pager(), Patience())
    ana = await house.person("ana")
    house.pager.failures = [Unavailable("the store is full"), ValueError("a fault of ours")]
    await house.alert()
    async with house.working():
        await house.pager.until(lambda: house.pager.asked)
        await asyncio.sleep(0.1)
    assert house.pager.asked == [(ana, 0)], "and then not again"
    assert await store.escalations.to_notify() == []


async def test_one_alert_that_cannot_be_told_holds_up_no_other(store: SqlStore) -> None:
    house = House(store, Pager(), Patience())
    ana = await house.person("ana")
    first = await house.alert()
    house.pager.never.add(first.id)
    await house.alert()
    async with house.working():
        await house.pager.until(lambda: house.pager.asked)
        async with asyncio.timeout(PATIENCE_S):
            while len(await store.escalations.to_notify()) != 1:  # noqa: ASYNC110  # nobody says so
                await asyncio.sleep(0.005)
    assert house.pager.asked == [(ana, 0)]
    assert [step.alert_id for step in await store.escalations.to_notify()] == [first.id]


async def test_what_was_told_but_not_pushed_before_a_crash_is_pushed_after_it(store: SqlStore) -> None:
    before = House(store, Pager(), Patience())
    ana = await before.person("ana")
    before.pager.failures = [Unavailable("killed") for _ in range(1000)]
    alert = await before.alert()
    async with before.working():
        async with asyncio.timeout(PATIENCE_S):
            while not await store.escalations.steps(alert.id):  # noqa: ASYNC110  # nobody says so
                await asyncio.sleep(0.01)
    after = House(store, Pager(), Patience())
    async with after.working():
        await after.pager.until(lambda: after.pager.asked)
    assert after.pager.asked == [(ana, 0)]
    assert len(await store.escalations.steps(alert.id)) == 1


async def test_what_was_taken_meanwhile_wakes_nobody(store: SqlStore) -> None:
    house = House(store, Pager(), Patience())
    await house.person("ana")
    house.pager.failures = [Unavailable("not now") for _ in range(10_000)]
    alert = await house.alert()
    async with house.working():
        async with asyncio.timeout(PATIENCE_S):
            while not await store.escalations.steps(alert.id):  # noqa: ASYNC110  # nobody says so
                await asyncio.sleep(0.005)
            await store.alerts.acknowledge(alert.id, by="ana", verdict=None, now_ms=2)
            while await store.escalations.to_notify():  # noqa: ASYNC110  # nobody says so
                await asyncio.sleep(0.005)
    assert house.pager.asked == []


async def test_two_gateways_on_one_store_tell_everybody_once(store: SqlStore) -> None:
    """The same rows, two workers, as fast as they can."""
    pager = Pager()
    houses = [House(store, pager, Patience(receipt_ms=5, acknowledge_ms=15)) for _ in range(2)]
    for name in ("ana", "bo", "cy"):
        await houses[0].person(name)
    alerts = [await houses[0].alert() for _ in range(5)]
    async with houses[0].working(), houses[1].working():
        async with asyncio.timeout(PATIENCE_S):
            while await store.escalations.next_due_ms() is not None:  # noqa: ASYNC110  # nobody says so
                await asyncio.sleep(0.01)
    for alert in alerts:
        steps = await store.escalations.steps(alert.id)
        assert [step.level for step in steps] == [0, 1, 2, 3]
        assert len({step.user_id for step in steps}) == 4
