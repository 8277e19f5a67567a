"""The tables. A change here needs a migration beside it; a test compares the two.

Times are milliseconds since the epoch. Log entries, events and alerts are history: they keep plain ids of cameras,
users, references and watch lists that may be gone, and are tied only to people, whose erasure must reach them.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "alert_pictures",
    "alert_tags",
    "alerts",
    "audit_records",
    "cameras",
    "cursors",
    "doomed_files",
    "events",
    "gallery_tombstones",
    "log_entries",
    "machine_tokens",
    "meta",
    "metadata",
    "people",
    "person_references",
    "users",
    "watch_list_people",
    "watch_lists",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_COUNTER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts only in columns that are called INTEGER, and means 64 bits by it."""

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

cameras = Table(
    "cameras", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("sealed_source", LargeBinary, nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("analysis_fps", Float, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("alert_unknown", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)  # fmt: skip

people = Table(
    "people", metadata,
    Column("id", String, primary_key=True),
    Column("first_name", String, nullable=False),
    Column("last_name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("age", Integer),
    Column("description", Text, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Index(None, "name_key", "id"),
)  # fmt: skip

person_references = Table(
    "person_references", metadata,
    Column("id", String, primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("model_id", String, nullable=False),
    Column("quality", Float, nullable=False),
    Column("file_name", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("sealed_sample", LargeBinary, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("sha256"),
    UniqueConstraint("version"),
    Index(None, "person_id"),
)  # fmt: skip

gallery_tombstones = Table(
    "gallery_tombstones", metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("reference_id", String, nullable=False),
    Column("model_id", String, nullable=False),
)  # fmt: skip

watch_lists = Table(
    "watch_lists", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("name_key"),
)  # fmt: skip

watch_list_people = Table(
    "watch_list_people", metadata,
    Column("list_id", String, ForeignKey("watch_lists.id"), primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), primary_key=True),
    Index(None, "person_id"),
)  # fmt: skip

events = Table(
    "events", metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("person_id", String, ForeignKey("people.id")),
    Column("captured_at_ms", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("rule", String, nullable=False),
    Column("data", JSON, nullable=False),
    UniqueConstraint("key"),
    Index(None, "subject_id", "captured_at_ms"),
    Index(None, "person_id"),
)  # fmt: skip

alerts = Table(
    "alerts", metadata,
    Column("id", String, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("event_id", String, ForeignKey("events.id"), nullable=False),
    Column("type", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("person_id", String, ForeignKey("people.id")),
    Column("reference_id", String),
    Column("watch_list_id", String),
    Column("similarity", Float),
    Column("state", String, nullable=False),
    Column("verdict", String),
    Column("escalation_level", Integer, nullable=False),
    Column("by", String),
    Column("at_ms", BigInteger),
    Column("captured_at_ms", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("why", JSON, nullable=False),
    UniqueConstraint("offset"),
    UniqueConstraint("event_id"),
    Index(None, "subject_id", "captured_at_ms"),
    Index(None, "subject_id", "camera_id", "captured_at_ms"),
    Index(None, "state", "offset"),
    Index(None, "person_id", "offset"),
    Index(None, "camera_id", "offset"),
)  # fmt: skip

alert_tags = Table(
    "alert_tags", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("tag", String, primary_key=True),
)  # fmt: skip
"""Every audience an alert ever had."""

alert_pictures = Table(
    "alert_pictures", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("role", String, primary_key=True),
    Column("blob_id", String, nullable=False),
    Column("path", String, nullable=False),
    UniqueConstraint("blob_id"),
    UniqueConstraint("path"),
)  # fmt: skip
"""`path` is relative to the media folder and reserved here before the file is moved to it."""

doomed_files = Table(
    "doomed_files", metadata,
    Column("path", String, primary_key=True),
)  # fmt: skip
"""Pictures that were erased from the record and are still to be removed from the disk."""

log_entries = Table(
    "log_entries", metadata,
    Column("offset", _COUNTER, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("alert_id", String, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip

cursors = Table(
    "cursors", metadata,
    Column("user_id", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("epoch", String, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
)  # fmt: skip

audit_records = Table(
    "audit_records", metadata,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "at_ms", "id"),
    sqlite_autoincrement=True,
)  # fmt: skip
