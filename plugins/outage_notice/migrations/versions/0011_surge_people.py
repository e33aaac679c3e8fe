"""Surges count tickets and need a number of people; replies to all in several languages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0011_surge_people"
down_revision = "outage_0010_alert_seen"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outage_surge_limits", sa.Column("people", sa.Integer(), nullable=False, server_default="2"))
    op.execute("ALTER TABLE outage_surge_hour RENAME COLUMN people TO tickets")
    op.add_column("outage_broadcast", sa.Column("translations", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("outage_broadcast", "translations")
    op.execute("ALTER TABLE outage_surge_hour RENAME COLUMN tickets TO people")
    op.drop_column("outage_surge_limits", "people")
