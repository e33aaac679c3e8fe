"""Who is connected to which web process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_realtime_presence"
down_revision = "0008_audit_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "realtime_presence",
        sa.Column("process", sa.String(length=120), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_ids", sa.JSON(), nullable=False),
        sa.Column("watching", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_realtime_presence")),
    )


def downgrade() -> None:
    op.drop_table("realtime_presence")
