"""To which addresses the gateway may send on its own account.

Whoever can name a target makes this server connect to it, and could reach services that trust its network. So an
administrator's webhook may be in the local network but not on this machine, and a push service, which any user may
name, must be on the public internet.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from sightline.cameras import check_address
from sightline.exceptions import ConfigurationError, Forbidden

__all__ = ["check_target", "check_url", "origin_of"]

MAX_URL_CHARACTERS = 2000


def check_target(address: str, *, public: bool, allow_loopback: bool) -> None:
    """Refuses the IP address `address`: always link-local, multicast, unspecified and cloud metadata addresses; unless
    `allow_loopback`, this machine; and with `public` everything that is not a public address, the machine itself aside.

    Raises `Forbidden`.
    """
    try:
        check_address(address, allow_loopback=allow_loopback)
    except Forbidden:
        raise Forbidden(
            f"{address} is not an address to send to: loopback, link-local, multicast and metadata addresses are "
            "refused (setting `allow_loopback_targets` permits loopback)"
        ) from None
    if public and not _is_public(address) and not allow_loopback:
        raise Forbidden(f"{address} is not a public address: a push service is on the internet")


def check_url(url: str, *, secure: bool) -> None:
    """Raises `ConfigurationError` for what is no `http` or `https` address; with `secure` it must be `https`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("the address cannot be read: write it like https://example.org/hook") from None
    if len(url) > MAX_URL_CHARACTERS or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise ConfigurationError(f"an address has at most {MAX_URL_CHARACTERS} printable ASCII characters")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError("the address must begin with https:// or http:// and name a host")
    if secure and parts.scheme != "https":
        raise ConfigurationError("the address must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("the address must hold no user or password: the signature proves who sends")


def origin_of(url: str) -> str:
    """Scheme, host and port of an address that `check_url` accepts: all of it that may be shown.

    >>> origin_of("https://hooks.example.org:8443/services/T0/B0/secret?token=1")
    'https://hooks.example.org:8443'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_global
