"""Brings the schema of the host and of each plugin up or down, each with its own version table.

The host's versions lie in `migrations/versions`, a plugin's in the folder that its `migrations_path` hook names; both
run through `migrations/env.py`. Several processes may start at once: the first one migrates, the others wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from helpdesk.config import ROOT
from helpdesk.core.database import Base, db
from helpdesk.core.postgresql import wait_as_long_as_it_takes
from helpdesk.core.schema import trees

if TYPE_CHECKING:  # imported where it is needed: a start that changes nothing does without
    from alembic.config import Config
    from alembic.script import ScriptDirectory

TURN_SECONDS = 3600  # how long one who migrates waits for another one who does
TURN_KEY = 7302  # PostgreSQL's advisory lock of it

NEWER = (
    "the database is newer than this program: a later version has migrated it. Install that version, or restore the "
    "backup that was made before the upgrade"
)

Versions = Mapping[str, tuple[str, ...]]  # version table -> revisions that stand in it


class SchemaState(StrEnum):
    current = "current"
    behind = "behind"
    newer = "newer"  # it holds revisions that this program does not know


def _config(folder: Path, version_table: str, engine: Engine | None, connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(engine=engine, connection=connection, metadata=Base.metadata, version_table=version_table)
    return config


def _scripts(folder: Path, version_table: str) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(folder, version_table, None))


# --- changing it -------------------------------------------------------------------------------------------------


def upgrade(engine: Engine | None = None) -> None:
    """Bring the database (the current application's by default) to the newest schema, host first."""
    from alembic import command

    for folder, table in trees():
        command.upgrade(_config(folder, table, engine or db.engine), "head")


def upgrade_inside(connection: Connection, versions: Versions | None = None) -> None:
    """The same inside of this connection's transaction; with `versions` to those, and trees not named are left out."""
    from alembic import command

    for folder, table in trees():
        for revision in ("head",) if versions is None else versions.get(table, ()):
            command.upgrade(_config(folder, table, None, connection), revision)


def downgrade() -> None:
    """Take the whole schema down again, plugins first. All data is lost."""
    from alembic import command

    for folder, table in reversed(trees()):
        command.downgrade(_config(folder, table, db.engine), "base")


@contextmanager
def turn() -> Iterator[None]:
    """Hold the right to change the schema; who comes second waits. A process that dies lets go of it."""
    path = db.engine.url.database
    if db.engine.dialect.name == "sqlite":
        # A lock of its own: that of the database is let go of between the trees, and a backup is made before them.
        with closing(sqlite3.connect(f"{path}-migrate", timeout=TURN_SECONDS, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        return
    with db.engine.connect() as connection:
        wait_as_long_as_it_takes(connection)
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": TURN_KEY})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": TURN_KEY})


# --- looking at it -----------------------------------------------------------------------------------------------


def present(connection: Connection, table: str) -> tuple[str, ...]:
    """The revisions in this version table; none when there is no such table."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection, opts={"version_table": table}).get_current_heads()


def unknown_revisions(versions: Versions) -> list[str]:
    """Those that this program and its plugins do not have, by name; for a missing plugin the name of its table."""
    folders = {table: folder for folder, table in trees()}
    unknown = []
    for table, revisions in versions.items():
        if table not in folders:
            unknown.append(table)
            continue
        known = {script.revision for script in _scripts(folders[table], table).walk_revisions()}
        unknown += [revision for revision in revisions if revision not in known]
    return unknown


def state() -> SchemaState:
    """Whether the current application's database is at the newest version of every tree, older, or newer than that."""
    with db.engine.connect() as connection:
        found = {table: present(connection, table) for _folder, table in trees()}
    heads = {table: set(_scripts(folder, table).get_heads()) for folder, table in trees()}
    if all(set(found[table]) == heads[table] for table in heads):
        return SchemaState.current
    return SchemaState.newer if unknown_revisions(found) else SchemaState.behind


def is_current() -> bool:
    """Whether every tree of the current application is at its newest version."""
    return state() is SchemaState.current


def is_empty() -> bool:
    """Whether the database was never migrated."""
    with db.engine.connect() as connection:
        return not any(present(connection, table) for _folder, table in trees())
