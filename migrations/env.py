"""Runs the migrations of one tree (host or plugin); the caller passes engine, metadata and version table."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

from helpdesk.core.postgresql import wait_as_long_as_it_takes

attributes = context.config.attributes


def _render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Our column types are written as what they are in the database, so that old migrations need no imports."""
    name = type(item).__name__
    if kind == "type" and name == "UTCDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and name == "Choice":
        return "sa.String(length=40)"
    return False


def _remove_leftovers(connection: Connection) -> None:
    """Tables that a copy-and-move was building when its process was killed: they would be in the way of the next."""
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '_alembic_tmp_%'"
    )
    for (name,) in names.fetchall():
        connection.exec_driver_sql(f'DROP TABLE "{name}"')


def _run(connection: Connection) -> None:
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
            wait_as_long_as_it_takes(connection)
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7301)")
        else:
            _remove_leftovers(connection)
        context.run_migrations()
        if connection.dialect.name == "sqlite" and (
            broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        ):
            raise RuntimeError(f"the migration left rows of {broken[0]} that refer to nothing")


def _run_alone(connection: Connection) -> None:
    """In a transaction of its own. SQLite takes the write lock first, and waits long for another one who migrates."""
    if connection.dialect.name != "sqlite":
        _run(connection)
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout = 600000")
    driver.execute("PRAGMA foreign_keys = OFF")  # copying a table drops it, which would delete what refers to it
    try:
        _run(connection.execution_options(begin="IMMEDIATE"))
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")
        driver.execute("PRAGMA busy_timeout = 5000")


if attributes.get("connection") is not None:
    _run(attributes["connection"])
else:
    with attributes["engine"].connect() as own:
        _run_alone(own)
