"""Brings the schema of the host and of each plugin up or down, each with its own version table.

The host's versions lie in `migrations/versions`, a plugin's in the folder that its `migrations_path` hook names; both
run through `migrations/env.py`. Several processes may start at once: the first one migrates, the others wait.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import Engine

from helpdesk.config import ROOT
from helpdesk.core.database import Base, db

HOST_VERSION_TABLE = "alembic_version"


def _config(engine: Engine, folder: Path, version_table: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(engine=engine, metadata=Base.metadata, version_table=version_table)
    return config


def _trees(app: Flask) -> list[tuple[Path, str]]:
    """(folder, version table) of the host and then of each plugin."""
    plugins = app.extensions["helpdesk"].plugins.call_all("migrations_path")
    return [(ROOT / "migrations", HOST_VERSION_TABLE)] + [
        (path, f"{HOST_VERSION_TABLE}_{name.rpartition('.')[2]}") for name, path in plugins
    ]


def upgrade() -> None:
    """Bring the current application's database to the newest schema, host first."""
    for folder, table in _trees(current_app):
        command.upgrade(_config(db.engine, folder, table), "head")


def downgrade() -> None:
    """Take the whole schema down again, plugins first. All data is lost."""
    for folder, table in reversed(_trees(current_app)):
        command.downgrade(_config(db.engine, folder, table), "base")


def is_current() -> bool:
    """Whether every tree of the current application is at its newest version."""
    for folder, table in _trees(current_app):
        heads = set(ScriptDirectory.from_config(_config(db.engine, folder, table)).get_heads())
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": table})
            if set(context.get_current_heads()) != heads:
                return False
    return True
