"""Events, the alerts that followed, and the log by which clients hear of them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from sightline.stores.schema.tables import COUNTER, metadata

__all__ = [
    "alert_clips",
    "alert_pictures",
    "alert_tags",
    "alert_templates",
    "alerts",
    "cursors",
    "events",
    "log_entries",
]

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

alert_clips = Table(
    "alert_clips", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("blob_id", String, nullable=False),
    Column("starts_at_ms", BigInteger, nullable=False),
    Column("offset_ms", BigInteger, nullable=False),
    Column("path", String),
    Column("media_type", String),
    Column("size_bytes", BigInteger),
    Column("duration_ms", BigInteger),
    Column("arrived_at_ms", BigInteger),
    Index(None, "blob_id"),
    Index(None, "arrived_at_ms"),
)  # fmt: skip
"""Clips, shared by alerts that are close to one another. `path` is relative to the media folder, null until the engine
has put the file."""

alert_templates = Table(
    "alert_templates", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), nullable=False),
    Column("model_id", String, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Index(None, "person_id"),
    Index(None, "created_at_ms"),
)  # fmt: skip
"""The template that an identification was made with, sealed with the person's key: a rejection is remembered by it."""

log_entries = Table(
    "log_entries", metadata,
    Column("offset", COUNTER, primary_key=True, autoincrement=True),
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
