"""Who sits at the workstations that are connected now, and how many more there is room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sightline.decisions.workstation import Verdict, VerdictRules, parse_decide_over
from sightline.decisions.workstation_records import Standing, Workstation
from sightline.deliveries.session import CloseCode
from sightline.gateway.workstations.capacity import Capacity
from sightline.settings import Settings

__all__ = ["Seat", "SeatedClient", "WorkstationDesk", "rules_of"]


@dataclass(slots=True)
class Seat:
    """What is known of one connection. `workstation` is `None` for one without a token; `latency_ms`: from a
    picture's arrival to its answer."""

    client_id: str
    workstation: Workstation | None
    connected_at_ms: int
    person_id: str | None = None
    user_name: str = ""
    standing: Standing = Standing.ACTIVE
    verdict: Verdict | None = None
    verdict_at_ms: int | None = None
    latency_ms: int | None = None

    @property
    def name(self) -> str:
        """The workstation's."""
        return self.workstation.name if self.workstation else ""


class SeatedClient(Protocol):
    """The connection of a workstation."""

    @property
    def seat(self) -> Seat: ...

    def stand(self, standing: Standing) -> None:
        """Whoever sits there is paused, blocked or active from now on."""

    def end(self, code: int, reason: str) -> None:
        """Closes it."""

    def make_room(self) -> None:
        """Tells it that the system is full, and closes it."""


class WorkstationDesk:
    """The connections, by id. Of those that send pictures as many as there is `capacity` for, and one for each
    workstation."""

    def __init__(self, settings: Settings, capacity: Capacity) -> None:
        self.capacity = capacity
        self.rules = rules_of(settings)
        self._open: dict[str, SeatedClient] = {}
        self._clients: dict[str, SeatedClient] = {}
        self.on_entered: Callable[[], None] = lambda: None
        """Called when there is one more."""

    @property
    def seats(self) -> list[Seat]:
        """All of them, in the order of their coming."""
        return [client.seat for client in self._clients.values()]

    def join(self, client: SeatedClient) -> None:
        """It is connected, and has not sent a picture yet."""
        self._open[client.seat.client_id] = client

    def enter(self, client: SeatedClient) -> bool:
        """One more; false when there is no room. An older connection of the same workstation is closed."""
        seat = client.seat
        if seat.client_id in self._clients:
            return True
        older = self._of(seat.workstation.id) if seat.workstation is not None else None
        if older is not None:
            del self._clients[older.seat.client_id]
            older.end(CloseCode.SUPERSEDED, "a newer connection of this workstation took over")
        if len(self._clients) >= self.capacity.clients:
            return False
        self._clients[seat.client_id] = client
        self.on_entered()
        return True

    def make_room(self) -> set[str]:
        """Closes the newest while there are more than there is room for; the names of their users."""
        closed = set()
        while len(self._clients) > self.capacity.clients:
            client = self._clients.pop(next(reversed(self._clients)))
            closed.add(client.seat.user_name)
            client.make_room()
        return closed - {""}

    def close_user(self, user: str) -> None:
        """Closes whatever this user, by name or id, sits at."""
        for client in [one for one in self._clients.values() if user in (one.seat.user_name, one.seat.person_id)]:
            del self._clients[client.seat.client_id]
            client.make_room()

    def people_called(self, user: str) -> set[str]:
        """The ids of those who sit somewhere and have this name or id."""
        seats = (client.seat for client in self._clients.values())
        return {seat.person_id for seat in seats if seat.person_id and user in (seat.user_name, seat.person_id)}

    def leave(self, client_id: str) -> None:
        """It is closed."""
        self._open.pop(client_id, None)
        self._clients.pop(client_id, None)

    def stand(self, person_id: str, standing: Standing) -> None:
        """Somebody is paused, blocked or active from now on, wherever they sit."""
        for client in list(self._clients.values()):
            if client.seat.person_id == person_id:
                client.stand(standing)

    def token_changed(self, workstation_id: str) -> None:
        """The token with which this workstation came is void."""
        for client in list(self._open.values()):
            workstation = client.seat.workstation
            if workstation is not None and workstation.id == workstation_id:
                client.end(CloseCode.REVOKED, "the token of this workstation was replaced")

    def end_all(self, reason: str) -> None:
        """The server stops."""
        for client in list(self._open.values()):
            client.end(CloseCode.SHUTTING_DOWN, reason)

    def _of(self, workstation_id: str) -> SeatedClient | None:
        for client in self._clients.values():
            workstation = client.seat.workstation
            if workstation is not None and workstation.id == workstation_id:
                return client
        return None


def rules_of(settings: Settings) -> VerdictRules:
    """By what the settings have frames judged."""
    needed, window = parse_decide_over(settings.decide_over)
    return VerdictRules(
        phone=settings.workstation_phone_threshold,
        live=settings.workstation_live_threshold,
        similarity=settings.workstation_similarity_threshold,
        needed=needed,
        window=window,
        grace_ms=int(settings.workstation_grace_seconds * 1000),
    )
