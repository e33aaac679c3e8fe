"""Fresh, migrated databases: each kind is migrated once per run, and every test gets a copy."""

from __future__ import annotations

import importlib.util
import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from helpdesk import create_app
from helpdesk.config import Settings
from helpdesk.core.database import db
from helpdesk.core.migrations import upgrade
from tests.live import SECRET_KEY

_numbers = itertools.count(1)


def default_plugins() -> str:
    """The plugins that the program loads by default, or none where the plugin's folder was deleted."""
    return "plugins.outage_notice" if importlib.util.find_spec("plugins.outage_notice") else ""


def make_settings(database_url: str, instance_dir: Path, **changes: object) -> Settings:
    """Settings of an application inside the test process, which gevent does not patch."""
    values: dict[str, object] = {
        "database_url": database_url,
        "instance_dir": instance_dir,
        "secret_key": SECRET_KEY,
        "plugins": default_plugins(),
        "HELPDESK_ASYNC": "threading",
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


def migrate(settings: Settings) -> None:
    """Bring the database that the settings name to the newest schema, as `helpdesk migrate` does."""
    with create_app(settings).app_context():
        upgrade()
        db.engine.dispose()


def make_sqlite_template(folder: Path) -> Path:
    """A migrated SQLite database in one file, without a write-ahead log beside it."""
    source, target = folder / "migrated.sqlite3", folder / "template.sqlite3"
    migrate(make_settings(f"sqlite:///{source}", folder))
    connection = sqlite3.connect(source)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
    return target


def copy_sqlite(template: Path, folder: Path) -> str:
    target = folder / "helpdesk.sqlite3"
    shutil.copyfile(template, target)
    return f"sqlite:///{target}"


def _on_server(server_url: str, statement: str, *names: str) -> None:
    with psycopg.connect(server_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _url_of(server_url: str, name: str) -> str:
    return server_url.rsplit("/", 1)[0] + "/" + name


@contextmanager
def postgres_database(server_url: str, template: str | None = None) -> Iterator[str]:
    """The URL of a new database, empty or a copy of the database `template`; dropped afterwards."""
    name = f"t{next(_numbers)}"
    _on_server(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    if template:
        _on_server(server_url, "CREATE DATABASE {} TEMPLATE {}", name, template)
    else:
        _on_server(server_url, "CREATE DATABASE {}", name)
    try:
        yield _url_of(server_url, name)
    finally:
        _on_server(server_url, "DROP DATABASE {} WITH (FORCE)", name)


def make_postgres_template(server_url: str, folder: Path) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    name = "helpdesk_template"
    _on_server(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _on_server(server_url, "CREATE DATABASE {}", name)
    migrate(make_settings(_url_of(server_url, name), folder))
    return name
