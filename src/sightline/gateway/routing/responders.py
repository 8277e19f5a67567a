"""Who can be told: the duty roster of the store, with where people are and what is on their devices now.

Positions are kept in memory only, one for each user: a fix serves for two minutes and nobody needs to know later where
a guard stood. After a start, phones say where they are as soon as they are connected. Several gateways show each other
their fixes in a row that is overwritten every second (`peers.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sightline.accounts import Right, User, require
from sightline.clock import Clock
from sightline.deliveries.audience import tags_of
from sightline.deliveries.roster import Duty, DutyReason, Roster, duty_of
from sightline.deliveries.routing import Fix, Position, Responder, Situation, fresh
from sightline.gateway.cluster.peers import PeerFix, Presence
from sightline.gateway.hub import Hub
from sightline.gateway.ports import Store

__all__ = ["MOBILE", "DutyState", "Reach", "Responders"]

MOBILE = "mobile_app"
"""The client type of a device that a responder carries."""


class Reach(Protocol):
    """Who has a device that push wakes up."""

    async def reachable(self) -> frozenset[str]:
        """The ids of those users."""


@dataclass(frozen=True, slots=True)
class DutyState:
    """A user who may handle alerts, and how things stand with them. `fix_age_ms` is absent without a fix."""

    user: User
    duty: Duty
    roster: Roster | None
    connected: bool
    push: bool
    fix_age_ms: int | None


class Responders:
    """Keeps fixes and receipts; answers who can be told."""

    def __init__(
        self, store: Store, hub: Hub, reach: Reach, clock: Clock, *, everybody: tuple[str, ...], fresh_ms: int
    ) -> None:
        self._store = store
        self._hub = hub
        self._reach = reach
        self._clock = clock
        self._everybody = everybody
        self._fresh_ms = fresh_ms
        self._fixes: dict[str, Fix] = {}
        self._received: dict[str, int] = {}
        self._in_the_field: Counter[str] = Counter()
        self.peers: Callable[[], Iterable[Presence]] = tuple
        """What other gateways say of themselves: responders may be connected to any."""

    def in_the_field(self, user_id: str) -> None:
        """A client that knows no duty was opened: whoever holds it is on duty until it is closed."""
        self._in_the_field[user_id] += 1

    def out_of_the_field(self, user_id: str) -> None:
        """It was closed."""
        self._in_the_field[user_id] -= 1
        self._in_the_field += Counter()  # keeps no user with none

    def located(self, user_id: str, position: Position, accuracy_m: float | None) -> None:
        """A mobile app says where it is."""
        self._fixes[user_id] = Fix(position, self._clock.now_ms(), accuracy_m)

    def received(self, user_id: str, offset: int) -> None:
        """Everything up to `offset` is on a mobile device of this user."""
        self._received[user_id] = max(offset, self._received.get(user_id, 0))

    def forget(self, user_id: str) -> None:
        """The account was changed or removed."""
        self._fixes.pop(user_id, None)

    async def switch(self, user: User, *, on: bool, at_ms: int | None = None) -> dict[str, Any]:
        """A user says that they are on duty, or not: the data of `duty_status`. With `at_ms` they said so then, and
        whatever was said since stays. Raises `Forbidden`, `NotFound`."""
        require(user, Right.HANDLE_ALERTS)
        now_ms = self._clock.now_ms()
        at_ms = now_ms if at_ms is None else min(at_ms, now_ms)
        latest = (await self._store.duty.switches()).get(user.id)
        if latest is None or at_ms > latest.at_ms:
            await self._store.duty.switch(user.id, on=on, now_ms=at_ms)
        else:
            on, at_ms = latest.on, latest.at_ms
        return {"on": on, "reason": DutyReason.SWITCH.value, "at": at_ms}

    async def states(self) -> list[DutyState]:
        """Everybody who may handle alerts, by name."""
        now_ms = self._clock.now_ms()
        peers = list(self.peers())
        fixes = self._newest_fixes(peers)
        in_the_field = set(self._in_the_field).union(*(peer.in_the_field for peer in peers))
        rosters = await self._store.duty.rosters()
        switches = await self._store.duty.switches()
        reachable = await self._reach.reachable()
        connected = {client.user_id for client in self._hub.clients if client.client_type == MOBILE}
        connected |= {client.user_id for peer in peers for client in peer.clients if client.client_type == MOBILE}
        return [
            DutyState(
                user=user,
                duty=Duty(True, DutyReason.FIELD)
                if user.id in in_the_field
                else duty_of(rosters.get(user.id), switches.get(user.id), now_ms),
                roster=rosters.get(user.id),
                connected=user.id in connected,
                push=user.id in reachable,
                fix_age_ms=now_ms - fixes[user.id].at_ms if user.id in fixes else None,
            )
            for user in await self._store.users.list()
            if user.may(Right.HANDLE_ALERTS)
        ]

    async def situation(self) -> Situation:
        """Who is on duty and can be told now, and where they are."""
        now_ms = self._clock.now_ms()
        peers = list(self.peers())
        fixes = self._newest_fixes(peers)
        responders = tuple(
            Responder(
                user_id=state.user.id,
                position=fresh(fixes.get(state.user.id), now_ms, self._fresh_ms) or _post(state.roster),
                connected=state.connected,
                tags=tags_of(state.user, MOBILE),
                received_offset=max(
                    side.get(state.user.id, 0) for side in (self._received, *(peer.received for peer in peers))
                ),
            )
            for state in await self.states()
            if state.duty.on and (state.connected or state.push)
        )
        return Situation(responders, self._everybody)

    def shown(self, now_ms: int) -> tuple[dict[str, PeerFix], dict[str, int], list[str]]:
        """What other gateways need to know: fresh fixes, what devices have, who is on duty as long as they are here."""
        fixes = {
            user_id: PeerFix(fix.position.latitude, fix.position.longitude, fix.at_ms, fix.accuracy_m)
            for user_id, fix in self._fixes.items()
            if now_ms - fix.at_ms <= self._fresh_ms
        }
        connected = {client.user_id for client in self._hub.clients if client.client_type == MOBILE}
        received = {user_id: offset for user_id, offset in self._received.items() if user_id in connected}
        return fixes, received, sorted(self._in_the_field)

    def _newest_fixes(self, peers: Iterable[Presence]) -> dict[str, Fix]:
        fixes = dict(self._fixes)
        for peer in peers:
            for user_id, fix in peer.fixes.items():
                mine = fixes.get(user_id)
                if mine is None or mine.at_ms < fix.at_ms:
                    fixes[user_id] = Fix(Position(fix.latitude, fix.longitude), fix.at_ms, fix.accuracy_m)
        return fixes

    async def reached_by_push(self, tags: frozenset[str]) -> list[str]:
        """The users that carry one of these tags and have a device that push wakes up."""
        reachable = await self._reach.reachable()
        users: Mapping[str, User] = {user.id: user for user in await self._store.users.list()}
        return [id for id, user in users.items() if id in reachable and tags & tags_of(user, MOBILE)]


def _post(roster: Roster | None) -> Position | None:
    if roster is None or roster.latitude is None or roster.longitude is None:
        return None
    return Position(roster.latitude, roster.longitude)
