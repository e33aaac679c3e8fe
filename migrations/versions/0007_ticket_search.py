"""The text index of tickets: what everybody in a ticket may read, and apart from it what only staff may."""

from __future__ import annotations

from alembic import op

revision = "0007_ticket_search"
down_revision = "0006_first_rows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE ticket_search ("
            "ticket_id integer CONSTRAINT pk_ticket_search PRIMARY KEY"
            " CONSTRAINT fk_ticket_search_ticket_id REFERENCES ticket (id) ON DELETE CASCADE,"
            " public_doc tsvector NOT NULL, staff_doc tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_ticket_search_public_doc ON ticket_search USING gin (public_doc)")
        op.execute("CREATE INDEX ix_ticket_search_staff_doc ON ticket_search USING gin (staff_doc)")
        return
    op.execute(
        "CREATE VIRTUAL TABLE ticket_search USING fts5"
        "(public_doc, staff_doc, tokenize = 'unicode61 remove_diacritics 2')"
    )
    op.execute(
        "CREATE TRIGGER ticket_search_forget AFTER DELETE ON ticket "
        "BEGIN DELETE FROM ticket_search WHERE rowid = OLD.id; END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TRIGGER ticket_search_forget")
    op.execute("DROP TABLE ticket_search")
