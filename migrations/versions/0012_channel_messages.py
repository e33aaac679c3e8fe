"""An index of the messages to channels, which are few among the effects of the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_channel_messages"
down_revision = "0011_outbox_request"
branch_labels = None
depends_on = None

INDEX = "ix_outbox_notify_created_at"
NOTIFY = sa.text("channel = 'notify'")


def upgrade() -> None:
    op.create_index(INDEX, "outbox", ["created_at"], sqlite_where=NOTIFY, postgresql_where=NOTIFY)


def downgrade() -> None:
    op.drop_index(INDEX, table_name="outbox")
