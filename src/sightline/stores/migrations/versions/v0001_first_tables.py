"""The first tables, and what a new database is born with: its epoch and the start of its gallery's versions."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import context, op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes everything."""
    _create_accounts()
    _create_cameras()
    _create_people()
    _create_alerts()
    _create_log()
    _create_meta()
    _fill_meta()


def _create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name_key", name=op.f("uq_users_name_key")),
    )
    op.create_table(
        "machine_tokens",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_machine_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_machine_tokens_token_hash")),
    )
    op.create_table(
        "audit_records",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_records")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_records_at_ms_id"), "audit_records", ["at_ms", "id"], unique=False)


def _create_cameras() -> None:
    op.create_table(
        "cameras",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed_source", sa.LargeBinary(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("analysis_fps", sa.Float(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("alert_unknown", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cameras")),
    )


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_name_key_id"), "people", ["name_key", "id"], unique=False)
    op.create_table(
        "person_references",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sealed_sample", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_references_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_references")),
        sa.UniqueConstraint("sha256", name=op.f("uq_person_references_sha256")),
        sa.UniqueConstraint("version", name=op.f("uq_person_references_version")),
    )
    op.create_index(op.f("ix_person_references_person_id"), "person_references", ["person_id"], unique=False)
    op.create_table(
        "gallery_tombstones",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_gallery_tombstones")),
    )
    op.create_table(
        "watch_lists",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_lists")),
        sa.UniqueConstraint("name_key", name=op.f("uq_watch_lists_name_key")),
    )
    op.create_table(
        "watch_list_people",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["watch_lists.id"], name=op.f("fk_watch_list_people_list_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_watch_list_people_person_id")),
        sa.PrimaryKeyConstraint("list_id", "person_id", name=op.f("pk_watch_list_people")),
    )
    op.create_index(op.f("ix_watch_list_people_person_id"), "watch_list_people", ["person_id"], unique=False)


def _create_alerts() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("camera_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("captured_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_events_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("key", name=op.f("uq_events_key")),
    )
    op.create_index(op.f("ix_events_person_id"), "events", ["person_id"], unique=False)
    op.create_index(
        op.f("ix_events_subject_id_captured_at_ms"), "events", ["subject_id", "captured_at_ms"], unique=False
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("camera_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("reference_id", sa.String(), nullable=True),
        sa.Column("watch_list_id", sa.String(), nullable=True),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=True),
        sa.Column("captured_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_alerts_event_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_alerts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("event_id", name=op.f("uq_alerts_event_id")),
        sa.UniqueConstraint("offset", name=op.f("uq_alerts_offset")),
    )
    op.create_index(op.f("ix_alerts_camera_id_offset"), "alerts", ["camera_id", "offset"], unique=False)
    op.create_index(op.f("ix_alerts_person_id_offset"), "alerts", ["person_id", "offset"], unique=False)
    op.create_index(op.f("ix_alerts_state_offset"), "alerts", ["state", "offset"], unique=False)
    op.create_index(
        op.f("ix_alerts_subject_id_camera_id_captured_at_ms"),
        "alerts",
        ["subject_id", "camera_id", "captured_at_ms"],
        unique=False,
    )
    op.create_index(
        op.f("ix_alerts_subject_id_captured_at_ms"), "alerts", ["subject_id", "captured_at_ms"], unique=False
    )
    op.create_table(
        "alert_tags",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_tags_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "tag", name=op.f("pk_alert_tags")),
    )
    op.create_table(
        "alert_pictures",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("blob_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_pictures_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "role", name=op.f("pk_alert_pictures")),
        sa.UniqueConstraint("blob_id", name=op.f("uq_alert_pictures_blob_id")),
        sa.UniqueConstraint("path", name=op.f("uq_alert_pictures_path")),
    )
    op.create_table(
        "doomed_files",
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_doomed_files")),
    )


def _create_log() -> None:
    op.create_table(
        "log_entries",
        sa.Column("offset", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("offset", name=op.f("pk_log_entries")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cursors",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "device", name=op.f("pk_cursors")),
    )


def _create_meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _fill_meta() -> None:
    # The gallery counts from the time of its birth, so that no version of another gallery can pass for one of this.
    start = str(context.config.attributes["created_at_ms"])
    rows = {"epoch": str(uuid.uuid4()), "log_floor": "0", "gallery_start": start, "gallery_version": start}
    meta = sa.table("meta", sa.column("key", sa.String), sa.column("value", sa.String))
    op.bulk_insert(meta, [{"key": key, "value": value} for key, value in rows.items()])
