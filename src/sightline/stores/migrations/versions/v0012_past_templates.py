"""Templates of negatives and sightings by the embedder that serves now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0012_past_templates"
down_revision = "v0011_camera_pictures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table and the column, empty; negatives and sightings keep the templates they have."""
    op.create_table(
        "negative_templates",
        sa.Column("negative_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["negative_id"], ["negatives.id"], name=op.f("fk_negative_templates_negative_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("negative_id", "model_id", name=op.f("pk_negative_templates")),
        sa.UniqueConstraint("version", name=op.f("uq_negative_templates_version")),
    )
    with op.batch_alter_table("sightings") as sightings:
        sightings.add_column(sa.Column("no_face_model_id", sa.String(), nullable=True))
        sightings.create_index(
            op.f("ix_sightings_model_id_key_no_face_model_id"), ["model_id", "key", "no_face_model_id"]
        )
