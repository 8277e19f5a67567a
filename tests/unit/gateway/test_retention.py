from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from sightline.deliveries.records import Forgotten
from sightline.exceptions import StoreError
from sightline.gateway import retention
from sightline.gateway.retention import DAY_MS, FORGOTTEN_AT_ONCE, keep_retention


async def test_log_is_pruned_again_and_again_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "INTERVAL_S", 0.001)
    asked: list[int] = []
    healed: list[int] = []
    forgotten: list[int] = []
    hours: list[int] = []
    actions: list[int] = []
    clips: list[int] = []
    told: list[int] = []
    enough = asyncio.Event()

    async def prune(before_ms: int) -> int:
        asked.append(before_ms)
        if len(asked) == 2:
            raise StoreError("the database refused")
        return 5

    async def forget(before_ms: int, *, most: int) -> Forgotten:
        forgotten.append(before_ms)
        return Forgotten(events=most if len(forgotten) <= 2 else 1)

    async def prune_hours(before_ms: int) -> int:
        hours.append(before_ms)
        return 0

    async def forget_actions(before_ms: int) -> int:
        actions.append(before_ms)
        return len(actions) % 2

    async def prune_clips(before_ms: int, *, most: int) -> int:
        clips.append(before_ms)
        return len(clips) % 2

    async def prune_sightings() -> int:
        return 0

    async def heal(now_ms: int) -> None:
        healed.append(now_ms)
        if len(healed) == 3:
            enough.set()

    async def claim(chore: str, for_s: float) -> bool:
        return True

    gateway = SimpleNamespace(
        clock=SimpleNamespace(now_ms=lambda: 100 * DAY_MS),
        settings=SimpleNamespace(
            retention_days=90, record_days=95, history_days=99, workstation_action_days=80, clip_days=85
        ),
        past=SimpleNamespace(prune=prune_sightings),
        cluster=SimpleNamespace(claim=claim),
        changes=SimpleNamespace(records_forgotten=lambda: told.append(len(asked))),
        store=SimpleNamespace(
            log=SimpleNamespace(prune=prune),
            alerts=SimpleNamespace(forget=forget),
            pictures=SimpleNamespace(heal=heal),
            clips=SimpleNamespace(prune=prune_clips),
            history=SimpleNamespace(prune=prune_hours),
            workstation_actions=SimpleNamespace(prune=forget_actions),
        ),
    )
    job = asyncio.create_task(keep_retention(gateway))  # type: ignore[arg-type]
    await asyncio.wait_for(enough.wait(), 10)
    job.cancel()
    assert set(asked) == {10 * DAY_MS}
    assert set(healed) == {100 * DAY_MS}
    assert set(forgotten) == {5 * DAY_MS}
    assert len(forgotten) >= 5, f"{FORGOTTEN_AT_ONCE} at once, until there are no more, each time"
    assert set(clips) == {15 * DAY_MS}
    assert set(hours) == {DAY_MS}
    assert set(actions) == {20 * DAY_MS}
    assert told[:3] == [1, 1, 3], "entries, then records, whenever something was too old"
