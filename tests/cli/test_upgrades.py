"""Upgrades: a backup first, one at a time, repeatable after a kill, and never backwards."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command

from helpdesk import create_app
from helpdesk.config import ROOT
from helpdesk.core import migrations, schema
from helpdesk.core.database import db
from tests.cli.conftest import Call
from tests.databases import make_settings
from tests.live import HELPDESK, LiveServer
from tests.waiting import wait_until

BEFORE = "0009_realtime_presence"


@pytest.fixture
def desk(live_server: Callable[..., LiveServer]) -> LiveServer:
    return live_server()


@pytest.fixture
def execute(database_url: str) -> Callable[[str], list[Any]]:
    """Runs statements on the test's database, outside of the program."""

    def run(statements: str) -> list[Any]:
        if database_url.startswith("sqlite"):
            with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
                rows: list[Any] = [connection.execute(one).fetchall() for one in statements.split(";")]
                connection.commit()
                return rows[-1]
        with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as postgres:
            cursor = postgres.execute(statements)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    return run


def backups(desk: LiveServer) -> list[Path]:
    return sorted((desk.folder / "instance" / "backups").glob("*.tar"))


@pytest.fixture
def set_back(database_url: str, tmp_path: Path) -> Callable[[], None]:
    """Makes the database what it was before the last versions of the host."""

    def go_back() -> None:
        with create_app(make_settings(database_url, tmp_path / "instance", plugins="")).app_context():
            config = migrations._config(ROOT / "migrations", schema.HOST_VERSION_TABLE, db.engine)
            command.downgrade(config, BEFORE)
            db.engine.dispose()

    return go_back


@pytest.mark.both_databases
def test_an_upgrade_makes_a_backup_that_can_be_restored(
    desk: LiveServer, call: Call, execute: Any, set_back: Any
) -> None:
    """Restored by the new program, the old schema is brought up to date again."""
    assert call(desk.environment, "user", "create", "ana@helpdesk.example", "--name", "Ana").exit_code == 0
    set_back()
    done = desk.run("migrate")
    assert done.returncode == 0, done.stderr
    [backup] = backups(desk)
    assert str(backup) in done.stdout
    execute("UPDATE \"user\" SET name = 'Bruno'")
    restored = desk.run("restore", str(backup), "--force")
    assert (restored.returncode, "outbox is paused" in restored.stdout) == (0, True), restored.stderr
    assert execute('SELECT name FROM "user"') == [("Ana",)]
    assert execute("SELECT count(*) FROM outbox_hold") == [(1,)]
    assert call(desk.environment, "outbox", "release").exit_code == 0
    assert execute("SELECT count(*) FROM outbox_hold") == [(0,)]


@pytest.mark.database("sqlite")
def test_without_room_for_a_backup_nothing_is_changed(desk: LiveServer, execute: Any, set_back: Any) -> None:
    set_back()
    (desk.folder / "instance").mkdir(exist_ok=True)
    (desk.folder / "instance" / "backups").write_text("in the way")
    done = desk.run("migrate")
    assert (done.returncode, "--no-backup" in done.stderr) == (1, True)
    assert execute("SELECT version_num FROM alembic_version") == [(BEFORE,)]
    done = desk.run("migrate", "--no-backup")
    assert (done.returncode, "No backup is made" in done.stderr) == (0, True)


@pytest.mark.database("sqlite")
def test_an_older_program_refuses_a_newer_database(desk: LiveServer, call: Call, execute: Any) -> None:
    execute("UPDATE alembic_version SET version_num = '0999_later'")
    for word in ("serve", "worker"):
        done = desk.run(word)
        assert (done.returncode, "newer than this program" in done.stderr) == (1, True), word
        assert "Traceback" not in done.stderr
    for word in ("migrate", "doctor"):
        answer = call(desk.environment, word)
        assert (answer.exit_code, "newer than this program" in answer.stderr) == (1, True), word


@pytest.mark.both_databases
def test_the_second_one_to_migrate_waits(
    desk: LiveServer, execute: Any, set_back: Any, database_url: str, tmp_path: Path
) -> None:
    """While somebody has the turn nothing happens; afterwards both are content and one backup was made."""
    set_back()
    started = [HELPDESK, "migrate"]
    with create_app(make_settings(database_url, tmp_path / "instance", plugins="")).app_context():
        with migrations.turn():
            both = [
                subprocess.Popen(started, cwd=desk.folder, env=desk.environment, stdout=-1, stderr=-1, text=True)
                for _one in range(2)
            ]
            with pytest.raises(subprocess.TimeoutExpired):
                both[0].wait(4)
            assert execute("SELECT version_num FROM alembic_version") == [(BEFORE,)]
        for process in both:
            _out, error = process.communicate(timeout=60)
            assert process.returncode == 0, error
        db.engine.dispose()
    assert len(backups(desk)) == 1
    assert execute("SELECT count(*) FROM outbox_hold") == [(0,)]


@pytest.mark.both_databases
def test_killed_half_way_it_goes_through_the_next_time(
    desk: LiveServer, call: Call, execute: Any, set_back: Any
) -> None:
    """Also when a table was being copied: what is left of it would be in the way (SQLite)."""
    set_back()
    running = subprocess.Popen([HELPDESK, "migrate"], cwd=desk.folder, env=desk.environment, stdout=-1, stderr=-1)
    wait_until(lambda: running.poll() is not None or backups(desk), "the backup", 60)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    if desk.environment["HELPDESK_DATABASE_URL"].startswith("sqlite"):
        execute("CREATE TABLE IF NOT EXISTS _alembic_tmp_ticket (id integer)")
    done = desk.run("migrate", "--no-backup")
    assert done.returncode == 0, done.stderr
    set_back()
    again = call(desk.environment, "migrate", "--no-backup")
    assert again.exit_code == 0, again.stderr
    assert "ok  schema" in call(desk.environment, "doctor").stdout
    if desk.environment["HELPDESK_DATABASE_URL"].startswith("sqlite"):
        assert execute("SELECT count(*) FROM sqlite_master WHERE name LIKE '_alembic_tmp_%'") == [(0,)]
