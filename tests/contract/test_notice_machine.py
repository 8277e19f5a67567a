"""Whatever workers, crashes and people do with the outbox, in whatever order, it agrees with a model of a few lines."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
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

from sightline.deliveries.channel import ChannelKind, NoticeEvent
from sightline.deliveries.notice import Backlog, Notice
from sightline.events.alert import Severity
from sightline.exceptions import NotFound
from sightline.stores import SqlStore
from tests.contract.conftest import BACKENDS, EXAMPLES, MASTER_KEY, ZONE
from tests.contract.facts import alerting, event

T = TypeVar("T")

FAR_MS = 10**15
LEASE_MS = 100
WAITS = st.sampled_from([1, 50, 150, 1000])


@dataclass
class Row:
    """What the model knows of a notice."""

    created_ms: int
    due_ms: int | None
    attempts: int = 0
    dead: bool = False


class NoticeMachine(RuleBasedStateMachine):
    """`seen` are notices as somebody once read them, `held` as somebody once claimed them: both may be stale."""

    seen = Bundle("seen")
    held = Bundle("held")

    def __init__(self, backend: str) -> None:
        super().__init__()
        self.backend = backend

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.now_ms = 1000
        self.rows: dict[str, Row] = {}
        self.store = self.run(self.opened())
        self.run(
            self.store.channels.create(
                name="Guards", kind=ChannelKind.WEBHOOK, address="https://example.org/", secret="secret", enabled=True,
                events=(NoticeEvent.ALERT_TRIGGERED,), min_severity=Severity.INFO, now_ms=self.now_ms,
            )
        )  # fmt: skip

    def run(self, call: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await call

        return self.runner.run(awaited())

    async def opened(self) -> SqlStore:
        home = Path(self.folder.name)
        address = BACKENDS[self.backend](home)
        return await SqlStore.open(home, address, master_key=MASTER_KEY, on_commit=lambda top: None, tz=ZONE)

    def holds(self, notice: Notice) -> Row | None:
        """The row, while it is this very attempt's."""
        row = self.rows.get(notice.id)
        return row if row is not None and not row.dead and row.attempts == notice.attempts else None

    @rule(target=seen)
    def raise_alert(self) -> Notice:
        self.now_ms += 1
        decided = alerting()
        self.run(self.store.alerts.accept(event(f"{self.now_ms}"), decided, blobs={}, now_ms=self.now_ms))
        (notice,) = [notice for notice in self.due(FAR_MS) if notice.id not in self.rows]
        self.rows[notice.id] = Row(self.now_ms, self.now_ms)
        return notice

    @rule(wait_ms=WAITS)
    def time_passes(self, wait_ms: int) -> None:
        self.now_ms += wait_ms

    @rule(target=seen)
    def look(self) -> object:
        return multiple(*self.due(self.now_ms))

    @rule(target=held, notice=seen, workers=st.integers(1, 3))
    def claim(self, notice: Notice, workers: int) -> object:
        async def together() -> list[Notice | None]:
            claims = (self.store.notices.claim(notice, now_ms=self.now_ms, lease_ms=LEASE_MS) for _ in range(workers))
            return await asyncio.gather(*claims)

        won = [claimed for claimed in self.run(together()) if claimed is not None]
        row = self.holds(notice)
        if row is None or row.due_ms is None or row.due_ms > self.now_ms:
            assert won == []
            return multiple()
        assert [claimed.attempts for claimed in won] == [row.attempts + 1]
        row.attempts += 1
        row.due_ms = self.now_ms + LEASE_MS
        return won[0]

    @rule(target=held)
    def leases_run_out_and_others_take_over(self) -> object:
        self.now_ms += LEASE_MS
        claimed = [self.run(self.store.notices.claim(notice, now_ms=self.now_ms, lease_ms=LEASE_MS))
                   for notice in self.due(self.now_ms)]  # fmt: skip
        for notice in claimed:
            assert notice is not None
            row = self.rows[notice.id]
            row.attempts += 1
            row.due_ms = self.now_ms + LEASE_MS
        return multiple(*claimed)

    @rule(notice=held)
    def done(self, notice: Notice) -> None:
        self.run(self.store.notices.done(notice))
        if self.holds(notice) is not None:
            del self.rows[notice.id]

    @rule(notice=held, wait_ms=WAITS)
    def again(self, notice: Notice, wait_ms: int) -> None:
        self.run(self.store.notices.again(notice, due_at_ms=self.now_ms + wait_ms, problem="again"))
        row = self.holds(notice)
        if row is not None:
            row.due_ms = self.now_ms + wait_ms

    @rule(notice=held)
    def bury(self, notice: Notice) -> None:
        self.run(self.store.notices.bury(notice, now_ms=self.now_ms, problem="dead"))
        row = self.holds(notice)
        if row is not None:
            row.dead, row.due_ms = True, None

    @rule(notice=seen, drop=st.booleans())
    def decide_on_a_dead_one(self, notice: Notice, drop: bool) -> None:
        notices = self.store.notices
        row = self.rows.get(notice.id)
        call = notices.drop(notice.id) if drop else notices.revive(notice.id, now_ms=self.now_ms)
        if row is None or not row.dead:
            with pytest.raises(NotFound):
                self.run(call)
            return
        self.run(call)
        if drop:
            del self.rows[notice.id]
        else:
            row.dead, row.due_ms, row.attempts = False, self.now_ms, 0

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self.opened())

    def due(self, now_ms: int) -> list[Notice]:
        return self.run(self.store.notices.due(now_ms=now_ms, busy=(), limit=1000))

    @invariant()
    def nothing_is_lost_or_due_at_the_wrong_time(self) -> None:
        due = {id: row for id, row in self.rows.items() if row.due_ms is not None and row.due_ms <= self.now_ms}
        assert {notice.id: notice.attempts for notice in self.due(self.now_ms)} == {
            id: row.attempts for id, row in due.items()
        }
        assert {notice.id for notice in self.run(self.store.notices.dead(limit=1000))} == {
            id for id, row in self.rows.items() if row.dead
        }
        waiting = [row for row in self.rows.values() if not row.dead]
        assert self.run(self.store.notices.backlog()) == Backlog(
            len(waiting),
            min((row.created_ms for row in waiting), default=None),
            len(self.rows) - len(waiting),
            min((row.due_ms for row in waiting if row.due_ms is not None), default=None),
        )

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_the_outbox_agrees_with_its_model(backend: str) -> None:
    run_state_machine_as_test(
        lambda: NoticeMachine(backend),
        settings=settings(
            max_examples=EXAMPLES[backend], stateful_step_count=30, deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a run on a real disk takes minutes
        ),
    )
