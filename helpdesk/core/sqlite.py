"""What SQLite needs to behave: settings of each connection, turns of writers, and threads in the gevent mode."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from helpdesk.core.turns import Turns

T = TypeVar("T")

IMMEDIATE = "IMMEDIATE"  # the option of transactions that write
BUSY_SECONDS = 5.0  # how long a writer waits
PATIENT = f"busy_timeout={BUSY_SECONDS * 1000:.0f}"
AGAIN_SECONDS = (0.0005, 0.002)  # between two attempts to get the lock
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
ENGINE_OPTIONS: dict[str, Any] = {"pool_size": 10, "max_overflow": 40, "pool_timeout": BUSY_SECONDS}
QUICK_SECONDS, SLOW_SECONDS, MOST_KNOWN = 0.001, 0.02, 5000

_turns: WeakKeyDictionary[Engine, Turns] = WeakKeyDictionary()


def tune(engine: Engine) -> None:
    """Make SQLite wait, enforce foreign keys, and begin transactions when and how we say."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin on its own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", PATIENT):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    turns = _turns[engine] = Turns(engine.url.database)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A plain BEGIN that reads and then writes fails at once when another process wrote in between.
        options = connection.get_execution_options()
        if options.get("begin") != IMMEDIATE:
            connection.exec_driver_sql("BEGIN")
        elif "turn" in options:
            _begin_writing(connection, *options["turn"])
        else:
            with _turn(turns) as turn:
                _begin_writing(connection, *turn)

    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        _use_threads(engine)


@contextmanager
def turn_to_write(engine: Engine) -> Iterator[dict[str, Any]]:
    """Wait until a transaction may ask for the write lock; gives the execution options that its connection needs.

    Who waits here holds no connection: among hundreds of writers, readers find one.
    """
    turns = _turns.get(engine)
    if turns is None:
        yield {}
        return
    with _turn(turns) as turn:
        yield {"begin": IMMEDIATE, "turn": turn}


@contextmanager
def _turn(turns: Turns) -> Iterator[tuple[bool, float]]:
    """(whether the turn is ours, until when to try)."""
    ends_at = time.monotonic() + BUSY_SECONDS
    with turns.wait(BUSY_SECONDS) as is_ours:
        yield is_ours, ends_at


def _begin_writing(connection: Connection, is_ours: bool, ends_at: float) -> None:
    """Take the write lock when it is our turn. SQLite's own waiting would sleep up to 0.1 s between two attempts, and
    let those who came last be the first.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute(f"BEGIN {IMMEDIATE}")
                return
            except sqlite3.OperationalError as error:
                if not is_ours or error.sqlite_errorcode & 0xFF not in LOCKED or time.monotonic() > ends_at:
                    raise OperationalError(f"BEGIN {IMMEDIATE}", None, error) from error
            time.sleep(random.uniform(*AGAIN_SECONDS))
    finally:
        driver.execute(f"PRAGMA {PATIENT}")


def _use_threads(engine: Engine) -> None:
    """SQLite works inside C: in a thread only the one greenlet waits for it, not the whole process."""
    quick = QuickStatements()

    @event.listens_for(engine, "do_connect")
    def _with_own_cursors(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["factory"] = SearchingConnection

    @event.listens_for(engine, "do_execute")
    def _execute_somewhere(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        options = context.execution_options
        cursor.is_long = bool(options.get("is_long"))
        if options.get("is_short") or (quick.knows(statement) and not options.get("is_long")):
            quick.note(statement, _execute(cursor, statement, parameters))
        else:
            quick.note(statement, _in_thread(_execute, cursor, statement, parameters))
        return True


def _in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Call it in a thread of the pool. What it raises is raised here; the pool alone would print it besides."""
    from gevent import get_hub

    def call() -> tuple[T | None, BaseException | None]:
        try:
            return function(*arguments), None
        except BaseException as error:
            return None, error

    result, error = get_hub().threadpool.apply(call)
    if error is not None:
        raise error
    return cast(T, result)


class SearchingCursor(sqlite3.Cursor):
    """SQLite looks for the first row when a statement is carried out, and for all others when they are fetched."""

    is_long = False

    def fetchall(self) -> list[Any]:
        if not self.is_long:
            return super().fetchall()
        return _in_thread(super().fetchall)


class SearchingConnection(sqlite3.Connection):
    """Fetches the rows of what may take long in a thread. In the gevent mode only."""

    def cursor(self, factory: Any = SearchingCursor) -> Any:
        return super().cursor(factory)


def _execute(cursor: Any, statement: str, parameters: Any) -> float:
    """How many seconds it took."""
    began = time.perf_counter()
    cursor.execute(statement, parameters)
    return time.perf_counter() - began


class QuickStatements:
    """Which statements take next to nothing whenever they are carried out: a thread would cost more than they do.

    Readers never wait for SQLite's locks, and who has the write lock waits no more. A statement that was slow once,
    with whatever values, stays in its thread.
    """

    def __init__(self) -> None:
        self._quick: set[str] = set()
        self._slow: set[str] = set()

    def knows(self, statement: str) -> bool:
        return statement in self._quick

    def note(self, statement: str, seconds: float) -> None:
        """Remember how long it took this time."""
        if len(self._quick) + len(self._slow) >= MOST_KNOWN:  # lists of values make ever new statements
            self._quick, self._slow = set(), set()
        if seconds > SLOW_SECONDS:
            self._slow.add(statement)
        if statement in self._slow or seconds > QUICK_SECONDS:
            self._quick.discard(statement)
        else:
            self._quick.add(statement)
