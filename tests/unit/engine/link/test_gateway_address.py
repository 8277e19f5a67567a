from __future__ import annotations

import pytest

from sightline.engine.link.gateway_address import GatewayAddress
from sightline.exceptions import ConfigurationError


def test_urls_follow_the_scheme() -> None:
    plain = GatewayAddress("http://127.0.0.1:8000/", "t")
    assert plain.link == "ws://127.0.0.1:8000/ws/engine"
    assert plain.frames == "ws://127.0.0.1:8000/ws/engine/frames"
    assert plain.health == "http://127.0.0.1:8000/health"
    assert plain.blob("ab12") == "http://127.0.0.1:8000/api/engine/blobs/ab12"
    assert GatewayAddress("https://hall.example/sightline", "t").link == "wss://hall.example/sightline/ws/engine"


def test_the_token_is_sent_but_never_shown() -> None:
    address = GatewayAddress("http://127.0.0.1:8000", "very-secret")
    assert address.headers == {"Authorization": "Bearer very-secret"}
    assert "very-secret" not in repr(address)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ws://127.0.0.1", "http://", "ftp://host", ""])
def test_what_is_no_gateway_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no gateway"):
        GatewayAddress(url, "t")
