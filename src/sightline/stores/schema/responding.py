"""Who is told, and when somebody else: duty, escalation, quiet, outside channels."""

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
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sightline.stores.schema.tables import metadata

__all__ = [
    "alert_declines",
    "alert_floods",
    "channels",
    "duty_rosters",
    "duty_switches",
    "escalation_steps",
    "escalations",
    "notices",
    "push_subscriptions",
    "quiet_periods",
]

duty_rosters = Table(
    "duty_rosters", metadata,
    Column("user_id", String, primary_key=True),
    Column("timezone", String, nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("shifts", JSON, nullable=False),
    Column("exceptions", JSON, nullable=False),
)  # fmt: skip

duty_switches = Table(
    "duty_switches", metadata,
    Column("user_id", String, primary_key=True),
    Column("on", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)  # fmt: skip

quiet_periods = Table(
    "quiet_periods", metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("camera_id", String),
    Column("alert_type", String),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Index(None, "until_ms"),
)  # fmt: skip

escalations = Table(
    "escalations", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("phase", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("responder", String),
    Column("told_at_ms", BigInteger, nullable=False),
    Column("told_offset", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger),
    Index(None, "due_at_ms"),
)  # fmt: skip
"""A timer is the row of an escalation that has a due time; `version` rises with every change of it."""

escalation_steps = Table(
    "escalation_steps", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("user_id", String),
    Column("reason", String, nullable=False),
    Column("outside", Boolean, nullable=False),
    Column("distance_m", Float),
    Column("told_at_ms", BigInteger, nullable=False),
    Column("outcome", String),
    Column("ended_at_ms", BigInteger),
    Column("notify", Boolean, nullable=False),
    Index("ix_escalation_steps_notify", "alert_id", sqlite_where=text("notify"), postgresql_where=text("notify")),
)  # fmt: skip
"""Who was told of an alert, in order; `notify` while push and outside channels are still to be asked."""

alert_declines = Table(
    "alert_declines", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)  # fmt: skip

alert_floods = Table(
    "alert_floods", metadata,
    Column("alert_id", String, ForeignKey("alerts.id"), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("told_count", Integer, nullable=False),
    Column("told_at_ms", BigInteger, nullable=False),
)  # fmt: skip
"""Alerts that stand for a flood: of how many events, and of how many everybody has been told."""

push_subscriptions = Table(
    "push_subscriptions", metadata,
    Column("id", String, primary_key=True),
    Column("user_id", String, nullable=False),
    Column("device", String, nullable=False),
    Column("endpoint_sha256", String, nullable=False),
    Column("sealed_subscription", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("user_id", "device"),
    UniqueConstraint("endpoint_sha256"),
)  # fmt: skip

channels = Table(
    "channels", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("sealed_address", LargeBinary, nullable=False),
    Column("sealed_secret", LargeBinary),
    Column("events", JSON, nullable=False),
    Column("min_severity", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("name_key"),
)  # fmt: skip

notices = Table(
    "notices", metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("alert_id", String, nullable=False),
    Column("event", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at_ms", BigInteger),
    Column("problem", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("dead_at_ms", BigInteger),
    UniqueConstraint("key"),
    Index(None, "due_at_ms"),
    Index(None, "target_id"),
    Index(None, "dead_at_ms"),
)  # fmt: skip
"""What push subscriptions and channels are still to be told. A dead one has no due time and waits for a person."""
