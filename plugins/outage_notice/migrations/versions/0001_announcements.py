"""The first schema: announcements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0001_announcements"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outage_announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("suggested_severity", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("workaround", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("must_confirm", sa.Boolean(), nullable=False),
        sa.Column("must_confirm_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("show_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("show_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_by_itself", sa.Boolean(), nullable=False),
        sa.Column("recurrence", sa.String(length=500), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("wall_times", sa.JSON(), nullable=False),
        sa.Column("eta", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mention_in_automated_replies", sa.Boolean(), nullable=False),
        sa.Column("automated_reply_text", sa.Text(), nullable=False),
        sa.Column("keywords", sa.String(length=500), nullable=False),
        sa.Column("is_drill", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("loud_revision", sa.Integer(), nullable=False),
        sa.Column("loud_seq", sa.Integer(), nullable=False),
        sa.Column("feed_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_outage_announcement_created_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_outage_announcement_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_announcement")),
    )
    op.create_index("ix_outage_announcement_closed_at", "outage_announcement", ["closed_at", "id"], unique=False)
    op.create_index("ix_outage_announcement_status", "outage_announcement", ["status", "starts_at"], unique=False)
    op.create_index("ix_outage_announcement_updated_at", "outage_announcement", ["updated_at", "id"], unique=False)
    op.create_table(
        "outage_affected_service",
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_affected_service_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_outage_affected_service_service_id")),
        sa.PrimaryKeyConstraint("announcement_id", "service_id", name=op.f("pk_outage_affected_service")),
    )
    op.create_index("ix_outage_affected_service_service_id", "outage_affected_service", ["service_id"], unique=False)
    op.create_table(
        "outage_audience_target",
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_audience_target_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "kind", "ref", name=op.f("pk_outage_audience_target")),
    )
    op.create_table(
        "outage_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("occurrence_on", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_step_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_step")),
        sa.UniqueConstraint(
            "announcement_id",
            "kind",
            "occurrence_on",
            "plan",
            name=op.f("uq_outage_step_announcement_id_kind_occurrence_on_plan"),
        ),
    )
    op.create_index("ix_outage_step_state_due_at", "outage_step", ["state", "due_at"], unique=False)
    op.create_table(
        "outage_timeline_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_outage_timeline_entry_actor_id")),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_timeline_entry_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_timeline_entry")),
    )
    op.create_index(
        "ix_outage_timeline_entry_announcement_id", "outage_timeline_entry", ["announcement_id", "id"], unique=False
    )
    op.create_table(
        "outage_translation",
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("workaround", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_translation_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "locale", name=op.f("pk_outage_translation")),
    )
    op.create_table(
        "outage_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("eta", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["outage_announcement.id"],
            name=op.f("fk_outage_update_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_outage_update_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_update")),
    )
    op.create_index("ix_outage_update_announcement_id", "outage_update", ["announcement_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outage_update_announcement_id", table_name="outage_update")
    op.drop_table("outage_update")
    op.drop_table("outage_translation")
    op.drop_index("ix_outage_timeline_entry_announcement_id", table_name="outage_timeline_entry")
    op.drop_table("outage_timeline_entry")
    op.drop_index("ix_outage_step_state_due_at", table_name="outage_step")
    op.drop_table("outage_step")
    op.drop_table("outage_audience_target")
    op.drop_index("ix_outage_affected_service_service_id", table_name="outage_affected_service")
    op.drop_table("outage_affected_service")
    op.drop_index("ix_outage_announcement_updated_at", table_name="outage_announcement")
    op.drop_index("ix_outage_announcement_status", table_name="outage_announcement")
    op.drop_index("ix_outage_announcement_closed_at", table_name="outage_announcement")
    op.drop_table("outage_announcement")
