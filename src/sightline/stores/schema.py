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
    false,
    text,
)

__all__ = [
    "alert_declines",
    "alert_floods",
    "alert_pictures",
    "alert_tags",
    "alert_templates",
    "alerts",
    "audit_records",
    "camera_hours",
    "camera_views",
    "cameras",
    "channels",
    "cursors",
    "doomed_files",
    "duty_rosters",
    "duty_switches",
    "escalation_steps",
    "escalations",
    "events",
    "gallery_tombstones",
    "log_entries",
    "machine_tokens",
    "meta",
    "metadata",
    "negatives",
    "notices",
    "people",
    "person_references",
    "push_subscriptions",
    "quiet_periods",
    "reference_templates",
    "sighting_samples",
    "sighting_tombstones",
    "sightings",
    "strangers",
    "template_models",
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

camera_views = Table(
    "camera_views", metadata,
    Column("camera_id", String, ForeignKey("cameras.id"), primary_key=True),
    Column("view", Text, nullable=False),
)  # fmt: skip
"""What a camera is to watch for, as JSON; one without a row watches for what the settings say."""

camera_hours = Table(
    "camera_hours", metadata,
    Column("camera_id", String, primary_key=True),
    Column("hour_ms", BigInteger, primary_key=True),
    Column("metric", String, primary_key=True),
    Column("detail", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Float, nullable=False),
    Column("most", Float, nullable=False),
    Index(None, "hour_ms"),
)  # fmt: skip
"""The past by the hour; it outlives its camera."""

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

reference_templates = Table(
    "reference_templates", metadata,
    Column("reference_id", String, ForeignKey("person_references.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", String, primary_key=True),
    Column("version", BigInteger),
    Column("sealed_vector", LargeBinary),
    Column("reason", Text, nullable=False),
    UniqueConstraint("version"),
)  # fmt: skip
"""Templates by other embedders than the one that a reference was enrolled with; without a vector where one of them
finds no face in the sample."""

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
    Column("require_live", Boolean, nullable=False, server_default=false()),
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

strangers = Table(
    "strangers", metadata,
    Column("id", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("merged_into_id", String, ForeignKey("strangers.id")),
    Column("root_id", String, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("number"),
    Index(None, "root_id"),
)  # fmt: skip
"""Groups of sightings of people whom nobody has enrolled; `root_id` is where following `merged_into_id` ends."""

sightings = Table(
    "sightings", metadata,
    Column("id", String, primary_key=True),
    Column("key", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("track_id", String, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("model_id", String, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("person_id", String, ForeignKey("people.id")),
    Column("stranger_id", String, ForeignKey("strangers.id")),
    Column("grouping", String, nullable=False),
    Column("similarity", Float),
    Column("quality", Float, nullable=False),
    Column("live", Float),
    Column("width_px", Float, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    UniqueConstraint("key"),
    UniqueConstraint("version"),
    UniqueConstraint("track_id"),
    Index(None, "last_seen_ms", "id"),
    Index(None, "camera_id", "last_seen_ms"),
    Index(None, "person_id", "last_seen_ms"),
    Index(None, "stranger_id", "last_seen_ms"),
)  # fmt: skip
"""What tracks left. `sealed_key` is a key of the sighting's own, wrapped by that of its person, its stranger, or the
master key: so a sighting changes its owner without being sealed anew. `version` rises with every change of the row,
`key` is the version that it was made with. `grouping` is whether it is still to be grouped: `due`, `join`, `done`."""

sighting_samples = Table(
    "sighting_samples", metadata,
    Column("sighting_id", String, ForeignKey("sightings.id"), primary_key=True),
    Column("sealed_sample", LargeBinary, nullable=False),
)  # fmt: skip
"""Apart from the rows that are read by the million."""

sighting_tombstones = Table(
    "sighting_tombstones", metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, nullable=False),
)  # fmt: skip

template_models = Table(
    "template_models", metadata,
    Column("model_id", String, primary_key=True),
    Column("threshold", Float, nullable=False),
    Column("steepness", Float, nullable=False),
)  # fmt: skip
"""How distances between templates of a model read as similarities, as the engine that made them said."""

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

negatives = Table(
    "negatives", metadata,
    Column("id", String, primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("model_id", String, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("source", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("by", String, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("version"),
    UniqueConstraint("person_id", "source", "source_id"),
)  # fmt: skip
"""Faces of which somebody said that they are not this person; versions are the gallery's."""

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
