"""Accepts facts for ever and prints what is done: the process that the crash test kills.

    python -m tests.integration.accepting_child HOME ROUND

Every line says what this program was promised to be on disk: `accepted KEY` (with its picture), `taken KEY`.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from datetime import UTC
from pathlib import Path

from sightline.stores import SqlStore, load_or_create_master_key
from tests.contract.facts import NOON_MS, alerting, event

TASKS = 8


async def accept_for_ever(store: SqlStore, name: str) -> None:
    for number in itertools.count():
        key = f"{name}-{number}"
        await store.pictures.put_incoming(key, key.encode())
        accepted = await store.alerts.accept(
            event(key, captured_at_ms=NOON_MS + number), alerting(), blobs={"snapshot": key}, now_ms=NOON_MS + number
        )
        assert accepted.alert is not None
        print(f"accepted {key}", flush=True)
        if number % 3 == 0:
            await store.alerts.acknowledge(accepted.alert.id, by=key, verdict=None, now_ms=NOON_MS + number)
            print(f"taken {key}", flush=True)


async def main(home: Path, name: str) -> None:
    key = load_or_create_master_key(home / "keys" / "master.key")
    store = await SqlStore.open(home, None, master_key=key, on_commit=lambda top: None, tz=UTC)
    await asyncio.gather(*(accept_for_ever(store, f"{name}-{task}") for task in range(TASKS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
