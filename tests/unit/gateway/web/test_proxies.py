"""Whose `X-Forwarded-For` is believed."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from sightline.gateway.web.proxies import ClientAddress

PROXIES = ["10.0.0.0/8", "2001:db8::1"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("198.51.100.9", [], "198.51.100.9"),
        ("198.51.100.9", ["203.0.113.5"], "198.51.100.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["203.0.113.5, 10.0.0.2"], "203.0.113.5"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["\x00'; drop"], "10.0.0.1"),
        ("2001:db8::1", ["2001:db8::77"], "2001:db8::77"),
        ("10.0.0.1", [""], "10.0.0.1"),
    ],
)
async def test_the_client_is_the_last_whom_no_trusted_proxy_wrote(peer: str, forwarded: list[str], seen: str) -> None:
    assert await _seen(PROXIES, peer, forwarded) == seen


async def test_nobody_is_believed_without_a_trusted_proxy() -> None:
    assert await _seen([], "10.0.0.1", ["203.0.113.5"]) == "10.0.0.1"


async def test_what_has_no_address_passes() -> None:
    assert await _seen(PROXIES, None, ["203.0.113.5"]) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "scheme"),
    [
        ("10.0.0.1", "https", "wss"),
        ("10.0.0.1", "http, HTTPS", "wss"),
        ("10.0.0.1", "https, http", "ws"),
        ("10.0.0.1", "gopher", "ws"),
        ("198.51.100.9", "https", "ws"),
    ],
)
async def test_the_scheme_is_what_the_nearest_trusted_proxy_saw(peer: str, forwarded: str, scheme: str) -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    headers = [(b"x-forwarded-proto", forwarded.encode())]
    scope = {"type": "websocket", "scheme": "ws", "client": (peer, 4711), "headers": headers}
    await ClientAddress(app, PROXIES)(scope, _never, _never)
    assert scopes[0]["scheme"] == scheme


async def _seen(trusted: list[str], peer: str | None, forwarded: list[str]) -> str | None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope = {"type": "websocket", "client": (peer, 4711) if peer else None, "headers": headers}
    await ClientAddress(app, trusted)(scope, _never, _never)  # type: ignore[arg-type]
    client = scopes[0]["client"]
    return client[0] if client else None


async def _never(*_: object) -> None:
    raise AssertionError
