"""What `listen` says."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sightline.listeners import Dialect, Listener, parse_listeners
from sightline.settings import Settings


def test_each_port_has_its_dialect() -> None:
    expected = (Listener(5000, Dialect.FIELD), Listener(5001, Dialect.SOCKETIO))
    assert parse_listeners(["5000=field", " 5001 = socketio "]) == expected


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("field", "is no listener"),
        ("=field", "is no listener"),
        ("0=field", "is no listener"),
        ("65536=field", "is no listener"),
        ("-1=field", "is no listener"),
        ("5000=", "known: field, frames, socketio"),
        ("5000=native", "'native' is no dialect"),
    ],
)
def test_what_is_no_listener_is_named(entry: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_listeners([entry])


def test_a_port_has_one_dialect() -> None:
    with pytest.raises(ValueError, match="5000 is given twice"):
        parse_listeners(["5000=field", "5000=socketio"])


@pytest.mark.parametrize(
    "wrong", [{"listen": "5000=toaster"}, {"message_rates": "ack"}, {"trusted_proxies": "not-an-address"}]
)
def test_settings_refuse_what_cannot_be_used(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
