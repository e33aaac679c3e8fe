"""Surges and alerts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "outage_0005_detection"
down_revision = "outage_0004_room"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _refers(table: str, column: str, parent: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    _create_counts()
    _create_surges()
    _create_alert_rules()
    _create_alerts()


def _create_counts() -> None:
    op.create_table(
        "outage_surge_limits",
        _column("id", sa.Integer()),
        _column("tickets", sa.Integer()),
        _column("factor", sa.Float()),
        _column("minutes", sa.Integer()),
        _column("silence_minutes", sa.Integer()),
        _key("outage_surge_limits"),
    )
    table = "outage_surge_report"
    op.create_table(
        table,
        _column("key", sa.String(length=60)),
        _column("ticket_id", sa.Integer()),
        _column("requester_id", sa.Integer()),
        _column("at", MOMENT),
        _refers(table, "ticket_id", "ticket", "CASCADE"),
        _refers(table, "requester_id", "user", "CASCADE"),
        _key(table, "key", "ticket_id"),
    )
    op.create_index(f"ix_{table}_key", table, ["key", "at", "requester_id"])
    op.create_index(f"ix_{table}_at", table, ["at"])
    op.create_index(f"ix_{table}_ticket_id", table, ["ticket_id"])
    table = "outage_surge_hour"
    op.create_table(
        table,
        _column("key", sa.String(length=60)),
        _column("hour", MOMENT),
        _column("people", sa.Integer()),
        _column("peak", sa.Integer()),
        _key(table, "key", "hour"),
    )
    op.create_index(f"ix_{table}_hour", table, ["hour"])


def _create_surges() -> None:
    table = "outage_surge"
    op.create_table(
        table,
        _column("id", sa.Integer()),
        _column("key", sa.String(length=60)),
        _column("service_id", sa.Integer(), nullable=True),
        _column("word", sa.String(length=40), nullable=True),
        _column("state", sa.String(length=40)),
        _column("detected_at", MOMENT),
        _column("first_at", MOMENT),
        _column("last_at", MOMENT),
        _column("window_minutes", sa.Integer()),
        _column("people", sa.Integer()),
        _column("normal", sa.Float()),
        _column("needed", sa.Integer()),
        _column("silenced_until", MOMENT, nullable=True),
        _column("settled_at", MOMENT, nullable=True),
        _column("settled_by_id", sa.Integer(), nullable=True),
        _column("announcement_id", sa.Integer(), nullable=True),
        _column("evidence", sa.JSON()),
        _refers(table, "service_id", "service", "CASCADE"),
        _refers(table, "settled_by_id", "user"),
        _refers(table, "announcement_id", "outage_announcement", "SET NULL"),
        _key(table),
    )
    _partial(f"uq_{table}_open", table, ["key"], "state = 'open'")
    op.create_index(f"ix_{table}_key", table, ["key", "id"])
    op.create_index(f"ix_{table}_state", table, ["state", "id"])
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id"])


def _create_alert_rules() -> None:
    table = "outage_alert_rule"
    op.create_table(
        table,
        _column("id", sa.Integer()),
        _column("name", sa.String(length=120)),
        _column("matchers", sa.String(length=2000)),
        _column("service_id", sa.Integer()),
        _column("effect", sa.String(length=40)),
        _column("severity", sa.Integer(), nullable=True),
        _column("audience", sa.String(length=40)),
        _column("publishes", sa.Boolean()),
        _column("publishes_by_id", sa.Integer(), nullable=True),
        _column("is_active", sa.Boolean()),
        _column("position", sa.Integer()),
        _column("revision", sa.Integer()),
        _refers(table, "service_id", "service", "CASCADE"),
        _refers(table, "publishes_by_id", "user", "SET NULL"),
        _key(table),
    )
    op.create_index(f"ix_{table}_position", table, ["position", "id"])


def _create_alerts() -> None:
    table = "outage_alert"
    op.create_table(
        table,
        _column("id", sa.Integer()),
        _column("source", sa.String(length=60)),
        _column("fingerprint", sa.String(length=120)),
        _column("group_key", sa.String(length=300)),
        _column("title", sa.String(length=200)),
        _column("status", sa.String(length=40)),
        _column("starts_at", MOMENT),
        _column("ends_at", MOMENT, nullable=True),
        _column("changes", sa.JSON()),
        _column("flapping_noted_at", MOMENT, nullable=True),
        _column("service_id", sa.Integer(), nullable=True),
        _column("announcement_id", sa.Integer(), nullable=True),
        _refers(table, "service_id", "service", "SET NULL"),
        _refers(table, "announcement_id", "outage_announcement", "SET NULL"),
        _key(table),
        sa.UniqueConstraint("source", "fingerprint", name=op.f(f"uq_{table}_source_fingerprint")),
    )
    op.create_index(f"ix_{table}_announcement_id", table, ["announcement_id"])
    op.create_index(f"ix_{table}_status", table, ["status", "id"])
    _create_signals()


def _create_signals() -> None:
    table = "outage_alert_signal"
    op.create_table(
        table,
        _column("id", sa.Integer()),
        _column("alert_id", sa.Integer()),
        _column("status", sa.String(length=40)),
        _column("starts_at", MOMENT),
        _column("received_at", MOMENT),
        _column("title", sa.String(length=200)),
        _column("description", sa.String(length=2000)),
        _column("labels", sa.JSON()),
        _column("outcome", sa.String(length=40)),
        _column("rule_id", sa.Integer(), nullable=True),
        _column("announcement_id", sa.Integer(), nullable=True),
        _column("received_by_id", sa.Integer(), nullable=True),
        _refers(table, "alert_id", "outage_alert", "CASCADE"),
        _refers(table, "rule_id", "outage_alert_rule", "SET NULL"),
        _refers(table, "announcement_id", "outage_announcement", "SET NULL"),
        _refers(table, "received_by_id", "user"),
        _key(table),
        sa.UniqueConstraint("alert_id", "starts_at", "status", name=op.f(f"uq_{table}_alert_id_starts_at_status")),
    )
    op.create_index(f"ix_{table}_received_at", table, ["received_at", "id"])
    op.create_index(f"ix_{table}_rule_id", table, ["rule_id"])


TABLES = (
    "outage_alert_signal",
    "outage_alert",
    "outage_alert_rule",
    "outage_surge",
    "outage_surge_hour",
    "outage_surge_report",
    "outage_surge_limits",
)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
