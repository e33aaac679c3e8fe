"""Which request an effect comes from, so that logs and audit entries of both can be found by one id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_outbox_request"
down_revision = "0010_outbox_hold"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("request_id", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "request_id")
