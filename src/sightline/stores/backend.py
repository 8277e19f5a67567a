"""What a kind of database does in its own way; everything else is the same SQL for all of them."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Engine

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

    def writer(self) -> Engine:
        """One connection, for the writer thread."""

    def reader(self) -> Engine:
        """As many connections as there are readers."""

    def scrub(self, connection: Connection) -> bool:
        """Empties what of deleted rows lingers outside of the tables, as far as that can be done now; true when
        nothing is left to do. Outside of a transaction; never raises for a database that refuses."""
