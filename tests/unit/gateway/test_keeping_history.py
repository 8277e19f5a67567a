"""What was counted is written now and then, and at the end; nothing is lost to a store that refuses for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from sightline.decisions.history import HourBook, HourRow, Metric
from sightline.events.observation import Observation
from sightline.exceptions import StoreError
from sightline.gateway import keeping_history
from sightline.gateway.keeping_history import keep_history


class Store:
    """Adds up what it is given; refuses the first time."""

    def __init__(self) -> None:
        self.frames = 0
        self.asked = 0
        self.written = asyncio.Event()

    async def add(self, rows: Sequence[HourRow]) -> None:
        self.asked += 1
        if self.asked == 1:
            raise StoreError("the database refused")
        self.frames += sum(row.count for row in rows if row.metric is Metric.PROCESSING_MS)
        self.written.set()


def frame(number: int) -> Observation:
    return Observation(camera_id="c", frame_id=number, timestamp=number, width=1, height=1, faces=[])


async def test_every_frame_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping_history, "INTERVAL_S", 0.001)
    store, book = Store(), HourBook()
    gateway = SimpleNamespace(hours=book, store=SimpleNamespace(history=store))
    book.observed(frame(1))
    job = asyncio.create_task(keep_history(gateway))  # type: ignore[arg-type]
    await asyncio.wait_for(store.written.wait(), 10)
    book.observed(frame(2))
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert store.asked >= 3
    assert store.frames == 2
