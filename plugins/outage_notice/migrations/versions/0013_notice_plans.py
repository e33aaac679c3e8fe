"""Notice plans: which channel speaks when, several mails before one start, and who was mailed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugins.outage_notice.playbooks.shipped import shipped_rows

revision = "outage_0013_notice_plans"
down_revision = "outage_0012_inherited_targets"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STEP, PENDING_INDEX, PENDING = "outage_step", "ix_outage_step_pending", sa.text("state = 'pending'")
OLD_KEY, KEY = "uq_outage_step_announcement_id_kind_occurrence_on_plan", "uq_outage_step_planned"
KEY_COLUMNS = ["announcement_id", "kind", "occurrence_on", "plan"]
UNWRITTEN, UNFOLLOWED = sa.text("written_at IS NULL"), sa.text("followed_at IS NULL")


def upgrade() -> None:
    op.add_column("outage_announcement", sa.Column("notice_plan", sa.JSON(), nullable=True))
    op.add_column("outage_announcement", sa.Column("mailed_at", MOMENT, nullable=True))
    op.add_column("outage_playbook", sa.Column("notice_plan", sa.JSON(), nullable=True))
    op.add_column(STEP, sa.Column("minutes_before", sa.Integer(), nullable=False, server_default="0"))
    _change_key(OLD_KEY, KEY, [*KEY_COLUMNS, "minutes_before"])
    _create_mailings()
    _create_people()
    _ship_plans()


def _change_key(former: str, name: str, columns: list[str]) -> None:
    op.drop_index(PENDING_INDEX, table_name=STEP)
    with op.batch_alter_table(STEP) as table:
        table.drop_constraint(former, type_="unique")
        table.create_unique_constraint(name, columns)
    op.create_index(PENDING_INDEX, STEP, ["due_at", "announcement_id"], sqlite_where=PENDING, postgresql_where=PENDING)


def _refers(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def _create_mailings() -> None:
    table = "outage_mailing"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("occurrence_on", sa.String(length=10), nullable=False),
        sa.Column("minutes_before", sa.Integer(), nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("reached_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("without_mailbox", sa.Integer(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=True),
        sa.Column("followed_at", MOMENT, nullable=True),
        _refers(table, "announcement_id", "outage_announcement"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("key", name=op.f(f"uq_{table}_key")),
    )
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id", "id"])
    op.create_index(f"ix_{table}_unwritten", table, ["id"], sqlite_where=UNWRITTEN, postgresql_where=UNWRITTEN)
    op.create_index(
        f"ix_{table}_unfollowed", table, ["announcement_id"], sqlite_where=UNFOLLOWED, postgresql_where=UNFOLLOWED
    )


def _create_people() -> None:
    table = "outage_mailed_person"
    op.create_table(
        table,
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("mailed_at", MOMENT, nullable=False),
        sa.Column("outbox_id", sa.String(length=32), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        _refers(table, "mailing_id", "outage_mailing"),
        _refers(table, "user_id", "user"),
        _refers(table, "announcement_id", "outage_announcement"),
        sa.PrimaryKeyConstraint("mailing_id", "user_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id", "user_id", "mailing_id"])
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _ship_plans() -> None:
    """The playbooks that came with the program and that nobody has changed get their notice plan."""
    playbook = sa.table(
        "outage_playbook",
        sa.column("slug"),
        sa.column("revision"),
        sa.column("notice_plan", sa.JSON(none_as_null=True)),
    )
    for row in shipped_rows():
        if row["notice_plan"] is not None:
            own = (playbook.c.slug == row["slug"], playbook.c.revision == 1)
            op.execute(playbook.update().where(*own).values(notice_plan=row["notice_plan"]))


def downgrade() -> None:
    op.drop_table("outage_mailed_person")
    op.drop_table("outage_mailing")
    # Of several mails before one start the former key can tell one.
    op.execute(sa.text("DELETE FROM outage_step WHERE kind = 'mail' OR (kind = 'remind' AND minutes_before <> 15)"))
    _change_key(KEY, OLD_KEY, KEY_COLUMNS)
    op.drop_column(STEP, "minutes_before")
    op.drop_column("outage_playbook", "notice_plan")
    op.drop_column("outage_announcement", "mailed_at")
    op.drop_column("outage_announcement", "notice_plan")
