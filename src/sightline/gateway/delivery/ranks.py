"""Clients in step: who stands at the same place in the log as others, wants what they want, and has nothing waiting.

What is sent to one of a rank is sent to all, so what has to be decided and counted is decided and counted once, and
what is left to do for each is the write. A client is in a rank as long as that holds: it steps out when something is to
go before the log, when its connection takes no more, or when it has to confirm first; it comes back when it was served
alone and had everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from sightline.deliveries.framing import Bundle
from sightline.deliveries.window import Trail, Window
from sightline.gateway.delivery.shared_pages import SharedPage, SharedPages
from sightline.gateway.hub import Client, Hub, Shown
from sightline.gateway.metrics import Metrics

__all__ = ["Manner", "Member", "Rank", "Ranks"]

MOST_MEMBERS = 64
"""Served without a pause: what hundreds of clients are sent would hold the event loop for too long at a stretch."""


class Manner(NamedTuple):
    """How a client is served: the tags it shares with others, whether its frames are compressed, and whether it is
    shown every observation as it comes."""

    tags: frozenset[str]
    deflates: bool
    sees_all: bool


class Member(Protocol):
    """One client's writing side."""

    client: Client
    put: Callable[[bytes], object]

    @property
    def tags(self) -> frozenset[str]:
        """What it carries."""

    def step_out(self) -> None:
        """It leaves its rank."""


class Rank:
    """Its members were sent everything up to `cursor`, and were `shown` what has this number."""

    def __init__(self, ranks: Ranks, manner: Manner, cursor: int, sent: int) -> None:
        self.cursor = cursor
        self.manner = manner
        self.shown = ranks.hub.shown
        self._ranks = ranks
        self._trail: Trail[Member] = Trail(sent)
        self._puts: dict[Member, Callable[[bytes], object]] = {}

    @property
    def is_behind(self) -> bool:
        """Whether there is something in the log that its members were not sent yet: a round is under way."""
        return self.cursor < self._ranks.hub.prepared

    def takes(self, cursor: int, window: Window) -> bool:
        """Whether there is a place for somebody who stands here."""
        if not self._ranks.hub.has_all(self.shown) or len(self._puts) >= MOST_MEMBERS:
            return False
        return self.cursor == cursor and self._trail.sent == window.sent

    def join(self, member: Member, window: Window) -> None:
        self._trail.join(member, window)
        self._puts[member] = member.put
        self._ranks.hub.speak_for(member.client, self)

    def leave(self, member: Member) -> None:
        """Its window and `cursor` are its own again."""
        self._trail.leave(member)
        del self._puts[member]
        self._ranks.hub.speak_for(member.client, None)
        if not self._puts:
            self._ranks.dissolved(self)

    def wake(self) -> None:
        """The log grew. Whoever cannot be sent what the others are steps out: the hub comes to those alone later in the
        same round."""
        page = self._ranks.pages.newest
        if page is not None and page.after == self.cursor:
            self._step(page)
        elif self.is_behind:
            self._part(list(self._puts))

    def observe(self, shown: Shown) -> None:
        """The newest observations: never before what is in the log, nor after newer ones."""
        if self.is_behind:
            self.wake()
        if shown.number <= self.shown:
            return
        self.shown = shown.number
        if self.manner.sees_all:
            self._write(shown.bundle)
        else:
            for member in list(self._puts):
                member.client.observe(shown)

    def _step(self, page: SharedPage) -> None:
        if page.personal:
            self._part([member for member in self._puts if not page.personal.isdisjoint(member.tags)])
        lot = page.lot(self.manner.tags, self._trail.sent)
        if lot is not None:
            self._part(self._trail.without_room(lot.page))
            self._trail.add(lot.page)
        self.cursor = page.to
        if lot is not None:
            self._ranks.metrics.written += lot.page.entries * len(self._puts)
            self._write(lot.bundle)

    def _part(self, members: list[Member]) -> None:
        for member in members:
            member.step_out()

    def _write(self, bundle: Bundle) -> None:
        """A connection that takes no more says so, and its client steps out, while this goes on."""
        data = bundle.deflated if self.manner.deflates else bundle.plain
        for put in list(self._puts.values()):
            put(data)


class Ranks:
    """Every rank of one dialect."""

    def __init__(self, pages: SharedPages, hub: Hub, metrics: Metrics) -> None:
        self.pages = pages
        self.hub = hub
        self.metrics = metrics
        self._ranks: dict[Manner, list[Rank]] = {}

    def line_up(self, member: Member, manner: Manner, cursor: int, window: Window) -> Rank:
        """A place for somebody who was sent everything up to `cursor`, and for whom nothing waits."""
        alike = self._ranks.setdefault(manner, [])
        rank = next((rank for rank in alike if rank.takes(cursor, window)), None)
        if rank is None:
            rank = Rank(self, manner, cursor, window.sent)
            alike.append(rank)
        rank.join(member, window)
        return rank

    def dissolved(self, rank: Rank) -> None:
        """Nobody is in it any more."""
        alike = self._ranks[rank.manner]
        alike.remove(rank)
        if not alike:
            del self._ranks[rank.manner]
        self.hub.disband(rank)
