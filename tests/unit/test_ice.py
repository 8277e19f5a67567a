"""How ICE servers and ports are written."""

from __future__ import annotations

import pytest

from sightline.exceptions import ConfigurationError
from sightline.ice import IceServer, parse_ice_servers, parse_ports


def test_servers() -> None:
    texts = ("stun:stun.example:3478", "turn:us%40er:p%3Ass@turn.example:3478?transport=udp")
    assert parse_ice_servers(texts) == (
        IceServer("stun:stun.example:3478"),
        IceServer("turn:turn.example:3478?transport=udp", "us@er", "p:ss"),
    )
    assert "p:ss" not in repr(parse_ice_servers(texts))


@pytest.mark.parametrize("text", ["", "http://x", "stun:", "turn:user@host", 'stun:a"b', "stun:a>b"])
def test_no_server(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_ice_servers((text,))


def test_ports() -> None:
    assert parse_ports("") == range(0)
    assert parse_ports("50000-50001") == range(50000, 50002)


@pytest.mark.parametrize("text", ["50000", "50001-50000", "80-90", "60000-70000", "a-b"])
def test_no_ports(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_ports(text)
