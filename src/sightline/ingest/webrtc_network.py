"""Where WebRTC's media goes: the ports it may use, the addresses that peers are told."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sightline.ice import IceServer

__all__ = ["MediaLoop", "MediaNetwork", "announced"]

_CANDIDATE = re.compile(r"a=candidate:(\S+) (\d+) (udp) (\d+) (\S+) (\d+) typ host.*", re.IGNORECASE)

ProtocolT = TypeVar("ProtocolT", bound=asyncio.BaseProtocol)


@dataclass(frozen=True, slots=True)
class MediaNetwork:
    """`addresses` are announced in place of the machine's own; `ports` are the UDP ports that may be used (empty: any
    free one)."""

    ice_servers: Sequence[IceServer] = ()
    addresses: Sequence[str] = ()
    ports: range = range(0)


class MediaLoop(asyncio.SelectorEventLoop):
    """An event loop whose datagram sockets that ask for any port get one of `ports`."""

    def __init__(self, ports: range) -> None:
        super().__init__()
        self._ports = ports
        self._next = itertools.cycle(ports)

    async def create_datagram_endpoint(
        self,
        protocol_factory: Callable[[], ProtocolT],
        local_addr: tuple[str, int] | str | None = None,
        remote_addr: tuple[str, int] | str | None = None,
        **options: Any,
    ) -> tuple[asyncio.DatagramTransport, ProtocolT]:
        """See `asyncio`. Raises `OSError` when every port is taken."""
        opened = super().create_datagram_endpoint
        if not self._ports or not isinstance(local_addr, tuple) or local_addr[1] != 0:
            return await opened(protocol_factory, local_addr, remote_addr, **options)
        problem = OSError("no port")
        for port in itertools.islice(self._next, len(self._ports)):
            try:
                return await opened(protocol_factory, (local_addr[0], port), remote_addr, **options)
            except OSError as error:
                problem = error
        raise problem


def announced(sdp: str, addresses: Sequence[str]) -> str:
    """The SDP with every host candidate given at `addresses` instead, at the same port; as it is where there are none.

    A machine behind a router, or in a container, does not know the address at which others reach it.
    """
    if not addresses:
        return sdp
    lines: list[str] = []
    ports_told: set[str] = set()
    for line in sdp.split("\r\n"):
        found = _CANDIDATE.fullmatch(line)
        if found is None:
            if line.startswith("m="):
                ports_told.clear()
            lines.append(line)
            continue
        foundation, component, transport, priority, _, port = found.groups()
        if port in ports_told:
            continue
        ports_told.add(port)
        lines += [
            f"a=candidate:{foundation}{number} {component} {transport} {priority} {address} {port} typ host"
            for number, address in enumerate(addresses)
        ]
    return "\r\n".join(lines)
