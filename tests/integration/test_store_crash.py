"""A process that accepts facts is killed at any moment: what it was promised is there, whole and in order."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from datetime import UTC
from pathlib import Path

from sightline.deliveries.entry import EntryKind
from sightline.events.alert import AlertState
from sightline.stores import SqlStore, load_or_create_master_key
from tests.contract.facts import NOON_MS, event, silent

ROUNDS = 6
SEED = 20_260_101
REPOSITORY = Path(__file__).parents[2]


def accept_until_killed(home: Path, name: str, lines: int) -> list[tuple[str, str]]:
    """Kills the child once it has said `lines` lines; returns all it said, as (what, key)."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.accepting_child", str(home), name],
        stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
    )  # fmt: skip
    assert child.stdout is not None
    with child:
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said.extend(child.stdout)
    assert child.returncode == -9
    whole = [line.split() for line in said if line.endswith("\n")]
    return [(what, key) for what, key in whole]


async def opened(home: Path) -> SqlStore:
    key = load_or_create_master_key(home / "keys" / "master.key")
    return await SqlStore.open(home, None, master_key=key, on_commit=lambda top: None, tz=UTC)


async def check_promises(store: SqlStore, said: list[tuple[str, str]]) -> None:
    for what, key in said:
        again = await store.alerts.accept(event(key), silent, blobs={}, now_ms=NOON_MS)
        assert again.duplicate and again.alert is not None, f"{what} {key} is lost"
        if what == "taken":
            assert (again.alert.state, again.alert.by) == (AlertState.ACKNOWLEDGED, key)
        assert await store.pictures.read(again.alert.id, "snapshot") == key.encode()


async def check_log(store: SqlStore) -> None:
    """Every entry is there once, in order, and tells what the alerts are."""
    bounds = await store.log.bounds()
    entries = await store.log.page(0, bounds.top + 1)
    assert [entry.offset for entry in entries] == list(range(1, bounds.top + 1))
    triggered = [entry.alert_id for entry in entries if entry.kind is EntryKind.ALERT_TRIGGERED]
    updated = [entry.alert_id for entry in entries if entry.kind is EntryKind.ALERT_UPDATED]
    alerts = await store.alerts.get_many(triggered)
    assert len(alerts) == len(set(triggered)) == len(triggered)
    taken = {alert.id for alert in alerts.values() if alert.state is AlertState.ACKNOWLEDGED}
    assert taken == set(updated)
    assert len(updated) == len(taken)


async def test_nothing_that_was_promised_is_lost(tmp_path: Path) -> None:
    moments = random.Random(SEED)
    said: list[tuple[str, str]] = []
    for number in range(ROUNDS):
        said += accept_until_killed(tmp_path, f"round-{number}", moments.randrange(1, 120))
        store = await opened(tmp_path)
        await check_log(store)
        await check_promises(store, said)
        await store.close()
    assert len(said) > ROUNDS
    with sqlite3.connect(tmp_path / "sightline.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = database.execute("SELECT count(*) FROM alerts WHERE event_id NOT IN (SELECT id FROM events)")
        assert orphans.fetchone() == (0,)
    database.close()
