"""How many connections one address and one user may have, and how many may begin in a second.

Connections from this very machine are not counted by address: behind a proxy that is not among the trusted ones they
would all be the same. Limits of 0 admit everybody.
"""

from __future__ import annotations

import contextlib
import ipaddress
import math
from collections import Counter
from collections.abc import Iterator

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from sightline.deliveries.arrivals import Arrivals

__all__ = ["Admission", "ConnectionLimit", "NotNow", "Rush", "address_of", "denial"]

RETRY_S = 10


class NotNow(Exception):
    """There is no room for another connection now; `retry_after_s` says when to come back."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(f"{reason}; retry_after_s={retry_after_s:g}")
        self.retry_after_s = retry_after_s


class ConnectionLimit(NotNow):
    """This address or user has as many connections as it may have."""

    def __init__(self, whose: str, limit: int) -> None:
        super().__init__(f"{whose} has as many connections as it may have ({limit})", RETRY_S)
        self.whose = whose
        self.limit = limit


class Rush(NotNow):
    """Clients come faster than they are let in."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("many clients come at once", round(wait_s, 2))


def denial(problem: NotNow) -> JSONResponse:
    """The answer to a client that is refused before the upgrade."""
    headers = {"Retry-After": str(math.ceil(problem.retry_after_s))}
    return JSONResponse({"detail": str(problem)}, 503, headers)


class Admission:
    """Counts connections while they last, and those that begin."""

    def __init__(self, *, per_address: int, per_user: int, per_second: float) -> None:
        self._arrivals = Arrivals(per_second)
        self._per_address = per_address
        self._per_user = per_user
        self._addresses: Counter[str] = Counter()
        self._devices: dict[str, dict[str, str]] = {}

    def arrive(self, now_s: float) -> None:
        """Another client is at the door; `now_s` is monotonic. Raises `Rush`."""
        wait_s = self._arrivals.wait_s(now_s)
        if wait_s:
            raise Rush(wait_s)

    @contextlib.contextmanager
    def place(self, address: str) -> Iterator[None]:
        """One connection of `address`, as long as the context is open. Raises `ConnectionLimit`."""
        counted = self._per_address > 0 and not _is_loopback(address)
        if counted and self._addresses[address] >= self._per_address:
            raise ConnectionLimit("this address", self._per_address)
        if counted:
            self._addresses[address] += 1
        try:
            yield
        finally:
            if counted:
                self._addresses[address] -= 1
                if not self._addresses[address]:
                    del self._addresses[address]

    def has_room(self, address: str, taken: int) -> bool:
        """Whether somebody who counts the connections of `address` otherwise may add one to the `taken`."""
        return not self._per_address or _is_loopback(address) or taken < self._per_address

    def join(self, user_id: str, client_id: str, *, device: str = "") -> None:
        """A connection turned out to be this user's; those of the same device are about to be superseded and do not
        count. Raises `ConnectionLimit`."""
        devices = self._devices.setdefault(user_id, {})
        staying = [id for id, other in devices.items() if id != client_id and not (device and other == device)]
        if self._per_user and len(staying) >= self._per_user:
            raise ConnectionLimit("this user", self._per_user)
        devices[client_id] = device

    def leave(self, user_id: str, client_id: str) -> None:
        """It is closed. Nothing happens when it never joined."""
        devices = self._devices.get(user_id, {})
        devices.pop(client_id, None)
        if not devices:
            self._devices.pop(user_id, None)


def address_of(connection: HTTPConnection) -> str:
    """Where a connection comes from; what a trusted proxy said of it has been believed before."""
    return connection.client.host if connection.client else ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
