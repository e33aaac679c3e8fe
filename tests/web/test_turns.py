"""Writers of SQLite take turns: who came first is first, in one process and among several."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.core import sqlite
from helpdesk.core.database import transaction
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
