"""The package's public names are complete: whatever an application meets can be imported from one place."""

from __future__ import annotations

import sightline.client as client
from sightline.client import closing, effects, events


def test_every_public_name_is_there_and_documented() -> None:
    assert list(client.__all__) == sorted(client.__all__)
    for name in client.__all__:
        if name != "Event" and name != "TokenProvider":
            assert getattr(client, name).__doc__, name


def test_every_event_and_what_it_is_made_of_is_exported() -> None:
    parts = {"AlertCamera", "AlertList", "AlertPerson"}  # met as attributes, never asked for by name
    assert set(events.__all__) - parts <= set(client.__all__)


def test_every_exception_of_the_client_is_exported() -> None:
    own = {name for module in (closing, effects) for name in module.__all__
           if isinstance(kind := getattr(module, name), type) and issubclass(kind, Exception)}  # fmt: skip
    assert own == {"AckRefused", "AlertRefused", "Stopped", "StreamRefused"}
    assert own <= set(client.__all__)
