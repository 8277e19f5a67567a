"""Clips of alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0009_clips"
down_revision = "v0008_cluster"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table, empty: alerts of before have no clip."""
    op.create_table(
        "alert_clips",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("blob_id", sa.String(), nullable=False),
        sa.Column("starts_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_clips_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert_clips")),
    )
    for column in ("blob_id", "arrived_at_ms"):
        op.create_index(op.f(f"ix_alert_clips_{column}"), "alert_clips", [column], unique=False)
