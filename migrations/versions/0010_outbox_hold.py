"""Whether the outbox is paused, as it is after a restore."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_outbox_hold"
down_revision = "0009_realtime_presence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_hold")),
    )


def downgrade() -> None:
    op.drop_table("outbox_hold")
