"""Sightings of the past, the strangers they are grouped into, and what was said not to be somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0004_sightings"
down_revision = "v0003_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; tracks from before have left nothing."""
    op.create_table(
        "sighting_tombstones",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_sighting_tombstones")),
    )
    op.create_table(
        "strangers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("merged_into_id", sa.String(), nullable=True),
        sa.Column("root_id", sa.String(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into_id"], ["strangers.id"], name=op.f("fk_strangers_merged_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strangers")),
        sa.UniqueConstraint("number", name=op.f("uq_strangers_number")),
    )
    op.create_index(op.f("ix_strangers_root_id"), "strangers", ["root_id"], unique=False)
    op.create_table(
        "template_models",
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("steepness", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_template_models")),
    )
    op.create_table(
        "negatives",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_negatives_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_negatives")),
        sa.UniqueConstraint("person_id", "source", "source_id", name=op.f("uq_negatives_person_id_source_source_id")),
        sa.UniqueConstraint("version", name=op.f("uq_negatives_version")),
    )
    op.create_table(
        "sightings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("track_id", sa.String(), nullable=False),
        sa.Column("camera_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("stranger_id", sa.String(), nullable=True),
        sa.Column("grouping", sa.String(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("live", sa.Float(), nullable=True),
        sa.Column("width_px", sa.Float(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sightings_person_id")),
        sa.ForeignKeyConstraint(["stranger_id"], ["strangers.id"], name=op.f("fk_sightings_stranger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
        sa.UniqueConstraint("key", name=op.f("uq_sightings_key")),
        sa.UniqueConstraint("track_id", name=op.f("uq_sightings_track_id")),
        sa.UniqueConstraint("version", name=op.f("uq_sightings_version")),
    )
    op.create_index(
        op.f("ix_sightings_camera_id_last_seen_ms"), "sightings", ["camera_id", "last_seen_ms"], unique=False
    )
    op.create_index(op.f("ix_sightings_last_seen_ms_id"), "sightings", ["last_seen_ms", "id"], unique=False)
    op.create_index(
        op.f("ix_sightings_person_id_last_seen_ms"), "sightings", ["person_id", "last_seen_ms"], unique=False
    )
    op.create_index(
        op.f("ix_sightings_stranger_id_last_seen_ms"), "sightings", ["stranger_id", "last_seen_ms"], unique=False
    )
    op.create_table(
        "sighting_samples",
        sa.Column("sighting_id", sa.String(), nullable=False),
        sa.Column("sealed_sample", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sighting_id"], ["sightings.id"], name=op.f("fk_sighting_samples_sighting_id")),
        sa.PrimaryKeyConstraint("sighting_id", name=op.f("pk_sighting_samples")),
    )
    op.create_table(
        "alert_templates",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_templates_alert_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_alert_templates_person_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert_templates")),
    )
    op.create_index(op.f("ix_alert_templates_created_at_ms"), "alert_templates", ["created_at_ms"], unique=False)
    op.create_index(op.f("ix_alert_templates_person_id"), "alert_templates", ["person_id"], unique=False)
