"""What all tables belong to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

__all__ = ["COUNTER", "metadata"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

COUNTER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts only in columns that are called INTEGER, and means 64 bits by it."""
