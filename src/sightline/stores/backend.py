"""What a kind of database does in its own way; everything else is the same SQL for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Engine

from sightline.stores.hints import HintListener

__all__ = ["JSON_OPTIONS", "Backend"]

JSON_OPTIONS: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}
"""How JSON is read and written, for every kind of database."""


class Backend(Protocol):
    """Makes the connections of one database.

    Of all transactions of `writer`, whoever's they are, one runs at a time: from its begin to its commit it is alone,
    so commit order is the order of the begins, and what it reads stays true until it has committed. Those of `reader`
    see one moment each, and cannot write.
    """

    readers: int
    """How many may read at the same time."""

    is_shared: bool
    """Whether other processes may write to it as well."""

    def writer(self) -> Engine:
        """One connection, for the writer thread."""

    def reader(self) -> Engine:
        """As many connections as there are readers."""

    def hint(self, connection: Connection) -> None:
        """Tells other gateways, once the transaction has committed, that there is something to look at."""

    def listen(self, on_hint: Callable[[], None]) -> HintListener | None:
        """From now on calls `on_hint`, on another thread, after hints of any gateway; `None` where nobody hints."""

    def scrub(self, connection: Connection) -> bool:
        """Empties what of deleted rows lingers outside of the tables, as far as that can be done now; true when
        nothing is left to do. Outside of a transaction; never raises for a database that refuses."""
