"""Which sources somebody may give a camera: the addresses behind a name are checked, all of them."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from sightline.cameras import check_address
from sightline.exceptions import SourceError

__all__ = ["check_source"]

NETWORK_SCHEMES = frozenset({"rtsp", "rtsps", "rtsp+udp", "http", "https"})
RESOLVE_TIMEOUT_S = 5.0


async def check_source(source: str, *, allow_loopback: bool) -> None:
    """Raises `Forbidden` for an address that no camera has, `SourceError` for one that cannot be understood."""
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SourceError(
            "the address cannot be read: write it like rtsp://user:password@10.0.0.9:554/stream"
        ) from None
    if parts.scheme.lower() not in NETWORK_SCHEMES:
        return
    if not host:
        raise SourceError("the address names no host: write it like rtsp://10.0.0.9:554/stream")
    for address in await _addresses(host, port):
        check_address(address, allow_loopback=allow_loopback)


async def _addresses(host: str, port: int | None) -> set[str]:
    try:
        return {str(ipaddress.ip_address(host))}
    except ValueError:
        pass
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return set()  # a name that does not resolve now is the engine's to report, and it reaches nothing
    return {str(entry[4][0]).partition("%")[0] for entry in found}
