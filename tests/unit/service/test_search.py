"""What the search process does with a real store: it follows, answers while it reads, groups, forgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import update

from sightline.events import search_link as link
from sightline.service import search as module
from sightline.service.search import Searching
from sightline.stores import SqlStore, schema, sightings
from sightline.stores.sighting_feed import SightingFeed
from sightline.stores.vault import Vault
from tests.contract.facts import MODEL, NOON_MS, enrol
from tests.contract.tracks import leave, track, vector

KEY = bytes(32)
PATIENCE_S = 20


class Bench:
    """A search over a store of this test's own."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.said: asyncio.Queue[link.Statement] = asyncio.Queue()
        self.searching = Searching(SightingFeed(store.database, Vault(KEY)), self.said.put_nowait)

    async def hear(self, kind: type[link.Statement]) -> link.Statement:
        async with asyncio.timeout(PATIENCE_S):
            while not isinstance(statement := await self.said.get(), kind):
                pass
        return statement

    async def found(self, *numbers: float, model_id: str = MODEL) -> link.Found:
        question = link.Search(request_id=1, model_id=model_id, vectors=[vector(*numbers)], count=50)
        await self.searching.ask(question)
        answer = await self.hear(link.Found)
        assert isinstance(answer, link.Found)
        return answer


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = await SqlStore.open(tmp_path, None, master_key=KEY, on_commit=lambda top: None, tz=UTC)
    yield Bench(store)
    await store.close()


async def test_an_answer_knows_everything_that_was_recorded_before_the_question(bench: Bench) -> None:
    ada = await enrol(bench.store)
    running = asyncio.create_task(bench.searching.run())
    for number in range(3):
        await leave(bench.store, number, person_id=ada.id)
        assert len((await bench.found(number, 0)).keys) == number + 1
    assert (await bench.found(1, 0)).distances[0] == 0
    another = await bench.found(1, 0, model_id="another")
    assert (another.keys, another.indexed, another.comparable) == ([], 3, 0)
    assert (await bench.found(1, 0, 0)).keys == [], "a template of another length"
    await bench.store.people.erase(ada.id, now_ms=NOON_MS)
    found = await bench.found(1, 0)
    assert (found.keys, found.indexed, found.total) == ([], 0, 0)
    await bench.searching.ask(None)
    await running


async def test_while_it_reads_it_answers_from_what_it_has_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(module, "TOLD_EVERY_S", 0.0)
    for number in range(10):
        await leave(bench.store, number, decided=False, similarity=0.9)
    await bench.searching.ask(link.Search(request_id=7, model_id=MODEL, vectors=[vector(0, 0)], count=50))
    running = asyncio.create_task(bench.searching.run())
    first = await bench.hear(link.Indexed)
    assert first == link.Indexed(indexed=4, total=10, ready=False)
    early = await bench.hear(link.Found)
    assert early == link.Found(
        request_id=7, keys=[1, 2, 3, 4], distances=[0.0, 1.0, 2.0, 3.0], indexed=4, total=10, comparable=4
    )
    statement = None
    while statement != link.Indexed(indexed=10, total=10, ready=True):
        statement = await bench.hear(link.Indexed)
    assert len((await bench.found(0, 0)).keys) == 10
    await bench.searching.ask(None)
    await running


async def test_it_ends_in_the_middle_of_reading(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 1)
    for number in range(3):
        await leave(bench.store, number)
    await bench.searching.ask(None)
    async with asyncio.timeout(PATIENCE_S):
        await bench.searching.run()


async def test_strangers_are_proposed_written_and_recognised(bench: Bench) -> None:
    running = asyncio.create_task(bench.searching.run())
    for number, face in ((1, 0.0), (2, 0.1), (3, 5.0)):
        await leave(bench.store, number, vector=vector(face, 0))
        await bench.searching.ask(link.Changed())
        proposal = await bench.hear(link.Place)
        assert isinstance(proposal, link.Place)
        placements = [(one.key, one.group, one.founded) for one in proposal.placements]
        await bench.store.strangers.place(placements, now_ms=NOON_MS)
        await bench.searching.ask(link.Placed())
    assert [(one.number, one.sightings) for one in await bench.store.strangers.list()] == [(2, 1), (1, 2)]
    await bench.searching.ask(link.Recognise(request_id=1, model_id=MODEL, vector=vector(0.05, 0)))
    answer = await bench.hear(link.Recognised)
    assert isinstance(answer, link.Recognised) and answer.group is not None
    ref = await bench.store.strangers.ref(answer.group)
    assert ref is not None and (ref.number, ref.sightings) == (1, 2)
    for nobody in (vector(2, 2), b"rubbish"):
        await bench.searching.ask(link.Recognise(request_id=2, model_id=MODEL, vector=nobody))
        assert await bench.hear(link.Recognised) == link.Recognised(request_id=2, group=None)
    await bench.searching.ask(None)
    await running


async def test_what_the_store_did_not_take_is_proposed_again(bench: Bench) -> None:
    running = asyncio.create_task(bench.searching.run())
    await leave(bench.store, 1)
    await bench.searching.ask(link.Changed())
    first = await bench.hear(link.Place)
    await bench.searching.ask(link.Placed())
    second = await bench.hear(link.Place)
    assert isinstance(first, link.Place) and isinstance(second, link.Place)
    assert [one.key for one in first.placements] == [one.key for one in second.placements]
    await bench.searching.ask(None)
    await running


async def test_a_sighting_that_was_tampered_with_hides_no_other(bench: Bench) -> None:
    damaged, whole = await leave(bench.store, 1), await leave(bench.store, 2)
    rows = schema.sightings
    change = update(rows).where(rows.c.id == damaged.id).values(sealed_vector=b"\x01" + bytes(60))
    await bench.store.database.write(lambda c: c.execute(change).rowcount)
    running = asyncio.create_task(bench.searching.run())
    assert (await bench.found(2, 0)).keys == [whole.key]
    await bench.searching.ask(None)
    await running


async def test_who_is_too_far_behind_begins_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "KEPT_TOMBSTONES", 1)
    running = asyncio.create_task(bench.searching.run())
    for number in range(5):
        assert await bench.store.sightings.accept(track(number, decided=False, similarity=0.9), now_ms=NOON_MS)
    assert len((await bench.found(0, 0)).keys) == 5
    await bench.store.sightings.prune(NOON_MS + 4000)
    assert len((await bench.found(0, 0)).keys) == 1, "the removals themselves are forgotten, what is there is not"
    await bench.searching.ask(None)
    await running
