"""Which mails with a reference the mail server has accepted, until whoever gave the reference has taken them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_accepted_mail"
down_revision = "0012_channel_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accepted_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accepted_mail")),
    )
    op.create_index("ix_accepted_mail_topic", "accepted_mail", ["topic", "id"])


def downgrade() -> None:
    op.drop_table("accepted_mail")
