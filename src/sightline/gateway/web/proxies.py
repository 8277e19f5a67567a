"""Behind a reverse proxy: whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.

Anybody can write those headers; they count only on connections of the addresses that the administrator named. Of
several addresses the last that no trusted proxy wrote is the client's; of several schemes the last is what the nearest
proxy saw.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ClientAddress", "is_within"]


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of the networks; what is no address (a test client's name) is in none.

    >>> is_within("10.0.0.7", ["10.0.0.0/24", "::1/128"])
    True
    """
    if not _is_address(address):
        return False
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False) for network in networks)


class ClientAddress:
    """Puts the client's own address and scheme where handlers look for them: `scope["client"]`, `scope["scheme"]`."""

    def __init__(self, app: ASGIApp, trusted: Iterable[str]) -> None:
        self._app = app
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._trusted and scope["type"] in ("http", "websocket") and scope.get("client"):
            forwarded = _entries(scope, "x-forwarded-for")
            address = self._first_untrusted(scope["client"][0], forwarded)
            came_by_tls = self._is_trusted(scope["client"][0]) and _last(scope, "x-forwarded-proto") == "https"
            if address != scope["client"][0]:
                scope = dict(scope, client=(address, 0))
            if came_by_tls:
                scope = dict(scope, scheme="https" if scope["type"] == "http" else "wss")
        await self._app(scope, receive, send)

    def _first_untrusted(self, peer: str, forwarded: list[str]) -> str:
        """From the nearest hop outwards: an entry is believed when the hop that added it is trusted."""
        address = peer
        for said in reversed(forwarded):
            if not self._is_trusted(address) or not _is_address(said):
                break
            address = said
        return address

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


def _entries(scope: Scope, name: str) -> list[str]:
    return [entry.strip() for entry in ",".join(Headers(scope=scope).getlist(name)).split(",")]


def _last(scope: Scope, name: str) -> str:
    return _entries(scope, name)[-1].lower()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
