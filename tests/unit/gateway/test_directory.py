from __future__ import annotations

import asyncio

import pytest

from sightline.exceptions import NotFound
from sightline.gateway import directory
from sightline.gateway.directory import Records


class Source:
    def __init__(self, **records: str) -> None:
        self.records = records
        self.reads = 0
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def get(self, id: str) -> str:
        self.reads += 1
        found = self.records.get(id)
        await self.flowing.wait()
        if found is None:
            raise NotFound("record", id)
        return found


async def test_record_is_read_once_until_it_changes() -> None:
    source = Source(a="Ada")
    records = Records(source.get)
    for _ in range(3):
        assert await records.find("a") == "Ada"
        assert await records.find("none") is None
        assert await records.find(None) is None
    assert source.reads == 2
    assert (records.peek("a"), records.peek("none"), records.peek(None)) == ("Ada", None, None)
    source.records["a"] = "Augusta"
    records.changed("a")
    assert await records.find("a") == "Augusta"


async def test_record_that_changes_while_it_is_read_is_not_kept() -> None:
    source = Source(a="Ada")
    records = Records(source.get)
    source.flowing.clear()
    reading = asyncio.create_task(records.find("a"))
    await asyncio.sleep(0)
    source.records["a"] = "Augusta"
    records.changed("a")
    source.flowing.set()
    await reading
    assert records.peek("a") is None
    assert await records.find("a") == "Augusta"


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MAX_RECORDS", 4)
    records = Records(Source(**{str(number): "x" for number in range(10)}).get)
    for number in range(10):
        assert await records.find(str(number)) == "x"
        assert len(records._known) <= 4
