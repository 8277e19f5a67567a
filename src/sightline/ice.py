"""Servers that help two ends of a video session find a way to each other (STUN, RFC 8489; TURN, RFC 8656)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from sightline.exceptions import ConfigurationError

__all__ = ["IceServer", "parse_ice_servers", "parse_ports"]

_SERVER = re.compile(
    r"(?P<scheme>stuns?|turns?):(?:(?P<user>[^:@/\s]*):(?P<password>[^@/\s]*)@)?(?P<rest>[^@/\s\"<>]+)", re.ASCII
)
_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server, its address (`url`) without the user name and password that a TURN server asks for."""

    url: str
    username: str = ""
    credential: str = field(default="", repr=False)


def parse_ice_servers(texts: tuple[str, ...]) -> tuple[IceServer, ...]:
    """From `stun:host:port` and `turn:user:password@host:port?transport=udp`. Raises `ConfigurationError`."""
    servers = []
    for text in texts:
        found = _SERVER.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError("an ICE server is written like stun:host:3478 or turn:user:password@host:3478")
        servers.append(
            IceServer(
                f"{found['scheme']}:{found['rest']}", unquote(found["user"] or ""), unquote(found["password"] or "")
            )
        )
    return tuple(servers)


def parse_ports(text: str) -> range:
    """From `50000-50100`, both included; no ports from an empty text. Raises `ConfigurationError`."""
    if not text:
        return range(0)
    found = _PORTS.fullmatch(text.strip())
    first, last = (int(part) for part in found.groups()) if found else (0, 0)
    if not 1024 <= first <= last <= 65535:
        raise ConfigurationError("a range of ports is written like 50000-50100, from 1024 to 65535")
    return range(first, last + 1)
