"""What one client gets of the log, in which order, whoever was quicker: the tail or the reading of a page."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec

from sightline.deliveries.entry import Cursor, LogBounds
from sightline.deliveries.window import Window
from sightline.gateway.delivery.log_delivery import LogDelivery
from sightline.gateway.delivery.outbox import Outbox
from sightline.gateway.delivery.shared_pages import SharedPage
from sightline.gateway.delivery.tail import Encoded, Page
from sightline.gateway.metrics import Metrics

EVERYBODY = frozenset({"role:operator"})
TOP = 20


def page_of(after: int, to: int) -> SharedPage:
    numbers = range(after + 1, to + 1)
    return SharedPage(after, Page(to, [Encoded(one, EVERYBODY, f'"{one}"', 4, f"a{one}", "c") for one in numbers]))


class Pages:
    """What the tail holds may change while a page is being read."""

    def __init__(self) -> None:
        self.held: dict[int, SharedPage] = {}
        self.reads: list[int] = []
        self.go_on = asyncio.Event()

    def kind_of(self, tags: frozenset[str]) -> frozenset[str]:
        return tags

    def page(self, after: int) -> SharedPage | None:
        return self.held.get(after)

    async def read(self, after: int, top: int) -> SharedPage:
        self.reads.append(after)
        await self.go_on.wait()
        return page_of(after, after + 10)


class Log:
    """Retention may have raised the floor."""

    def __init__(self, floor: int = 0) -> None:
        self.floor = floor

    async def bounds(self) -> LogBounds:
        return LogBounds("e", self.floor, TOP)


async def test_what_retention_took_meanwhile_is_not_skipped_without_a_word() -> None:
    pages, failed, sent = Pages(), [], []
    pages.go_on.set()
    hub = SimpleNamespace(top=TOP, prepared=TOP)
    store = SimpleNamespace(log=Log(floor=5))
    gateway: Any = SimpleNamespace(hub=hub, metrics=Metrics(), native_pages=pages, store=store)
    delivery = LogDelivery(
        gateway, Outbox(lambda: None), on_page=lambda: sent.append(delivery.next()), on_failure=lambda: failed.append(1)
    )
    delivery.begin(Window(sent=4, received=4), EVERYBODY, Cursor("e", 4), 0)
    assert delivery.next() is None
    for _ in range(20):
        await asyncio.sleep(0)
    assert (failed, sent) == ([1], []), "the session ends: the next one is told `gap`"


async def test_a_page_that_was_overtaken_is_not_sent() -> None:
    pages, sent = Pages(), []
    hub = SimpleNamespace(top=TOP, prepared=TOP)
    gateway: Any = SimpleNamespace(hub=hub, metrics=Metrics(), native_pages=pages, store=SimpleNamespace(log=Log()))

    def pump() -> None:
        while (bundle := delivery.next()) is not None:
            sent.extend(msgspec.json.decode(frame.payload) for frame in bundle.messages)

    delivery = LogDelivery(gateway, Outbox(lambda: None), on_page=pump, on_failure=lambda: None)
    delivery.begin(Window(sent=0, received=0), EVERYBODY, Cursor("e", 0), 0)
    pump()
    await asyncio.sleep(0)
    assert pages.reads == [0], "the tail does not hold it: it is read"
    pages.held[0] = page_of(0, 15)
    pages.go_on.set()
    for _ in range(20):  # more turns of the loop than two readings take
        await asyncio.sleep(0)
    numbers = [int(one) for one in sent if isinstance(one, str)]
    positions = [one["data"] for one in sent if not isinstance(one, str)]
    assert numbers == list(range(1, len(numbers) + 1)), "each once, in order"
    assert numbers[-1] >= 15
    assert [position["from"] for position in positions] == sorted(position["from"] for position in positions)
    assert all(position["from"] < position["to"] for position in positions)
