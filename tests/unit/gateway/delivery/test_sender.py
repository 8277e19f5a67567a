"""The sender, with a writer that writes down what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sightline.deliveries.entry import Cursor
from sightline.deliveries.framing import Bundle, Frame
from sightline.deliveries.window import Window
from sightline.gateway.delivery.outbox import MAX_CONTROL
from sightline.gateway.delivery.sender import STALLED_MS, Sender
from sightline.gateway.delivery.shared_pages import SharedPages
from sightline.gateway.delivery.tail import Encoded, Page
from sightline.gateway.metrics import Metrics

TAGS = frozenset({"user:u", "role:operator"})


class Writer:
    """What a connection takes; `ready` is the test's to say."""

    def __init__(self) -> None:
        self.ready = True
        self.on_full: Callable[[], None] = lambda: None
        self.on_ready: Callable[[], None] = lambda: None
        self.on_text: Callable[[bytes], bool] = lambda text: False
        self.put: Callable[[bytes], object] | None = None
        self.deflates = False
        self.writes: list[list[str | bytes]] = []
        self.unsent = 0
        self.closed: tuple[int, str] | None = None

    def write(self, bundle: Bundle | Frame) -> None:
        self.writes.append([message.payload for message in bundle.messages])

    def unsent_bytes(self) -> int:
        return self.unsent

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


class Tail:
    """Holds entries 1 … `top`, for everybody who is an operator."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.changes = self.looks = 0

    def held(self, after: int) -> Page | None:
        self.looks += 1
        entries = [
            Encoded(offset, frozenset({"role:operator"}), f'"{offset}"', 10, f"a{offset}", "c")
            for offset in range(after + 1, self.top + 1)
        ]
        return Page(self.top, entries) if entries else None


class Bench:
    """A sender of somebody who stands at 0 in a log of `top` entries."""

    def __init__(self, *, top: int = 0) -> None:
        self.tail = Tail(top)
        self.hub = SimpleNamespace(top=top, prepared=top)
        pages = SharedPages(self.tail)  # type: ignore[arg-type]
        gateway: Any = SimpleNamespace(hub=self.hub, metrics=Metrics(), native_pages=pages)
        self.writer = Writer()
        self.too_slow = 0
        client: Any = SimpleNamespace(client_id="c")
        self.sender = Sender(gateway, client, self.writer, on_too_slow=self._too_slow, on_failure=lambda: None)
        self.window = Window(sent=0, received=0)
        self.sender.log.begin(self.window, TAGS, Cursor("e", 0), 0)
        self.sender.log.tell_caught_up()

    def _too_slow(self) -> None:
        self.too_slow += 1

    def commit(self, top: int) -> None:
        self.tail.top = self.hub.top = self.hub.prepared = top
        self.tail.changes += 1

    async def turn(self) -> list[list[str | bytes]]:
        """What the next turns of the event loop write."""
        self.writer.writes.clear()
        for _ in range(3):
            await asyncio.sleep(0)
        return list(self.writer.writes)


async def test_messages_of_one_turn_share_a_write_in_their_order() -> None:
    bench = Bench(top=2)
    await bench.turn()
    for number in range(3):
        bench.sender.outbox.put_state(Frame(f"s{number}"))
        bench.sender.outbox.put_observation("cam", number, Frame(f"o{number}"))
        bench.sender.outbox.put_control(f"c{number}")
    bench.commit(4)
    assert await bench.turn() == [
        ["c0", "c1", "c2"],
        ['"3"', '"4"', '{"type":"position","data":{"from":2,"to":4}}'],
        ["s0", "s1", "s2", "o2"],
    ]


async def test_log_is_written_at_once_where_nothing_goes_before_it() -> None:
    bench = Bench()
    await bench.turn()
    bench.writer.writes.clear()
    bench.commit(1)
    bench.sender.wake()
    assert bench.writer.writes == [['"1"', '{"type":"position","data":{"from":0,"to":1}}']]
    bench.sender.outbox.put_control("answer")
    bench.commit(2)
    bench.sender.wake()
    assert len(bench.writer.writes) == 1, "the answer goes first"
    assert [write[0] for write in await bench.turn()] == ["answer", '"2"']
    assert bench.window.outstanding == 2


async def test_nothing_is_written_while_the_client_takes_nothing() -> None:
    bench = Bench()
    await bench.turn()
    bench.writer.ready = False
    bench.commit(3)
    bench.sender.wake()
    for frame_id in range(5):
        bench.sender.outbox.put_observation("cam", frame_id, Frame(f"o{frame_id}"))
    assert not bench.sender.show(Bundle([Frame("shown")]))
    assert await bench.turn() == []
    bench.writer.ready = True
    bench.writer.on_ready()
    written = await bench.turn()
    assert [write[0] for write in written] == ['"1"', "o4"], "the log from where it stood, the newest observation"


async def test_credit_ends_the_log_and_not_the_rest() -> None:
    bench = Bench()
    await bench.turn()
    bench.commit(250)
    bench.sender.wake()
    sent = [payload for write in bench.writer.writes for payload in write]
    assert sent[-2] == '"100"'
    bench.sender.outbox.put_state(Frame("s"))
    assert await bench.turn() == [["s"]]
    looks = bench.tail.looks
    bench.commit(260)
    bench.sender.wake()
    assert (await bench.turn(), bench.tail.looks) == ([], looks), "it is not tried again before something is confirmed"
    bench.window.confirm(100)
    bench.sender.log.confirmed(100)
    bench.sender.soon()
    ((*entries, _),) = await bench.turn()
    assert entries == [f'"{offset}"' for offset in range(101, 201)]


async def test_full_outbox_is_too_slow() -> None:
    bench = Bench()
    await bench.turn()
    bench.writer.ready = False
    for _ in range(MAX_CONTROL + 1):
        bench.sender.outbox.put_control("answer")
    await bench.turn()
    assert bench.too_slow == 1


@pytest.mark.parametrize(("unsent", "too_slow"), [([9, 9, 9], 1), ([9, 8, 8], 0), ([9, 9, 0], 0), ([0, 0, 0], 0)])
async def test_client_that_takes_nothing_from_the_transport_is_too_slow(unsent: list[int], too_slow: int) -> None:
    bench = Bench()
    await bench.turn()
    for number, amount in enumerate(unsent):
        bench.writer.unsent = amount * 1000
        bench.writer.ready = amount == 0
        bench.sender.tick(1_000_000 + number * (STALLED_MS // 2))
    assert bench.too_slow == too_slow


async def test_client_that_was_ready_meanwhile_is_not_too_slow() -> None:
    bench = Bench()
    await bench.turn()
    bench.writer.unsent, bench.writer.ready = 9000, False
    bench.sender.tick(1_000_000)
    bench.writer.on_ready()  # it took everything, and then more was written than before
    bench.sender.tick(1_000_000 + STALLED_MS)
    assert bench.too_slow == 0


async def test_close_comes_after_what_goes_first_and_before_everything_else() -> None:
    bench = Bench()
    await bench.turn()
    bench.writer.ready = False
    bench.sender.outbox.put_state(Frame("state"))
    bench.sender.outbox.put_control("why")
    bench.commit(1)
    bench.sender.close(4002, "zu langsam: " + "ä" * 100)
    bench.sender.close(4003, "it is closed already")
    assert await bench.turn() == [["why"]], "a client that takes nothing is not waited for"
    assert bench.writer.closed is not None
    code, reason = bench.writer.closed
    assert code == 4002
    assert len(reason.encode()) <= 123
    bench.writer.ready = True
    bench.sender.wake()
    bench.sender.soon()
    assert await bench.turn() == []
