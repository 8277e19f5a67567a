"""Clients in step, against what each of them sees: whatever happens to some, all get the log whole and in order."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sightline.deliveries.entry import Cursor
from sightline.deliveries.framing import Bundle, Frame
from sightline.deliveries.window import CREDIT_ENTRIES, Window
from sightline.gateway import hub
from sightline.gateway.delivery import ranks
from sightline.gateway.delivery.ranks import Ranks
from sightline.gateway.delivery.sender import Sender
from sightline.gateway.delivery.shared_pages import SharedPages
from sightline.gateway.delivery.tail import PAGE_ENTRIES, Encoded, Page
from sightline.gateway.hub import Hub, Shown
from sightline.gateway.metrics import Metrics

EVERYBODY = "role:operator"
CLIENTS = 5


class Tail:
    """Holds everything that was ever committed: who it is for, by offset."""

    def __init__(self) -> None:
        self.audiences: list[str] = []
        self.changes = 0

    def commit(self, *audiences: str) -> None:
        self.audiences += audiences
        self.changes += 1

    def held(self, after: int) -> Page | None:
        top = len(self.audiences)
        to = min(top, after + PAGE_ENTRIES)
        entries = [
            Encoded(offset, frozenset({self.audiences[offset - 1]}), str(offset), 10, f"a{offset}", "c")
            for offset in range(after + 1, to + 1)
        ]
        return Page(to, entries) if after < top else None

    async def page(self, after: int, top: int) -> Page:
        return self.held(after) or Page(top, [])


class Client:
    """A client as the hub sees it, with a connection that writes down what it is given."""

    client_type = dialect = device = "d"
    user_name = ""
    connected_at_ms = last_heard_ms = 0

    def __init__(self, gateway: Any, number: int) -> None:
        self.client_id = self.user_id = str(number)
        self.own = f"user:{number}"
        self.ready = self.deflates = False
        self.on_full: Callable[[], None] = lambda: None
        self.on_ready: Callable[[], None] = lambda: None
        self.on_text: Callable[[bytes], bool] = lambda text: False
        self.full_after = -1
        self.put: Callable[[bytes], object] | None = self._put
        self.got: list[Any] = []
        self.ready = True
        self.sender = Sender(gateway, self, self, on_too_slow=lambda: None, on_failure=lambda: None)  # type: ignore[arg-type]
        self.window = Window(sent=0, received=0)
        self.sender.log.begin(self.window, frozenset({EVERYBODY, self.own}), Cursor("e", 0), 0)
        self.wake = self.sender.wake

    # ── a connection ──

    def _put(self, frames: bytes) -> None:
        assert self.ready, "nothing is written to who takes nothing"
        while frames:
            head, size = (2, frames[1]) if frames[1] < 126 else (4, int.from_bytes(frames[2:4]))
            self.got.append(msgspec.json.decode(frames[head : head + size]))
            if isinstance(self.got[-1], dict) and self.got[-1]["type"] in ("state", "observation"):
                self.check_overtaken(self.got[-1]["data"]["due"][self.own])
            frames = frames[head + size :]
        self.full_after -= 1
        if self.full_after == 0:
            self.ready = False
            self.on_full()

    def check_overtaken(self, due: int) -> None:
        """This message goes after the entry `due`."""
        last = next((one for one in reversed(self.got) if isinstance(one, int)), 0)
        assert last >= due or self.window.outstanding == CREDIT_ENTRIES, "the log was overtaken"

    def write(self, bundle: Bundle | Frame) -> None:
        self._put(bundle.plain)

    def unsent_bytes(self) -> int:
        return 0

    async def close(self, code: int, reason: str) -> None:
        self.ready = False
        self.on_full()

    def drain(self) -> None:
        """It takes more."""
        if not self.ready:
            self.ready = True
            self.on_ready()

    # ── the hub's side ──

    def observe(self, shown: Shown) -> None:
        if not self.sender.is_news(shown) or (self.sender._sees_all and self.sender.show(shown.bundle)):
            return
        for _, slot, frame_id, message in shown.observations:
            self.sender.outbox.put_observation(slot, frame_id, message)

    def received(self) -> None:
        """It confirms what it has."""
        positions = [one["data"]["to"] for one in self.got if isinstance(one, dict) and one["type"] == "position"]
        if positions and self.window.confirm(positions[-1]):
            self.sender.log.confirmed(positions[-1])
            if self.sender.log.is_behind:
                self.sender.soon()


class Do(enum.Enum):
    """What may happen between two turns of a round."""

    COMMIT = enum.auto()
    COMMIT_PERSONAL = enum.auto()
    COMMIT_MANY = enum.auto()
    ROUND = enum.auto()
    SHOW = enum.auto()
    RECEIVED = enum.auto()
    ANSWER = enum.auto()
    STATE = enum.auto()
    SEE_ALL = enum.auto()
    FILL = enum.auto()
    DRAIN = enum.auto()
    FORGET = enum.auto()
    TURN = enum.auto()


class House:
    """Clients of one hub, who were sent nothing yet."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.hub = Hub(SimpleNamespace(), top=0)  # type: ignore[arg-type]
        self.metrics = Metrics()
        pages = SharedPages(self.tail)  # type: ignore[arg-type]
        self.pages = pages
        gateway: Any = SimpleNamespace(hub=self.hub, metrics=self.metrics, native_pages=pages)
        gateway.native_ranks = self.ranks = Ranks(pages, self.hub, self.metrics)
        self.clients = [Client(gateway, number) for number in range(CLIENTS)]
        for client in self.clients:
            self.hub.join(client)  # type: ignore[arg-type]
        self.made = 0
        self.rounds: asyncio.Task[None] | None = None

    async def begin_round(self) -> None:
        """All that was committed is to be sent."""
        top = len(self.tail.audiences)
        await self.pages.prepare(self.hub.prepared, top)
        self.hub.top = self.hub.prepared = top

    async def round(self) -> None:
        await self.begin_round()
        await self.hub._wake_in_turn()

    async def settle(self) -> None:
        """Everybody takes and confirms everything, until there is nothing more to come."""
        if self.rounds is not None:
            await self.rounds
        for _ in range(2 + len(self.tail.audiences) // CREDIT_ENTRIES):
            for client in self.clients:
                client.full_after = -1
                client.drain()
            await self.round()
            for client in self.clients:
                client.received()
            for _ in range(3):
                await asyncio.sleep(0)

    def message(self, type: str) -> Frame:
        """Something that goes after the log as it is now."""
        due = {one.own: max(self.addressed(one, self.hub.prepared), default=0) for one in self.clients}
        self.made += 1
        return Frame(msgspec.json.encode({"type": type, "data": {"due": due, "number": self.made}}).decode())

    def show(self) -> None:
        """What a camera shows now, to everybody."""
        message = self.message("observation")
        self.hub._showing.append(("c", "c", self.made, message))
        self.hub._show()

    def addressed(self, client: Client, top: int) -> list[int]:
        """Offsets up to `top` of what this client gets."""
        audiences = enumerate(self.tail.audiences[:top], 1)
        return [offset for offset, audience in audiences if audience in (EVERYBODY, client.own)]

    def in_step(self) -> int:
        """How many clients are served together."""
        return sum(client.sender.log.rank is not None for client in self.clients)

    async def do(self, what: Do, number: int) -> None:
        client = self.clients[number]
        match what:
            case Do.COMMIT:
                self.tail.commit(EVERYBODY)
            case Do.COMMIT_PERSONAL:
                self.tail.commit(client.own)
            case Do.COMMIT_MANY:
                self.tail.commit(*[EVERYBODY] * (PAGE_ENTRIES // 2))
            case Do.ROUND:
                if self.rounds is None or self.rounds.done():
                    if self.rounds is not None:
                        self.rounds.result()  # raises what went wrong in it
                    await self.begin_round()
                    self.rounds = asyncio.create_task(self.hub._wake_in_turn())
                    await asyncio.sleep(0)
            case Do.SHOW:
                self.show()
            case Do.RECEIVED:
                client.received()
            case Do.ANSWER:
                client.sender.outbox.put_control('{"type":"answer"}')
            case Do.STATE:
                client.sender.outbox.put_state(self.message("state"))
            case Do.SEE_ALL:
                client.sender.see_all(not client.sender._sees_all)
            case Do.FILL:
                client.full_after = 1
            case Do.DRAIN:
                client.drain()
            case Do.FORGET:
                self.pages.newest = None
                self.tail.changes += 1
            case Do.TURN:
                await asyncio.sleep(0)


def numbers(client: Client) -> list[int]:
    """Of the observations it was shown."""
    return [one["data"]["number"] for one in client.got if isinstance(one, dict) and one["type"] == "observation"]


def check(house: House, client: Client, *, complete: bool) -> None:
    """Each entry once and in order, each `position` from where the one before it ended; of what cameras show, nothing
    twice and nothing after something newer."""
    mine = house.addressed(client, len(house.tail.audiences))
    entries = [one for one in client.got if isinstance(one, int)]
    positions = [one["data"] for one in client.got if isinstance(one, dict) and one["type"] == "position"]
    assert entries == mine[: len(entries)]
    assert [one["from"] for one in positions] == [0, *(one["to"] for one in positions)][: len(positions)]
    observed = numbers(client)
    assert observed == sorted(set(observed))
    assert client.window.outstanding <= CREDIT_ENTRIES
    if complete:
        assert entries == mine
        assert client.window.outstanding == 0


ACTIONS = st.lists(st.tuples(st.sampled_from(Do), st.integers(0, CLIENTS - 1)), min_size=10, max_size=100)


OVERTAKING = [
    *[(Do.COMMIT, 0)] * 5, (Do.SEE_ALL, 1), (Do.ROUND, 0), (Do.SHOW, 0), (Do.ANSWER, 0), (Do.SHOW, 0),
]  # fmt: skip
"""There is a rank less to be shown what comes second: without care some would be shown it first."""


@given(ACTIONS, st.integers(1, 3))
@example(OVERTAKING, 1)
@settings(deadline=None)
def test_everybody_gets_the_whole_log_in_order_whatever_happens(actions: list[tuple[Do, int]], most: int) -> None:
    async def play() -> None:
        house = House()
        for what, number in actions:
            await house.do(what, number)
            for client in house.clients:
                check(house, client, complete=False)
        await house.settle()
        for client in house.clients:
            check(house, client, complete=True)
        assert house.metrics.written == sum(
            sum(isinstance(one, int) for one in client.got) for client in house.clients
        )

    usual, ranks.MOST_MEMBERS = ranks.MOST_MEMBERS, most
    try:
        asyncio.run(play())
    finally:
        ranks.MOST_MEMBERS = usual


async def test_those_in_step_are_written_to_once_and_alike() -> None:
    house = House()
    await house.settle()
    assert house.in_step() == CLIENTS, "nothing waits for anybody"
    for client in house.clients:
        client.got.clear()
    for _ in range(3):
        house.tail.commit(EVERYBODY)
        await house.round()
    first, *others = (client.got for client in house.clients)
    assert all(got == first for got in others)
    assert [one for one in first if isinstance(one, int)] == [1, 2, 3]
    assert (house.in_step(), house.metrics.written) == (CLIENTS, 3 * CLIENTS)


async def test_who_has_to_confirm_first_keeps_nobody_back() -> None:
    house = House()
    await house.settle()
    prompt = house.clients[2]
    for _ in range(3):
        house.tail.commit(*[EVERYBODY] * 60)
        await house.round()
        prompt.received()
    entries = {client.client_id: [one for one in client.got if isinstance(one, int)] for client in house.clients}
    assert entries.pop(prompt.client_id) == list(range(1, 181))
    assert all(got == list(range(1, CREDIT_ENTRIES + 1)) for got in entries.values())
    assert house.in_step() == 1
    await house.settle()
    house.tail.commit(EVERYBODY)
    await house.round()
    assert house.in_step() == CLIENTS, "whoever has everything is in step again"


async def sees_all(house: House) -> None:
    """Everybody is in step, and shown every observation."""
    for client in house.clients:
        client.sender.see_all(True)
    await house.settle()
    house.tail.commit(EVERYBODY)
    await house.round()
    assert house.in_step() == CLIENTS


def observe(house: House) -> None:
    """At once, wherever a round is."""
    message = house.message("observation")
    shown = Shown(house.hub.shown + 1, (("c", "c", 1, message),), Bundle([message]))
    for rank in list(house.hub._ranks):
        rank.observe(shown)


async def turns(count: int) -> None:
    """Of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_everybody_is_shown_everything_while_ranks_are_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "MOST_MEMBERS", 2)
    monkeypatch.setattr(hub, "TOLD_AT_ONCE", 1)
    house = House()
    for client in house.clients:
        client.sender.see_all(True)
    await house.settle()
    for client in house.clients:
        client.sender.step_out()
    for _ in range(60):
        house.show()
        await asyncio.sleep(0)
    await turns(4 * CLIENTS)
    assert all(numbers(client) == numbers(house.clients[0]) for client in house.clients)
    assert len(numbers(house.clients[0])) == 60
    house.show()
    await turns(4 * CLIENTS)
    assert house.in_step() == CLIENTS


async def test_observations_do_not_overtake_the_log_on_its_way_to_a_rank() -> None:
    house = House()
    await sees_all(house)
    house.tail.commit(EVERYBODY)
    await house.begin_round()
    observe(house)
    assert all(client.got[-1]["type"] == "observation" for client in house.clients)


async def test_observations_do_not_overtake_what_waits_for_one() -> None:
    house = House()
    await sees_all(house)
    late = house.clients[1]
    late.sender.outbox.put_state(house.message("state"))
    observe(house)
    assert [client.got[-1]["type"] for client in house.clients].count("observation") == CLIENTS - 1
    await asyncio.sleep(0)
    assert late.got[-1]["type"] == "state"


async def test_state_does_not_overtake_the_log_on_its_way_to_a_rank() -> None:
    house = House()
    await house.settle()
    house.tail.commit(EVERYBODY)
    await house.begin_round()
    client = house.clients[1]
    client.sender.outbox.put_state(house.message("state"))
    await asyncio.sleep(0)
    assert client.got[-1]["type"] == "state"
    assert 1 in client.got


async def test_nothing_is_kept_for_clients_that_have_left() -> None:
    house = House()
    for client in house.clients:
        client.sender.stop()
        house.hub.leave(client)  # type: ignore[arg-type]
    assert not house.ranks._ranks
    assert not tuple(house.hub._in_turn())
