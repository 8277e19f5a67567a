"""Whatever people and machines do with the log, in whatever order, it agrees with a model of a few lines."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from sightline.deliveries.entry import Cursor, EntryKind
from sightline.events.alert import MOVES, AlertState, Verdict
from sightline.exceptions import Conflict
from sightline.stores import SqlStore
from tests.contract.conftest import BACKENDS, EXAMPLES, MASTER_KEY, ZONE
from tests.contract.facts import OPERATORS, alerting, event, silent

T = TypeVar("T")

KEYS = st.sampled_from([f"key-{number}" for number in range(12)])
PEOPLE = st.sampled_from(["grace", "ada"])
VERDICTS = st.sampled_from([None, *Verdict])


@dataclass
class Told:
    """What the model knows of an alert."""

    id: str
    state: AlertState = AlertState.OPEN
    by: str | None = None
    verdict: Verdict | None = None


@dataclass
class Model:
    """The log as a list: entries are (offset, time, alert, state told)."""

    now_ms: int = 1000
    top: int = 0
    floor: int = 0
    entries: list[tuple[int, int, str, AlertState]] = field(default_factory=list)
    alerts: dict[str, Told] = field(default_factory=dict)
    accepted: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    cursor: int | None = None

    def append(self, alert_id: str, state: AlertState, at_ms: int) -> None:
        self.top += 1
        self.entries.append((self.top, at_ms, alert_id, state))


class LogMachine(RuleBasedStateMachine):
    alert_ids = Bundle("alert_ids")

    def __init__(self, backend: str) -> None:
        super().__init__()
        self.backend = backend

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.model = Model()
        self.told: list[int] = []
        self.store = self.run(self.opened())
        self.epoch = self.run(self.store.log.bounds()).epoch

    def run(self, call: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await call

        return self.runner.run(awaited())

    async def opened(self) -> SqlStore:
        home = Path(self.folder.name)
        return await SqlStore.open(
            home, BACKENDS[self.backend](home), master_key=MASTER_KEY, on_commit=self.told.append, tz=ZONE
        )

    def tick(self) -> int:
        self.model.now_ms += 10
        return self.model.now_ms

    @rule(target=alert_ids, key=KEYS, alerts=st.booleans())
    def accept(self, key: str, alerts: bool) -> object:
        now_ms = self.tick()
        decide = alerting() if alerts else silent
        accepted = self.run(self.store.alerts.accept(event(key), decide, blobs={}, now_ms=now_ms))
        alert_id = accepted.alert.id if accepted.alert is not None else None
        assert accepted.duplicate == (key in self.model.accepted)
        if accepted.duplicate:
            assert self.model.accepted[key] == (accepted.event_id, alert_id)
            return multiple()
        self.model.accepted[key] = (accepted.event_id, alert_id)
        assert (alert_id is not None) == alerts
        if alert_id is None:
            return multiple()
        self.model.append(alert_id, AlertState.OPEN, now_ms)
        self.model.alerts[alert_id] = Told(alert_id)
        return alert_id

    @rule(keys=st.lists(KEYS, min_size=2, max_size=6))
    def accept_together(self, keys: list[str]) -> None:
        now_ms = self.tick()

        async def together() -> list[tuple[str, bool, str | None]]:
            calls = [self.store.alerts.accept(event(key), alerting(), blobs={}, now_ms=now_ms) for key in keys]
            done = await asyncio.gather(*calls)
            return [(a.event_id, a.duplicate, a.alert.id if a.alert is not None else None) for a in done]

        for key, (event_id, duplicate, alert_id) in zip(keys, self.run(together()), strict=True):
            assert duplicate == (key in self.model.accepted)
            if duplicate:
                assert self.model.accepted[key] == (event_id, alert_id)
                continue
            assert alert_id is not None
            self.model.accepted[key] = (event_id, alert_id)
            self.model.append(alert_id, AlertState.OPEN, now_ms)
            self.model.alerts[alert_id] = Told(alert_id)

    @rule(alert_id=alert_ids, by=PEOPLE, verdict=VERDICTS)
    def acknowledge(self, alert_id: str, by: str, verdict: Verdict | None) -> None:
        now_ms, told = self.tick(), self.model.alerts[alert_id]
        call = self.store.alerts.acknowledge(alert_id, by=by, verdict=verdict, now_ms=now_ms)
        if told.state is not AlertState.OPEN and told.by is None:
            with pytest.raises(Conflict):
                self.run(call)
            return
        outcome = self.run(call)
        assert outcome.first == (told.state is AlertState.OPEN)
        if outcome.first:
            told.state, told.by, told.verdict = AlertState.ACKNOWLEDGED, by, verdict
            self.model.append(alert_id, told.state, now_ms)
        elif told.by == by and verdict not in (None, told.verdict):
            told.verdict = verdict
            self.model.append(alert_id, told.state, now_ms)
        assert (outcome.alert.state, outcome.alert.by, outcome.alert.verdict) == (told.state, told.by, told.verdict)

    @rule(alert_id=alert_ids, by=PEOPLE)
    def close(self, alert_id: str, by: str) -> None:
        now_ms, told = self.tick(), self.model.alerts[alert_id]
        call = self.store.alerts.close(alert_id, by=by, now_ms=now_ms)
        if AlertState.CLOSED not in MOVES[told.state]:
            with pytest.raises(Conflict):
                self.run(call)
            return
        self.run(call)
        told.state, told.by = AlertState.CLOSED, told.by or by
        self.model.append(alert_id, told.state, now_ms)

    @rule(age_ms=st.integers(0, 200))
    def prune(self, age_ms: int) -> None:
        before_ms, model = self.model.now_ms - age_ms, self.model
        kept = [offset for offset, at_ms, _, _ in model.entries if at_ms >= before_ms]
        floor = kept[0] - 1 if kept else model.top
        gone = [entry for entry in model.entries if entry[0] <= floor]
        for _, _, alert_id, state in gone:
            told = model.alerts[alert_id]
            if state is told.state is AlertState.OPEN:
                told.state = AlertState.EXPIRED
                model.append(alert_id, told.state, before_ms)
        assert self.run(self.store.log.prune(before_ms)) == len(gone)
        model.entries = [entry for entry in model.entries if entry[0] > floor]
        model.floor = max(model.floor, floor)

    @rule(offset=st.integers(0, 40))
    def advance(self, offset: int) -> None:
        self.run(self.store.log.advance({("grace", "phone"): Cursor(self.epoch, offset)}, now_ms=self.tick()))
        self.model.cursor = max(self.model.cursor or 0, offset)
        assert self.run(self.store.log.cursor("grace", "phone")) == Cursor(self.epoch, self.model.cursor)

    @rule(after=st.integers(0, 40), limit=st.integers(1, 8))
    def page(self, after: int, limit: int) -> None:
        expected = [entry for entry in self.model.entries if entry[0] > after][:limit]
        assert self.read(after, limit) == expected

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self.opened())

    @invariant()
    def the_log_is_whole(self) -> None:
        bounds = self.run(self.store.log.bounds())
        assert (bounds.epoch, bounds.floor, bounds.top) == (self.epoch, self.model.floor, self.model.top)
        assert self.read(0, 1000) == self.model.entries
        assert [offset for offset, _, _, _ in self.model.entries] == list(range(bounds.floor + 1, bounds.top + 1))

    @invariant()
    def every_commit_was_told(self) -> None:
        assert self.told == sorted(set(self.told))
        assert (self.told[-1] if self.told else 0) == self.model.top

    @invariant()
    def the_snapshot_has_what_is_open(self) -> None:
        snapshot = self.run(self.store.alerts.snapshot(OPERATORS))
        still_open = {told.id for told in self.model.alerts.values() if told.state is AlertState.OPEN}
        assert {alert.id for alert in snapshot.alerts} == still_open
        assert snapshot.bounds.top == self.model.top

    def read(self, after: int, limit: int) -> list[tuple[int, int, str, AlertState]]:
        entries = self.run(self.store.log.page(after, limit))
        return [
            (
                entry.offset,
                entry.at_ms,
                entry.alert_id,
                AlertState.OPEN if entry.kind is EntryKind.ALERT_TRIGGERED else AlertState(entry.data["state"]),
            )
            for entry in entries
        ]

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_the_log_agrees_with_the_model(backend: str) -> None:
    calm = settings(
        max_examples=EXAMPLES[backend], stateful_step_count=25, deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    machine = cast(type[LogMachine], lambda: LogMachine(backend))  # it only calls it
    run_state_machine_as_test(machine, settings=calm)
