"""Workstations, who may sit there, who is paused or blocked, and what was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0007_workstations"
down_revision = "v0006_further_templates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables, empty."""
    op.create_table(
        "workstations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workstations")),
        sa.UniqueConstraint("name_key", name=op.f("uq_workstations_name_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_workstations_token_hash")),
    )
    op.create_table(
        "workstation_people",
        sa.Column("workstation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workstation_id"], ["workstations.id"], name=op.f("fk_workstation_people_workstation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_workstation_people_person_id")),
        sa.PrimaryKeyConstraint("workstation_id", "person_id", name=op.f("pk_workstation_people")),
    )
    op.create_index(op.f("ix_workstation_people_person_id"), "workstation_people", ["person_id"], unique=False)
    op.create_table(
        "workstation_standings",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_workstation_standings_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_workstation_standings")),
    )
    op.create_table(
        "workstation_actions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("workstation", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("recognised_id", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("sealed_picture", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_workstation_actions_person_id")),
        sa.ForeignKeyConstraint(["recognised_id"], ["people.id"], name=op.f("fk_workstation_actions_recognised_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workstation_actions")),
    )
    for columns in (["at_ms", "id"], ["person_id", "at_ms"], ["recognised_id"], ["workstation", "at_ms"]):
        op.create_index(
            op.f(f"ix_workstation_actions_{'_'.join(columns)}"), "workstation_actions", columns, unique=False
        )
