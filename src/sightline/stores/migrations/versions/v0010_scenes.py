"""What cameras are to watch for, the past by the hour, watch lists that want a proof of life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0010_scenes"
down_revision = "v0011_sightings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; cameras from before watch for what the settings say."""
    op.create_table(
        "camera_views",
        sa.Column("camera_id", sa.String(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_camera_views_camera_id")),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_camera_views")),
    )
    op.create_table(
        "camera_hours",
        sa.Column("camera_id", sa.String(), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("most", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "hour_ms", "metric", "detail", name=op.f("pk_camera_hours")),
    )
    op.add_column("watch_lists", sa.Column("require_live", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_camera_hours_hour_ms"), "camera_hours", ["hour_ms"], unique=False)
