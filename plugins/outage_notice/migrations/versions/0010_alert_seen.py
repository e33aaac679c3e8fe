"""When an alert was heard of first and last: the same again leaves no other trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0010_alert_seen"
down_revision = "outage_0009_surge_calls"
branch_labels = None
depends_on = None

TABLE = "outage_alert"
NAMES = ("first_seen_at", "seen_at")


def upgrade() -> None:
    for name in NAMES:
        op.add_column(TABLE, sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in NAMES:
        op.drop_column(TABLE, name)
