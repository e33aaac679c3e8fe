"""The first schema: mail and replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_mail_and_replies"
down_revision = "0004_tickets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canned_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
    )
    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("is_automatic_reply", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_outgoing_mail_outbox_id")),
    )
    op.create_index("ix_outgoing_mail_created_at", "outgoing_mail", ["created_at"], unique=False)
    op.create_index("ix_outgoing_mail_recipient", "outgoing_mail", ["recipient"], unique=False)
    op.create_index("ix_outgoing_mail_state", "outgoing_mail", ["state", "id"], unique=False)
    op.create_table(
        "reply_switch",
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_reply_switch")),
    )
    op.create_table(
        "reply_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
    )
    op.create_index("uq_reply_template_event_locale", "reply_template", ["event", "locale"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_reply_template_event_locale", table_name="reply_template")
    op.drop_table("reply_template")
    op.drop_table("reply_switch")
    op.drop_index("ix_outgoing_mail_state", table_name="outgoing_mail")
    op.drop_index("ix_outgoing_mail_recipient", table_name="outgoing_mail")
    op.drop_index("ix_outgoing_mail_created_at", table_name="outgoing_mail")
    op.drop_table("outgoing_mail")
    op.drop_table("canned_reply")
