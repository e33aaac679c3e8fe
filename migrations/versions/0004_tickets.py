"""The first schema: tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_tickets"
down_revision = "0003_catalog"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticket_counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_counter")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("waiting_on", sa.String(length=40), nullable=True),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_seconds_left", sa.Integer(), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_requester_message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "is_open", sa.Boolean(), sa.Computed("status IN ('new', 'open', 'pending')", persisted=True), nullable=False
        ),
        sa.Column(
            "due_key",
            sa.DateTime(timezone=True),
            sa.Computed("COALESCE(due_at, '9999-12-01 00:00:00.000000')", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "priority_rank",
            sa.Integer(),
            sa.Computed(
                "CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END", persisted=True
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["user.id"], name=op.f("fk_ticket_assignee_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_ticket_created_by_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["user.id"], name=op.f("fk_ticket_requester_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_ticket_service_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_ticket_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
    )
    op.create_index("ix_ticket_assignee", "ticket", ["assignee_id", "is_open", "due_key", "id"], unique=False)
    op.create_index("ix_ticket_created", "ticket", ["created_at", "id"], unique=False)
    op.create_index("ix_ticket_open_created", "ticket", ["is_open", "created_at", "id"], unique=False)
    op.create_index("ix_ticket_open_due", "ticket", ["is_open", "due_key", "id"], unique=False)
    op.create_index("ix_ticket_open_priority", "ticket", ["is_open", "priority_rank", "due_key", "id"], unique=False)
    op.create_index("ix_ticket_open_updated", "ticket", ["is_open", "updated_at", "id"], unique=False)
    op.create_index("ix_ticket_requester", "ticket", ["requester_id", "updated_at", "id"], unique=False)
    op.create_index("ix_ticket_service", "ticket", ["service_id", "is_open", "due_key", "id"], unique=False)
    op.create_index("ix_ticket_status", "ticket", ["status", "due_key", "id"], unique=False)
    op.create_index("ix_ticket_team", "ticket", ["team_id", "is_open", "due_key", "id"], unique=False)
    op.create_index(
        "ix_ticket_unassigned",
        "ticket",
        ["is_open", "due_key", "id"],
        unique=False,
        sqlite_where=sa.text("assignee_id IS NULL"),
        postgresql_where=sa.text("assignee_id IS NULL"),
    )
    op.create_index("ix_ticket_updated", "ticket", ["updated_at", "id"], unique=False)
    op.create_index(
        "ix_ticket_waiting",
        "ticket",
        ["waiting_on", "due_key", "id"],
        unique=False,
        sqlite_where=sa.text("waiting_on IS NOT NULL"),
        postgresql_where=sa.text("waiting_on IS NOT NULL"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause_id", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_message_author_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_message_ticket_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("cause_id", name=op.f("uq_message_cause_id")),
    )
    op.create_index("ix_message_ticket_id", "message", ["ticket_id", "id"], unique=False)
    op.create_table(
        "ticket_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=300), nullable=True),
        sa.Column("after", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_ticket_change_actor_id")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_change_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_change")),
    )
    op.create_index("ix_ticket_change_ticket_id", "ticket_change", ["ticket_id", "id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("storage_name", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["user.id"], name=op.f("fk_attachment_uploaded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("storage_name", name=op.f("uq_attachment_storage_name")),
    )
    op.create_index("ix_attachment_message_id", "attachment", ["message_id"], unique=False)
    op.create_index("ix_attachment_uploaded_by_id", "attachment", ["uploaded_by_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attachment_uploaded_by_id", table_name="attachment")
    op.drop_index("ix_attachment_message_id", table_name="attachment")
    op.drop_table("attachment")
    op.drop_index("ix_ticket_change_ticket_id", table_name="ticket_change")
    op.drop_table("ticket_change")
    op.drop_index("ix_message_ticket_id", table_name="message")
    op.drop_table("message")
    op.drop_index(
        "ix_ticket_waiting",
        table_name="ticket",
        sqlite_where=sa.text("waiting_on IS NOT NULL"),
        postgresql_where=sa.text("waiting_on IS NOT NULL"),
    )
    op.drop_index("ix_ticket_updated", table_name="ticket")
    op.drop_index(
        "ix_ticket_unassigned",
        table_name="ticket",
        sqlite_where=sa.text("assignee_id IS NULL"),
        postgresql_where=sa.text("assignee_id IS NULL"),
    )
    op.drop_index("ix_ticket_team", table_name="ticket")
    op.drop_index("ix_ticket_status", table_name="ticket")
    op.drop_index("ix_ticket_service", table_name="ticket")
    op.drop_index("ix_ticket_requester", table_name="ticket")
    op.drop_index("ix_ticket_open_updated", table_name="ticket")
    op.drop_index("ix_ticket_open_priority", table_name="ticket")
    op.drop_index("ix_ticket_open_due", table_name="ticket")
    op.drop_index("ix_ticket_open_created", table_name="ticket")
    op.drop_index("ix_ticket_created", table_name="ticket")
    op.drop_index("ix_ticket_assignee", table_name="ticket")
    op.drop_table("ticket")
    op.drop_table("ticket_counter")
