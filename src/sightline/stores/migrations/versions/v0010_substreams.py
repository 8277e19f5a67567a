"""Smaller streams of cameras."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0010_substreams"
down_revision = "v0009_clips"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column, empty: cameras of before have one stream."""
    with op.batch_alter_table("cameras") as cameras:
        cameras.add_column(sa.Column("sealed_substream", sa.LargeBinary(), nullable=True))
