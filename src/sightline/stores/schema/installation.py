"""The installation itself: who it is, who may use it, what was done, what is still to be removed from its disk."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from sightline.stores.schema.tables import COUNTER, metadata

__all__ = ["audit_records", "doomed_files", "machine_tokens", "meta", "users"]

meta = Table(
    "meta", metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)  # fmt: skip

users = Table(
    "users", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("token_version", Integer, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("name_key"),
)  # fmt: skip

machine_tokens = Table(
    "machine_tokens", metadata,
    Column("name", String, primary_key=True),
    Column("token_hash", String, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("token_hash"),
)  # fmt: skip

audit_records = Table(
    "audit_records", metadata,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "at_ms", "id"),
    sqlite_autoincrement=True,
)  # fmt: skip

doomed_files = Table(
    "doomed_files", metadata,
    Column("path", String, primary_key=True),
)  # fmt: skip
"""Pictures that were erased from the record and are still to be removed from the disk."""
