"""A mailing that fails pauses longer each time, and is given up in the end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0015_failing_mailings"
down_revision = "outage_0014_policy_changes"
branch_labels = None
depends_on = None

TABLE = "outage_mailing"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(TABLE, sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(TABLE, sa.Column("error", sa.String(length=300), nullable=True))


def downgrade() -> None:
    op.drop_column(TABLE, "error")
    op.drop_column(TABLE, "due_at")
    op.drop_column(TABLE, "attempts")
