"""PostgreSQL's side of backups: every table by COPY, all of them in one snapshot; the schema comes from migrations.

So a backup needs no client programs of the server's version, and can be put into a newer server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from helpdesk.cli.backups.archive import CHUNK, BadBackup, Manifest, Writer
from helpdesk.core import migrations
from helpdesk.core.database import db
from helpdesk.core.postgresql import wait_as_long_as_it_takes
from helpdesk.core.schema import is_version_table

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
    " AND attgenerated = '' ORDER BY attnum"
)
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1"
FOREIGN_KEYS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
)
FUNCTIONS = (
    "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace"
    " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
)


def size() -> int:
    """How many bytes the database takes now."""
    with db.engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())


class PostgresqlCopy:
    """The database as it was at one moment, read in one transaction that sees nothing later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tables"
        self._folder.mkdir()
        self._connection = db.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        wait_as_long_as_it_takes(self._connection)
        self.columns: dict[str, list[str]] = {}
        self.sequences: dict[str, tuple[int, bool]] = {}

    def connect(self) -> sa.Connection:
        return self._connection

    def write(self, archive: Writer) -> None:
        names = [name for (name,) in self._connection.execute(sa.text(TABLES)) if not is_version_table(name)]
        for name in names:
            self.columns[name] = columns_of(self._connection, name)
            path = self._folder / f"{name}.copy"
            command = _copy(name, self.columns[name], "TO STDOUT")
            with _cursor(self._connection) as cursor, open(path, "wb") as file, cursor.copy(command) as rows:
                for row in rows:
                    file.write(row)
            archive.add(f"tables/{name}.copy", path)
            path.unlink()
        # A sequence is not part of a snapshot: read after the rows, it is at least as far as they are.
        for name, last in self._connection.execute(sa.text(SEQUENCES)):
            self.sequences[name] = (1, False) if last is None else (int(last), True)


def _cursor(connection: sa.Connection) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.cursor()


def columns_of(connection: sa.Connection, table: str) -> list[str]:
    """Those that are stored as they are given, not computed from others."""
    return list(connection.execute(sa.text(COLUMNS), {"name": f'"{table}"'}).scalars())


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) " + direction).format(sql.Identifier(table), names)


def load(connection: sa.Connection, manifest: Manifest, folder: Path) -> None:
    """Replace everything in the database by what the backup holds, in this connection's transaction.

    The foreign keys are taken off while rows come in and put on again, which checks them.
    """
    wait_as_long_as_it_takes(connection)
    _drop_everything(connection)
    versions = {table: tuple(revisions) for table, revisions in manifest.schema.items()}
    migrations.upgrade_inside(connection, versions)
    tables = [name for (name,) in connection.execute(sa.text(TABLES)) if not is_version_table(name)]
    if set(tables) != set(manifest.columns):
        raise BadBackup(f"its tables are not those of its schema: {sorted(set(tables) ^ set(manifest.columns))}")
    keys = connection.execute(sa.text(FOREIGN_KEYS)).all()
    for table, name, _definition in keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')  # the log's own protection
        connection.execute(sa.delete(sa.table(table)))  # the first rows, which migrations wrote
        _copy_in(connection, table, manifest.columns[table], folder)
    for table, name, definition in keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
    for name, (last, is_called) in manifest.sequences.items():
        connection.execute(
            sa.text("SELECT setval(to_regclass(:name), :last, :called)"),
            {"name": f'"{name}"', "last": last, "called": is_called},
        )


def _copy_in(connection: sa.Connection, table: str, columns: list[str], folder: Path) -> None:
    path = folder / "tables" / f"{table}.copy"
    with (
        _cursor(connection) as cursor,
        open(path, "rb") as file,
        cursor.copy(_copy(table, columns, "FROM STDIN")) as rows,
    ):
        while chunk := file.read(CHUNK):
            rows.write(chunk)


def _drop_everything(connection: sa.Connection) -> None:
    for name in connection.execute(sa.text(TABLES)).scalars().all():
        connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')
    for name in connection.execute(sa.text(FUNCTIONS)).scalars().all():
        connection.exec_driver_sql(f"DROP FUNCTION {name} CASCADE")
