"""Which statements of SQLite are carried out at once and which in a thread of their own."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

from helpdesk.core.sqlite import (
    MOST_KNOWN,
    QUICK_SECONDS,
    SLOW_SECONDS,
    QuickStatements,
    SearchingConnection,
)

READ = "SELECT name FROM service WHERE id = ?"


def test_a_statement_is_quick_after_it_was_quick() -> None:
    statements = QuickStatements()
    assert not statements.knows(READ)
    statements.note(READ, QUICK_SECONDS / 2)
    assert statements.knows(READ)
    statements.note(READ, QUICK_SECONDS * 2)
    assert not statements.knows(READ)
    statements.note(READ, QUICK_SECONDS / 2)
    assert statements.knows(READ)


def test_what_was_slow_once_never_counts_as_quick_again() -> None:
    statements = QuickStatements()
    statements.note(READ, SLOW_SECONDS * 2)
    statements.note(READ, 0.0)
    assert not statements.knows(READ)


def test_what_is_remembered_is_bounded() -> None:
    statements = QuickStatements()
    for number in range(MOST_KNOWN * 2):
        statements.note(f"SELECT {number}", 0.0)
    assert sum(statements.knows(f"SELECT {number}") for number in range(MOST_KNOWN * 2)) <= MOST_KNOWN


def test_a_search_fetches_its_rows_in_a_thread() -> None:
    threads: list[int] = []
    options = {"factory": SearchingConnection, "check_same_thread": False}

    def look(number: int) -> int:
        threads.append(threading.get_ident())
        return number

    with closing(sqlite3.connect(":memory:", **options)) as connection:  # type: ignore[call-overload]
        connection.create_function("look", 1, look)
        for is_long in (False, True):
            threads.clear()
            cursor = connection.cursor()
            cursor.is_long = is_long
            cursor.execute("SELECT look(column1) FROM (VALUES (1), (2), (3))")
            assert cursor.fetchall() == [(1,), (2,), (3,)]
            assert (threads[-1] != threading.get_ident()) is is_long
