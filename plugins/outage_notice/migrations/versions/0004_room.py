"""The room: undoing an ending, who checked what, told estimates, reach by minute, drills."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "outage_0004_room"
down_revision = "outage_0003_outages"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NO_DELETE = "what was published is not deleted: withdraw it"


def _new_columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "outage_announcement": (
            sa.Column("undo_until", MOMENT, nullable=True),
            sa.Column("undo_state", sa.JSON(), nullable=True),
            sa.Column("checklist", sa.Text(), nullable=False, server_default=""),
            sa.Column("drill_minutes", sa.Integer(), nullable=False, server_default="60"),
        ),
        "outage_update": (sa.Column("undone_at", MOMENT, nullable=True),),
    }


def upgrade() -> None:
    for table, columns in _new_columns().items():
        for column in columns:
            op.add_column(table, column)
    _create_checked_items()
    _create_told_etas()
    _create_reach_minutes()
    _protect_what_was_published()


def _announcement(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["announcement_id"],
        ["outage_announcement.id"],
        name=op.f(f"fk_{table}_announcement_id"),
        ondelete="CASCADE",
    )


def _create_checked_items() -> None:
    table = "outage_checked_item"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=300), nullable=False),
        sa.Column("is_needed", sa.Boolean(), nullable=False),
        sa.Column("checked_by_id", sa.Integer(), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=False),
        _announcement(table),
        sa.ForeignKeyConstraint(["checked_by_id"], ["user.id"], name=op.f(f"fk_{table}_checked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id", "id"])


def _create_told_etas() -> None:
    table = "outage_told_eta"
    parents = {"ticket_id": "ticket", "user_id": "user"}
    op.create_table(
        table,
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("eta", MOMENT, nullable=True),
        sa.Column("told_at", MOMENT, nullable=False),
        _announcement(table),
        *(
            sa.ForeignKeyConstraint([name], [f"{parent}.id"], name=op.f(f"fk_{table}_{name}"), ondelete="CASCADE")
            for name, parent in parents.items()
        ),
        sa.PrimaryKeyConstraint("announcement_id", "ticket_id", name=op.f(f"pk_{table}")),
    )


def _create_reach_minutes() -> None:
    table = "outage_reach_minute"
    op.create_table(
        table,
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("minute", MOMENT, nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=False),
        _announcement(table),
        sa.PrimaryKeyConstraint("announcement_id", "minute", name=op.f(f"pk_{table}")),
    )


def _protect_what_was_published() -> None:
    """Its timeline would go with it. (The entries themselves are protected with the reviews, which rest on them.)"""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION outage_announcement_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{NO_DELETE}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER outage_announcement_protect BEFORE DELETE ON outage_announcement "
            "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION outage_announcement_is_kept()"
        )
        return
    op.execute(
        "CREATE TRIGGER outage_announcement_no_delete BEFORE DELETE ON outage_announcement "
        f"WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{NO_DELETE}'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER outage_announcement_protect ON outage_announcement")
        op.execute("DROP FUNCTION outage_announcement_is_kept()")
    else:
        op.execute("DROP TRIGGER outage_announcement_no_delete")
    for table in ("outage_reach_minute", "outage_told_eta", "outage_checked_item"):
        op.drop_table(table)
    for table, columns in _new_columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
