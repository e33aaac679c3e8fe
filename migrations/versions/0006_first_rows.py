"""The feed head and the ticket counter, and an audit log that the database itself protects."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0006_first_rows"
down_revision = "0005_mail_and_replies"
branch_labels = None
depends_on = None

FIRST_TICKET = 1000


def upgrade() -> None:
    head = sa.table("feed_head", sa.column("id"), sa.column("epoch"), sa.column("seq"))
    op.execute(head.insert().values(id=1, epoch=uuid.uuid4().hex, seq=1))
    counter = sa.table("ticket_counter", sa.column("id"), sa.column("last_number"))
    op.execute(counter.insert().values(id=1, last_number=FIRST_TICKET))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_protect BEFORE UPDATE OR DELETE ON audit_entry "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_entry_protect ON audit_entry")
        op.execute("DROP FUNCTION audit_is_append_only()")
        return
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER audit_entry_no_{verb}")
