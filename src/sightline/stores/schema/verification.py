"""Workstations, who may sit there, and what they were told to do."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text, UniqueConstraint

from sightline.stores.schema.tables import metadata

__all__ = ["workstation_actions", "workstation_people", "workstation_standings", "workstations"]

workstations = Table(
    "workstations", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("token_hash", String),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("name_key"),
    UniqueConstraint("token_hash"),
)  # fmt: skip

workstation_people = Table(
    "workstation_people", metadata,
    Column("workstation_id", String, ForeignKey("workstations.id"), primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), primary_key=True),
    Index(None, "person_id"),
)  # fmt: skip
"""Who may sit where."""

workstation_standings = Table(
    "workstation_standings", metadata,
    Column("person_id", String, ForeignKey("people.id"), primary_key=True),
    Column("standing", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)  # fmt: skip
"""Who is paused or blocked, wherever they sit."""

workstation_actions = Table(
    "workstation_actions", metadata,
    Column("id", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("workstation", String, nullable=False),
    Column("person_id", String, ForeignKey("people.id")),
    Column("recognised_id", String, ForeignKey("people.id")),
    Column("action", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("thresholds", JSON, nullable=False),
    Column("sealed_picture", LargeBinary),
    Index(None, "at_ms", "id"),
    Index(None, "person_id", "at_ms"),
    Index(None, "recognised_id"),
    Index(None, "workstation", "at_ms"),
)  # fmt: skip
"""What workstations were told to do. The picture is sealed with the key of the person who should have sat there; it
is destroyed with that person, and with whoever else was recognised in it."""
