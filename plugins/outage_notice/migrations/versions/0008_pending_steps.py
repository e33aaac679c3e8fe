"""An index of the steps that are still to do: what fired long ago costs the ticker nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0008_pending_steps"
down_revision = "outage_0007_reviews"
branch_labels = None
depends_on = None

TABLE = "outage_step"


def upgrade() -> None:
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_outage_step_pending", TABLE, ["due_at", "announcement_id"], sqlite_where=pending, postgresql_where=pending
    )
    op.drop_index("ix_outage_step_state_due_at", table_name=TABLE)


def downgrade() -> None:
    op.create_index("ix_outage_step_state_due_at", TABLE, ["state", "due_at"])
    op.drop_index("ix_outage_step_pending", table_name=TABLE)
