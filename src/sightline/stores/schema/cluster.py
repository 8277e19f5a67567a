"""Several gateways on one database: who lives, what they tell each other, what only one of them does."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, String, Table

from sightline.stores.schema.tables import COUNTER, metadata

__all__ = ["bulletins", "camera_leases", "chores", "engine_seats", "gateways", "shared_tickets"]

gateways = Table(
    "gateways", metadata,
    Column("id", String, primary_key=True),
    Column("beat", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("presence", LargeBinary, nullable=False),
)  # fmt: skip
"""Who is connected where, and where they are: overwritten every second. In PostgreSQL the table is unlogged, so that
nothing of it is in the server's log or its archive."""

bulletins = Table(
    "bulletins", metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("gateway_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", JSON, nullable=False),
    Index(None, "at_ms"),
    sqlite_autoincrement=True,
)  # fmt: skip
"""What every gateway must hear of once."""

engine_seats = Table(
    "engine_seats", metadata,
    Column("holder", String, primary_key=True),
    Column("gateway_id", String, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)  # fmt: skip
"""The engines of all gateways, as long as they are heard of."""

camera_leases = Table(
    "camera_leases", metadata,
    Column("camera_id", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index(None, "holder"),
)  # fmt: skip
"""Which engine reads which camera, and until when."""

chores = Table(
    "chores", metadata,
    Column("name", String, primary_key=True),
    Column("gateway_id", String, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)  # fmt: skip
"""What one gateway does for all, and until when nobody else may."""

shared_tickets = Table(
    "shared_tickets", metadata,
    Column("digest", String, primary_key=True),
    Column("claims", JSON, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index(None, "until_ms"),
)  # fmt: skip
"""Tickets for a WebSocket that any gateway may be shown: good once, for half a minute."""
