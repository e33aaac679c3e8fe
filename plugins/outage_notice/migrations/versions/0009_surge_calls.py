"""Technicians whom an agent called to look at a surge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0009_surge_calls"
down_revision = "outage_0008_pending_steps"
branch_labels = None
depends_on = None

TABLE = "outage_surge_call"
MOMENT = sa.DateTime(timezone=True)


def _refers(column: str, parent: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_{TABLE}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("surge_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("called_by_id", sa.Integer(), nullable=True),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        _refers("surge_id", "outage_surge", "CASCADE"),
        _refers("user_id", "user", "CASCADE"),
        _refers("called_by_id", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("surge_id", "user_id", name=op.f(f"pk_{TABLE}")),
    )
    waiting = sa.text("answered_at IS NULL")
    op.create_index(f"ix_{TABLE}_waiting", TABLE, ["user_id"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    op.drop_table(TABLE)
