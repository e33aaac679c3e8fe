"""What promises held before each change of a policy: an announcement is judged by those it was published under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0014_policy_changes"
down_revision = "outage_0013_notice_plans"
branch_labels = None
depends_on = None

TABLE, INDEX = "outage_promise_policy_change", "ix_outage_promise_policy_change_changed_at"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("former", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f(f"fk_{TABLE}_department_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(INDEX, TABLE, ["changed_at", "id"])


def downgrade() -> None:
    op.drop_table(TABLE)
