"""Watches capacity, and keeps the board of signals in step with who sits where.

When there is room for fewer workstations than there are, the newest are told so and closed. What somebody else wrote on
the board is an order: `paused`, `blocked` and `active` hold for the user as if an administrator had said so here,
`closing` closes their connections. An order is a word that differs from what this monitor last wrote or read; an entry
that is gone is none, and is written again. While the board is away everything goes on, and is written when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from sightline.clock import Clock
from sightline.decisions.workstation_records import Standing
from sightline.decisions.workstation_signals import ClientStatus, Signs
from sightline.exceptions import SightlineError, Unavailable
from sightline.gateway.directory import Directory
from sightline.gateway.engines.engine_pool import ConnectedEngines
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Store
from sightline.gateway.workstations.capacity import Capacity
from sightline.gateway.workstations.signals import SignalBoard
from sightline.gateway.workstations.workstation_desk import WorkstationDesk

__all__ = ["SignalMonitor"]

LOOK_INTERVAL_S = 0.5
"""An order is felt within this time and the store's; seed clients are promised a second."""
GOODBYE_S = 1.0
BY = "Clients_status"
"""Who gave an order, in the audit."""

_HOLDING = (ClientStatus.PAUSED, ClientStatus.BLOCKED)
"""What holds for a user who sits nowhere, too."""

log = structlog.get_logger(__name__)


class SignalMonitor:
    """`run` for as long as the gateway is served."""

    def __init__(
        self,
        board: SignalBoard,
        store: Store,
        directory: Directory,
        engines: ConnectedEngines,
        desk: WorkstationDesk,
        capacity: Capacity,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._board = board
        self._store = store
        self._directory = directory
        self._engines = engines
        self._desk = desk
        self._capacity = capacity
        self._metrics = metrics
        self._clock = clock
        self._known: dict[str, str] | None = None
        """The words of the board as they were last read or written; `None` before the first time."""
        self._mine: set[str] = set()
        self._told: tuple[bool, bool] | None = None
        self._poked = asyncio.Event()
        self.is_away = False

    @property
    def system_full(self) -> bool:
        """Whether another workstation would be refused."""
        return len(self._desk.seats) >= self._capacity.clients

    @property
    def gpus_full(self) -> bool:
        """Whether there is no memory for another engine."""
        own = self._capacity.own
        return own is not None and own.memory_is_full

    async def run(self) -> None:
        """Works until cancelled; then takes away what it wrote."""
        try:
            while True:
                await self._look()
                self._poked.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_INTERVAL_S):
                        await self._poked.wait()
        finally:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._board.write(clients=dict.fromkeys(self._mine))

    def poke(self) -> None:
        """Capacity changed: it is to be felt now."""
        self._poked.set()

    async def _look(self) -> None:
        own = self._capacity.own
        elsewhere = [link for link in self._engines.links if own is None or not own.keeps(link.id)]
        self._capacity.observe(len(elsewhere), self._clock.monotonic_s())
        closing = self._desk.make_room()
        self._metrics.workstations.set(len(self._desk.seats))
        self._metrics.workstation_capacity.set(self._capacity.clients)
        try:
            await self._exchange(closing)
        except Unavailable as problem:
            if not self.is_away:
                log.warning("signals_away", problem=str(problem))
            self.is_away = True
        except SightlineError as problem:  # the store is full, overloaded or broken
            log.error("signals_not_exchanged", problem=str(problem))
        else:
            if self.is_away:
                log.info("signals_back")
            self.is_away = False

    async def _exchange(self, closing: set[str]) -> None:
        signs = await self._board.read()
        await self._obey(signs)
        wanted = await self._wanted(closing)
        changed: dict[str, ClientStatus | None] = {
            user: word for user, word in wanted.items() if signs.clients.get(user) != word
        }
        changed |= dict.fromkeys(user for user in signs.clients if user not in wanted and self._may_remove(user, signs))
        flags = (self.system_full, self.gpus_full)
        # Several servers may share a board: one that has nothing new to say leaves another's word as it is.
        news = [
            flag if self._told is None or self._told[index] != flag or seen is None else None
            for index, (flag, seen) in enumerate(zip(flags, (signs.system_full, signs.gpus_full), strict=True))
        ]
        if changed or any(flag is not None for flag in news):
            await self._board.write(clients=changed, system_full=news[0], gpus_full=news[1])
        self._told = flags
        self._mine = set(wanted)
        after: dict[str, str | None] = {**signs.clients, **changed}
        self._known = {user: word for user, word in after.items() if word is not None}

    async def _obey(self, signs: Signs) -> None:
        known = self._known
        if known is None:  # other words are of an earlier life
            known = {user: word for user, word in signs.clients.items() if word not in _HOLDING}
        for user, word in signs.clients.items():
            if known.get(user) != word:
                await self._order(user, word)

    async def _order(self, user: str, word: str) -> None:
        if word == ClientStatus.CLOSING:
            self._desk.close_user(user)
            return
        if word not in (ClientStatus.ACTIVE, ClientStatus.PAUSED, ClientStatus.BLOCKED):
            log.warning("signal_not_understood", user=user)
            return
        person_ids = self._desk.people_called(user)
        sitter = await self._store.workstations.sitter(None, user)
        if sitter is not None:
            person_ids.add(sitter.person_id)
        if not person_ids:
            log.warning("signal_of_nobody", status=word)
        for person_id in person_ids:
            await self._stand(person_id, Standing(word))

    async def _stand(self, person_id: str, standing: Standing) -> None:
        standings = {record.person_id: record.standing for record in await self._store.workstations.standings()}
        if standings.get(person_id, Standing.ACTIVE) is not standing:
            now_ms = self._clock.now_ms()
            await self._store.workstations.set_standing(person_id, standing, reason=BY, by=BY, now_ms=now_ms)
            await self._store.audit.record(
                actor=BY, action=f"workstation_user_{standing.value}", subject=person_id, now_ms=now_ms
            )
        self._desk.stand(person_id, standing)

    async def _wanted(self, closing: set[str]) -> dict[str, ClientStatus]:
        wanted: dict[str, ClientStatus] = {}
        for record in await self._store.workstations.standings():
            person = await self._directory.people.find(record.person_id)
            if person is not None:
                wanted[person.name] = ClientStatus(record.standing.value)
        for seat in self._desk.seats:
            if seat.user_name:
                wanted.setdefault(seat.user_name, ClientStatus(seat.standing.value))
        return wanted | dict.fromkeys(closing, ClientStatus.CLOSING)

    def _may_remove(self, user: str, signs: Signs) -> bool:
        """What this monitor wrote, what an earlier life of it left, and who is paused or blocked no more."""
        return self._known is None or user in self._mine or signs.clients[user] in _HOLDING
