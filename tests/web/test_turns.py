"""Writers of SQLite take turns: who came first is first, in one process and among several."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from helpdesk.core import migrations, postgresql, sqlite
from helpdesk.core.database import db, is_away, transaction
from helpdesk.core.errors import Busy
from helpdesk.core.turns import Turns
from tests.waiting import wait_until

HOLDS = """
import sys
from helpdesk.core.turns import Turns
with Turns(sys.argv[1]).wait(5) as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


def test_within_a_process_the_first_is_the_first(tmp_path: Path) -> None:
    turns, order = Turns(str(tmp_path / "db")), list[int]()

    def take(number: int) -> None:
        with turns.wait(20):
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(10)]
    with turns.wait(1) as is_ours:
        assert is_ours
        for number, thread in enumerate(threads, 2):
            thread.start()
            wait_until(lambda n=number: len(turns._queue) == n, "it stands in the queue")  # type: ignore[misc]
    for thread in threads:
        thread.join(20)
    assert order == list(range(10))


def test_among_processes_one_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    turns = Turns(path)
    with turns.wait(0.05) as is_ours:
        assert not is_ours
    other.kill()  # a process that dies keeps no turn
    other.wait()
    with turns.wait(20) as is_ours:
        assert is_ours
    other.stdout.close()
    assert other.stdin is not None
    other.stdin.close()


def test_who_waits_too_long_leaves_the_queue(tmp_path: Path) -> None:
    turns = Turns(str(tmp_path / "db"))
    with turns.wait(1), turns.wait(0.01) as is_ours:
        assert not is_ours
    with turns.wait(0.01) as is_ours:
        assert is_ours


def test_where_no_file_can_be_made_the_queue_of_the_process_remains(tmp_path: Path) -> None:
    turns = Turns(str(tmp_path / "missing" / "db"))
    with turns.wait(1) as is_ours, turns.wait(0.01) as is_others:
        assert (is_ours, is_others) == (True, False)


@pytest.mark.database("sqlite")
def test_a_program_that_takes_no_turns_is_waited_for(
    app: Flask, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not longer than a writer may wait; then it is told, and what follows is not spoiled."""
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
        began = time.monotonic()
        with app.app_context(), pytest.raises(Busy), transaction():
            pass
        assert time.monotonic() - began < 5
        stranger.execute("ROLLBACK")
        with app.app_context(), transaction() as session:
            [(timeout,)] = session.connection().exec_driver_sql("PRAGMA busy_timeout").all()
            assert timeout == 5000


WRITE = "UPDATE feed_head SET seq = seq"


@pytest.fixture
def stranger(database_url: str) -> Iterator[psycopg.Connection]:
    """Another program on the same database, inside a transaction from its first statement on."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        yield connection
        connection.rollback()


def write_around(stranger: psycopg.Connection) -> None:
    with transaction() as session:
        session.execute(text(WRITE))
        stranger.execute(WRITE)  # goes on when the server has ended the idle one
        session.execute(text(WRITE))


def write_where_nobody_may() -> None:
    with transaction() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        session.execute(text(WRITE))


@pytest.mark.database("postgresql")
def test_a_process_that_stands_still_inside_a_transaction_holds_nobody_up(
    app: Flask, stranger: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for it is told after a while, and what it holds is taken from it."""
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.2)
    with app.app_context():
        db.engine.dispose()
        stranger.execute(WRITE)
        with pytest.raises(Busy), transaction() as session:
            session.execute(text(WRITE))
        stranger.rollback()
        with pytest.raises(InternalError) as caught:
            write_around(stranger)
        assert is_away(caught.value)  # which is answered 503, not as a mistake
        stranger.rollback()
        with pytest.raises(InternalError) as caught:
            write_where_nobody_may()
        assert is_away(caught.value)  # a server that is about to take over, or has become a copy
        db.engine.dispose()


@pytest.mark.database("postgresql")
def test_who_migrates_waits_and_holds_its_turn_as_long_as_it_takes(
    app: Flask, stranger: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.1)
    locked = "SELECT count(*) FROM pg_locks, pg_sleep(0.3) WHERE locktype = 'advisory' AND granted"
    with app.app_context():
        db.engine.dispose()
        with migrations.turn():
            assert stranger.execute(locked).fetchone() == (1,)
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "10s"
            postgresql.wait_as_long_as_it_takes(connection)
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"
        db.engine.dispose()
