"""A department may leave open how long late it is until the next person is told: then it is as for all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0012_inherited_targets"
down_revision = "outage_0011_surge_people"
branch_labels = None
depends_on = None

TABLE, COLUMN = "outage_promise_policy", "escalate_minutes"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.alter_column(COLUMN, existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    policy = sa.table(TABLE, sa.column(COLUMN, sa.Integer()))
    op.execute(policy.update().where(policy.c[COLUMN].is_(None)).values({COLUMN: 10}))
    with op.batch_alter_table(TABLE) as table:
        table.alter_column(COLUMN, existing_type=sa.Integer(), nullable=False)
