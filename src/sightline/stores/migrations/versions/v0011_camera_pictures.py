"""How a camera's pictures are turned, and whose faces they may show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0011_camera_pictures"
down_revision = "v0010_substreams"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns: cameras of before show what they showed."""
    with op.batch_alter_table("cameras") as cameras:
        cameras.add_column(sa.Column("rotation", sa.Integer(), nullable=False, server_default="0"))
        cameras.add_column(sa.Column("blur_faces", sa.String(), nullable=False, server_default="off"))
