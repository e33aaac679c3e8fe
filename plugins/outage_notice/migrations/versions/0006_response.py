"""Who is called, promises, playbooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from plugins.outage_notice.playbooks.shipped import shipped_rows

revision = "outage_0006_response"
down_revision = "outage_0005_detection"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "outage_playbook",
    "outage_escalation_told",
    "outage_escalation",
    "outage_management",
    "outage_promise_policy",
    "outage_briefing",
    "outage_duty",
    "outage_call",
    "outage_preparation",
)


def _key(table: str, column: str, parent: str, *, cascade: bool = True) -> sa.ForeignKeyConstraint:
    ondelete = "CASCADE" if cascade else None
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _announcement(table: str) -> sa.ForeignKeyConstraint:
    return _key(table, "announcement_id", "outage_announcement")


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def upgrade() -> None:
    _create_preparation()
    _create_calls()
    _create_duties()
    _create_briefings()
    _create_policies()
    _create_escalations()
    _create_playbooks()


def _create_preparation() -> None:
    table = "outage_preparation"
    op.create_table(
        table,
        _id("announcement_id"),
        _id("playbook_id", nullable=True),
        sa.Column("playbook_name", sa.String(length=120), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("calls_by_mail", sa.Boolean(), nullable=False),
        sa.Column("checklist", sa.JSON(), nullable=False),
        sa.Column("ticked", sa.JSON(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        _announcement(table),
        _primary(table, "announcement_id"),
    )
    op.create_index(f"ix_{table}_playbook_id", table, ["playbook_id"])


def _create_calls() -> None:
    table = "outage_call"
    op.create_table(
        table,
        _id(),
        _id("announcement_id"),
        sa.Column("cause", sa.String(length=40), nullable=False),
        _id("user_id"),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        _announcement(table),
        _key(table, "user_id", "user"),
        _primary(table, "id"),
        sa.UniqueConstraint(
            "announcement_id", "cause", "user_id", name=op.f(f"uq_{table}_announcement_id_cause_user_id")
        ),
    )
    waiting = sa.text("answered_at IS NULL")
    op.create_index(f"ix_{table}_waiting", table, ["user_id"], sqlite_where=waiting, postgresql_where=waiting)


def _create_duties() -> None:
    table = "outage_duty"
    op.create_table(
        table,
        _id("announcement_id"),
        sa.Column("duty", sa.String(length=40), nullable=False),
        _id("user_id"),
        sa.Column("since_at", MOMENT, nullable=False),
        _announcement(table),
        _key(table, "user_id", "user"),
        _primary(table, "announcement_id", "duty"),
    )


def _create_briefings() -> None:
    table = "outage_briefing"
    op.create_table(
        table,
        _id("announcement_id"),
        sa.Column("callers_say", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("do_not_promise", sa.Text(), nullable=False),
        sa.Column("expected_volume", sa.String(length=200), nullable=False),
        _id("revision"),
        sa.Column("sent_at", MOMENT, nullable=True),
        _id("sent_by_id", nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        _announcement(table),
        _key(table, "sent_by_id", "user", cascade=False),
        _primary(table, "announcement_id"),
    )


def _create_policies() -> None:
    table = "outage_promise_policy"
    minutes = ("first_message", "response", "update", "resolution")
    op.create_table(
        table,
        _id(),
        _id("department_id", nullable=True),
        _id("severity"),
        *(_id(f"{name}_minutes", nullable=True) for name in minutes),
        _id("escalate_minutes"),
        _key(table, "department_id", "department"),
        _primary(table, "id"),
        sa.UniqueConstraint("department_id", "severity", name=op.f(f"uq_{table}_department_id_severity")),
    )
    general = sa.text("department_id IS NULL")
    op.create_index(
        f"uq_{table}_general", table, ["severity"], unique=True, sqlite_where=general, postgresql_where=general
    )
    table = "outage_management"
    op.create_table(table, _id("user_id"), _key(table, "user_id", "user"), _primary(table, "user_id"))


def _create_escalations() -> None:
    table = "outage_escalation"
    op.create_table(
        table,
        _id(),
        _id("announcement_id"),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        _announcement(table),
        _primary(table, "id"),
        sa.UniqueConstraint(
            "announcement_id", "kind", "due_at", "step", name=op.f(f"uq_{table}_announcement_id_kind_due_at_step")
        ),
    )
    told = "outage_escalation_told"
    op.create_table(
        told,
        _id("escalation_id"),
        _id("user_id"),
        _key(told, "escalation_id", table),
        _key(told, "user_id", "user"),
        _primary(told, "escalation_id", "user_id"),
    )
    op.create_index(f"ix_{told}_user_id", told, ["user_id"])


def _create_playbooks() -> None:
    table = "outage_playbook"
    texts = ("title", "description", "workaround", "automated_reply_text")
    lists = ("translations", "blanks", "services", "audience", "checklist", "people", "briefing")
    numbers = ("next_update_minutes", "eta_minutes", "duration_minutes", "lead_minutes", "owner_id")
    op.create_table(
        table,
        _id(),
        sa.Column("slug", sa.String(length=60), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        _id("severity"),
        sa.Column("locale", sa.String(length=10), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in lists),
        sa.Column("service_words", sa.String(length=200), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("mention_in_automated_replies", sa.Boolean(), nullable=False),
        sa.Column("calls_by_mail", sa.Boolean(), nullable=False),
        *(_id(name, nullable=True) for name in numbers),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("reminded_for", sa.Date(), nullable=True),
        _id("revision"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        _key(table, "owner_id", "user", cascade=False),
        _primary(table, "id"),
        sa.UniqueConstraint("slug", name=op.f(f"uq_{table}_slug")),
    )
    op.create_index(f"ix_{table}_review_on", table, ["review_on"])
    _ship_playbooks()


LATER = {"notice_plan"}  # comes with the migration that adds its column


def _ship_playbooks() -> None:
    """Every installation starts with the playbooks that come with the program; each is reviewed within half a year."""
    at = datetime.now(UTC).replace(microsecond=0)
    more = {"created_at": at, "updated_at": at, "review_on": (at + timedelta(days=182)).date()}
    rows = [{name: row[name] for name in row if name not in LATER} | more for row in shipped_rows()]
    json = {name: sa.JSON() for name, value in rows[0].items() if isinstance(value, list | dict)}
    times = {"created_at": MOMENT, "updated_at": MOMENT, "review_on": sa.Date()}
    columns = [sa.column(name, (json | times).get(name)) for name in rows[0]]
    op.bulk_insert(sa.table("outage_playbook", *columns), rows)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
