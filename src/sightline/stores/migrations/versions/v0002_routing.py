"""Duty rosters, times without alerts, escalations and floods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0002_routing"
down_revision = "v0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; what was raised before is not escalated."""
    _create_duty()
    _create_quiet_periods()
    _create_escalations()
    _create_floods()


def _create_duty() -> None:
    op.create_table(
        "duty_rosters",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("shifts", sa.JSON(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_duty_rosters")),
    )
    op.create_table(
        "duty_switches",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_duty_switches")),
    )


def _create_quiet_periods() -> None:
    op.create_table(
        "quiet_periods",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("camera_id", sa.String(), nullable=True),
        sa.Column("alert_type", sa.String(), nullable=True),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_periods")),
    )
    op.create_index(op.f("ix_quiet_periods_until_ms"), "quiet_periods", ["until_ms"])


def _create_escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("responder", sa.String(), nullable=True),
        sa.Column("told_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_offset", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_escalations_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_escalations")),
    )
    op.create_index(op.f("ix_escalations_due_at_ms"), "escalations", ["due_at_ms"])
    op.create_table(
        "escalation_steps",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("told_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_escalation_steps_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "level", name=op.f("pk_escalation_steps")),
    )
    op.create_index(
        op.f("ix_escalation_steps_notify"),
        "escalation_steps",
        ["alert_id"],
        sqlite_where=sa.text("notify"),
        postgresql_where=sa.text("notify"),
    )
    op.create_table(
        "alert_declines",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_declines_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "user_id", name=op.f("pk_alert_declines")),
    )


def _create_floods() -> None:
    op.create_table(
        "alert_floods",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.Column("told_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_floods_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert_floods")),
    )
