"""Behind a reverse proxy: whose `X-Forwarded-For` is believed.

Anybody can write that header; it counts only on connections of the addresses that the administrator named. Of several
entries the last that no trusted proxy wrote is the client's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ClientAddress"]


class ClientAddress:
    """Puts the client's own address where handlers look for it: `scope["client"]`."""

    def __init__(self, app: ASGIApp, trusted: Iterable[str]) -> None:
        self._app = app
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._trusted and scope["type"] in ("http", "websocket") and scope.get("client"):
            forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
            address = self._first_untrusted(scope["client"][0], forwarded)
            if address != scope["client"][0]:
                scope = dict(scope, client=(address, 0))
        await self._app(scope, receive, send)

    def _first_untrusted(self, peer: str, forwarded: str) -> str:
        """From the nearest hop outwards: an entry is believed when the hop that added it is trusted."""
        address = peer
        for entry in reversed(forwarded.split(",")):
            said = entry.strip()
            if not self._is_trusted(address) or not _is_address(said):
                break
            address = said
        return address

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
