"""Templates of further embedders, for the time that one takes the place of another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0012_further_templates"
down_revision = "v0010_scenes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table; references keep the templates they have."""
    op.create_table(
        "reference_templates",
        sa.Column("reference_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["person_references.id"],
            name=op.f("fk_reference_templates_reference_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference_id", "model_id", name=op.f("pk_reference_templates")),
        sa.UniqueConstraint("version", name=op.f("uq_reference_templates_version")),
    )
