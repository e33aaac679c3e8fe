"""Reviews, their actions, feedback; a timeline that cannot be rewritten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0007_reviews"
down_revision = "outage_0006_response"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TIMELINE = "outage_timeline_entry"


def _key(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    _create_reviews()
    _create_actions()
    _create_feedback()
    op.create_index("ix_outage_announcement_actual_start_at", "outage_announcement", ["actual_start_at", "id"])
    _protect_timeline()


def _create_reviews() -> None:
    table = "outage_review"
    texts = ("root_cause", "contributing", "went_well", "to_improve", "luck", "public_summary")
    op.create_table(
        table,
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("noticed_at", MOMENT, nullable=True),
        sa.Column("found_at", MOMENT, nullable=True),
        sa.Column("readers", sa.String(length=40), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("writer_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        _key(table, "announcement_id", "outage_announcement.id", "CASCADE"),
        _key(table, "published_by_id", "user.id"),
        _key(table, "writer_id", "user.id"),
        sa.PrimaryKeyConstraint("announcement_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_published_at", table, ["published_at", "announcement_id"])


def _create_actions() -> None:
    table, is_open = "outage_review_action", sa.text("done_at IS NULL")
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("remind_at", MOMENT, nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        _key(table, "announcement_id", "outage_announcement.id", "CASCADE"),
        _key(table, "owner_id", "user.id"),
        _key(table, "ticket_id", "ticket.id", "SET NULL"),
        _key(table, "done_by_id", "user.id"),
        _key(table, "created_by_id", "user.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id", "id"])
    for columns in (["owner_id", "due_on"], ["remind_at", "id"]):
        op.create_index(f"ix_{table}_{columns[0]}", table, columns, sqlite_where=is_open, postgresql_where=is_open)


def _create_feedback() -> None:
    table = "outage_feedback"
    op.create_table(
        table,
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=False),
        _key(table, "announcement_id", "outage_announcement.id", "CASCADE"),
        _key(table, "user_id", "user.id", "CASCADE"),
        _key(table, "department_id", "department.id", "SET NULL"),
        sa.PrimaryKeyConstraint("announcement_id", "user_id", "side", name=op.f(f"pk_{table}")),
    )


def _protect_timeline() -> None:
    """An entry never changes; it goes only with a draft that is deleted."""
    published = "EXISTS (SELECT 1 FROM outage_announcement a WHERE a.id = OLD.announcement_id AND a.status <> 'draft')"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION outage_timeline_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'DELETE' AND NOT {published} THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION 'the timeline is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {TIMELINE}_protect BEFORE UPDATE OR DELETE ON {TIMELINE} "
            "FOR EACH ROW EXECUTE FUNCTION outage_timeline_is_append_only()"
        )
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END"
    op.execute(f"CREATE TRIGGER {TIMELINE}_no_update BEFORE UPDATE ON {TIMELINE} {refuse}")
    op.execute(f"CREATE TRIGGER {TIMELINE}_no_delete BEFORE DELETE ON {TIMELINE} WHEN {published} {refuse}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {TIMELINE}_protect ON {TIMELINE}")
        op.execute("DROP FUNCTION outage_timeline_is_append_only()")
    else:
        op.execute(f"DROP TRIGGER {TIMELINE}_no_update")
        op.execute(f"DROP TRIGGER {TIMELINE}_no_delete")
    op.drop_index("ix_outage_announcement_actual_start_at", table_name="outage_announcement")
    for table in ("outage_feedback", "outage_review_action", "outage_review"):
        op.drop_table(table)
