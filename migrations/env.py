"""Runs the migrations of one tree (host or plugin); the caller passes engine, metadata and version table."""

from __future__ import annotations

from typing import Any

from alembic import context

attributes = context.config.attributes


def _render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Our column types are written as what they are in the database, so that old migrations need no imports."""
    name = type(item).__name__
    if kind == "type" and name == "UTCDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and name == "Choice":
        return "sa.String(length=40)"
    return False


with attributes["engine"].connect() as connection:
    connection = connection.execution_options(begin="IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=attributes["metadata"],
        version_table=attributes["version_table"],
        render_item=_render_item,
        render_as_batch=True,
        compare_type=True,
        include_object=attributes.get("include_object"),
        transactional_ddl=True,  # on SQLite too, since we begin transactions ourselves
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7301)")
        context.run_migrations()
