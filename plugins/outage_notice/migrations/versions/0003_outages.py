"""Tickets of an outage, its followers, and what they are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "outage_0003_outages"
down_revision = "outage_0002_banners"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _announcement(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["announcement_id"],
        ["outage_announcement.id"],
        name=op.f(f"fk_{table}_announcement_id"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.add_column(
        "outage_announcement",
        sa.Column("ticket_action", sa.String(length=40), nullable=False, server_default="solve"),
    )
    _create_links()
    _create_followers()
    _create_broadcasts()


def _create_links() -> None:
    table = "outage_ticket_link"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.Column("linked_by_id", sa.Integer(), nullable=True),
        sa.Column("caught_up_at", MOMENT, nullable=False),
        sa.Column("unlinked_at", MOMENT, nullable=True),
        sa.Column("unlinked_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_as", sa.String(length=20), nullable=True),
        _announcement(table),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f(f"fk_{table}_ticket_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["linked_by_id"], ["user.id"], name=op.f(f"fk_{table}_linked_by_id")),
        sa.ForeignKeyConstraint(["unlinked_by_id"], ["user.id"], name=op.f(f"fk_{table}_unlinked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _partial(f"uq_{table}_active", table, ["ticket_id"], "unlinked_at IS NULL AND ended_at IS NULL", unique=True)
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id", "id"])
    op.create_index(f"ix_{table}_ticket_id", table, ["ticket_id", "id"])


def _create_followers() -> None:
    table = "outage_follower"
    op.create_table(
        table,
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("followed_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _announcement(table),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("announcement_id", "user_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _create_broadcasts() -> None:
    table = "outage_broadcast"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        _announcement(table),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f(f"fk_{table}_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("key", name=op.f(f"uq_{table}_key")),
    )
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id", "kind", "created_at"])
    _create_items()


def _create_items() -> None:
    table = "outage_broadcast_item"
    parents = {"broadcast_id": "outage_broadcast", "ticket_id": "ticket", "link_id": "outage_ticket_link"}
    parents |= {"user_id": "user"}
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("told_at", MOMENT, nullable=True),
        *(
            sa.ForeignKeyConstraint([name], [f"{parent}.id"], name=op.f(f"fk_{table}_{name}"), ondelete="CASCADE")
            for name, parent in parents.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("broadcast_id", "ticket_id", name=op.f(f"uq_{table}_broadcast_id_ticket_id")),
    )
    _partial(f"uq_{table}_told", table, ["broadcast_id", "user_id"], "told_at IS NOT NULL", unique=True)
    _partial(f"uq_{table}_follower", table, ["broadcast_id", "user_id"], "ticket_id IS NULL", unique=True)
    _partial(f"ix_{table}_waiting", table, ["due_at", "id"], "state = 'waiting'")
    op.create_index(f"ix_{table}_broadcast_id", table, ["broadcast_id", "id"])


def downgrade() -> None:
    for table in ("outage_broadcast_item", "outage_broadcast", "outage_follower", "outage_ticket_link"):
        op.drop_table(table)
    with op.batch_alter_table("outage_announcement") as batch:
        batch.drop_column("ticket_action")
