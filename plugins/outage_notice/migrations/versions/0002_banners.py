"""The first schema: banners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0002_banners"
down_revision = "outage_0001_announcements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outage_receipt",
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("affected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_version", sa.Integer(), nullable=False),
        sa.Column("hidden_version", sa.Integer(), nullable=False),
        sa.Column("snoozed_version", sa.Integer(), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snooze_count", sa.Integer(), nullable=False),
        sa.Column("feed_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_receipt_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_outage_receipt_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("announcement_id", "user_id", name=op.f("pk_outage_receipt")),
    )
    op.create_index("ix_outage_receipt_user_id", "outage_receipt", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outage_receipt_user_id", table_name="outage_receipt")
    op.drop_table("outage_receipt")
