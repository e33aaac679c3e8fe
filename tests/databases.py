"""Fresh, migrated databases: each kind is migrated once per run, and every test gets one as good as new.

There are two first states: without any rows of a test's own, and with the people of `tests/fixtures.py`.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from helpdesk import create_app
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.migrations import upgrade
from tests import factories, fixtures
from tests.live import SECRET_KEY

Connection = psycopg.Connection[tuple[object, ...]]

START = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)

SUITE = f"helpdesk_{os.getpid()}_suite"
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


def add_people(settings: Settings) -> fixtures.People:
    """Make the people of the tests in that database."""
    app = create_app(settings, FixedClock(START))
    app.config["TESTING"] = True  # passwords cost next to nothing then, here and whenever somebody signs in
    with factories.present_app(app), app.app_context():
        people = fixtures.make_people()
        db.session.remove()
        db.engine.dispose()
    return people


@dataclass(frozen=True)
class SqliteTemplates:
    """Migrated databases in one file each, without a write-ahead log beside them."""

    migrated: Path
    peopled: Path
    people: fixtures.People


def make_sqlite_templates(folder: Path) -> SqliteTemplates:
    settings = make_settings(f"sqlite:///{folder / 'source.sqlite3'}", folder)
    migrate(settings)
    migrated = _vacuum(folder, "migrated.sqlite3")
    people = add_people(settings)
    return SqliteTemplates(migrated, _vacuum(folder, "peopled.sqlite3"), people)


def _vacuum(folder: Path, name: str) -> Path:
    connection = sqlite3.connect(folder / "source.sqlite3")
    try:
        connection.execute("VACUUM INTO ?", (str(folder / name),))
    finally:
        connection.close()
    return folder / name


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
def postgres_database(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database; dropped afterwards."""
    name = f"helpdesk_{os.getpid()}_{next(_numbers)}"
    _on_server(server_url, "CREATE DATABASE {}", name)
    try:
        yield _url_of(server_url, name)
    finally:
        _on_server(server_url, "DROP DATABASE {} WITH (FORCE)", name)


class PostgresSuite:
    """One migrated database that is put back to its first rows before each test: ten times faster than a copy.

    The role must be a superuser, since foreign keys are off while rows are put back. A test that changes the schema
    is noticed, and the database is then made anew; such a test better uses an empty database.
    """

    def __init__(self, server_url: str, folder: Path) -> None:
        self._server_url, self._folder = server_url, folder
        self.url = _url_of(server_url, SUITE)
        self.people: fixtures.People
        self._build()

    def _connect(self) -> Connection:
        return psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)

    def _build(self) -> None:
        _on_server(self._server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", SUITE)
        _on_server(self._server_url, "CREATE DATABASE {}", SUITE)
        settings = make_settings(self.url, self._folder)
        migrate(settings)
        # One connection for all resets: a new one would read the catalogue of all tables anew, which takes longest.
        self._connection = self._connect()
        self._schema = _schema(self._connection)
        _keep_rows(self._connection, "first_rows")
        self.people = add_people(settings)
        _keep_rows(self._connection, "first_rows_and_people")

    def reset(self, *, peopled: bool = False) -> str:
        """Ends what earlier tests left connected, puts the first rows back, and gives the URL."""
        try:
            self._connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            unchanged = _schema(self._connection) == self._schema
        except psycopg.OperationalError:  # a test ended every connection
            self._connection.close()
            self._connection = self._connect()
            return self.reset(peopled=peopled)
        if not unchanged:
            self.close()
            self._build()
        kept = "first_rows_and_people" if peopled else "first_rows"
        self._connection.execute(sql.SQL("SELECT {}.put_back()").format(sql.Identifier(kept)))
        return self.url

    def close(self) -> None:
        self._connection.close()


def _schema(connection: Connection) -> object:
    """Changes with every table, index, sequence and column."""
    query = (
        "SELECT md5(string_agg(c.relname || a.attname || a.atttypid::text, ',' ORDER BY c.relname, a.attname))"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i', 'S') AND a.attnum > 0"
    )
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _names(connection: Connection, query: str) -> list[sql.Identifier]:
    return [sql.Identifier("public", str(name)) for (name,) in connection.execute(query)]  # type: ignore[arg-type]


def _keep_rows(connection: Connection, schema: str) -> None:
    """Keep what every table and sequence holds now in that schema, with `put_back()` that brings it back."""
    tables = _names(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    sequences = _names(connection, "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
    steps: list[sql.Composable] = [sql.SQL("DELETE FROM {}").format(table) for table in tables]
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for number, table in enumerate(tables):
        if connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)).fetchone():
            kept = sql.Identifier(schema, f"t{number}")
            connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, table))
            restore = sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}")
            steps.append(restore.format(table, kept))
    for sequence in sequences:
        row = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sequence)).fetchone()
        assert row is not None
        name = sequence.as_string(connection)
        steps.append(sql.SQL("PERFORM setval({}, {}, {})").format(name, sql.Literal(row[0]), sql.Literal(row[1])))
    function = "CREATE FUNCTION {}.put_back() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica"
    body = sql.Literal((sql.SQL("BEGIN ") + sql.SQL("; ").join(steps) + sql.SQL("; END")).as_string(connection))
    connection.execute(sql.SQL(function).format(sql.Identifier(schema)) + sql.SQL(" AS {}").format(body))
