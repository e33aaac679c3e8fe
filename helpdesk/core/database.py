"""The database: model base, column types and transactions. What SQLite needs to behave is in `sqlite`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, String, Table, make_url
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import InternalError, OperationalError, PendingRollbackError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from helpdesk.core import failpoints
from helpdesk.core.errors import Busy, TooSlow
from helpdesk.core.postgresql import ENGINE_OPTIONS as POSTGRESQL_OPTIONS
from helpdesk.core.postgresql import tune as tune_postgresql
from helpdesk.core.sqlite import ENGINE_OPTIONS as SQLITE_OPTIONS
from helpdesk.core.sqlite import tune as tune_sqlite
from helpdesk.core.sqlite import turn_to_write

PROGRESS_STEPS = 20_000  # of SQLite's machine between two looks at the time limit: about a millisecond


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Several rows of one page may be read after the action that wrote them committed: they are not expired by it.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out, on both databases. A naive value is an error, never a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value if value is None else value.astimezone(UTC)


class Choice(TypeDecorator[Any]):
    """A StrEnum stored as its value; anything else is refused on the way in."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.enum(value)


class NestedTransaction(RuntimeError):
    """An action was called inside another one's transaction: half of the caller's work could be committed."""


@contextmanager
def transaction() -> Iterator[Session]:
    """One write transaction of the current application: commits at the end, rolls back on any exception.

    On SQLite it takes the write lock at once, so that nothing read inside can be outdated when it is written.
    Raises `NestedTransaction` inside another one and `Busy` when the lock or the database cannot be had.
    """
    if g.get("_in_transaction"):
        raise NestedTransaction("transactions do not nest")
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("rows were changed outside of a transaction")
    session.rollback()  # ends the read transaction, and expires what it had loaded
    g._in_transaction = True
    g._after_commit = []
    try:
        with turn_to_write(db.engine) as options:
            g._connection = session.connection(execution_options=options)
        yield session
        session.commit()
    except OperationalError as error:
        session.rollback()
        if _is_lock_timeout(error):
            raise Busy() from error
        if _is_unusable(error):
            db.engine.dispose()  # the file is opened anew, perhaps by then for writing
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        callbacks, g._after_commit = g._after_commit, []
        g._in_transaction, g._connection = False, None
    if callbacks:
        failpoints.hit("after_commit")
    for callback in dict.fromkeys(callbacks):
        callback()


@contextmanager
def time_limit() -> Iterator[None]:
    """For what searches or exports: reads inside are stopped after `search_seconds` of the settings.

    Also to be used as a decorator. Raises TooSlow. Inside a transaction, whose work would be lost, it does nothing.
    """
    if is_in_transaction():
        yield
        return
    seconds: float = current_app.extensions["helpdesk"].settings.search_seconds
    session = db.session()
    connection = session.connection()
    try:
        with _stopping(connection, seconds):
            yield
    except OperationalError as error:
        session.rollback()
        if _is_stopped(error):
            raise TooSlow(seconds) from error
        raise


@contextmanager
def _stopping(connection: Connection, seconds: float) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(seconds * 1000)}")
        yield
        connection.exec_driver_sql("SET LOCAL statement_timeout = DEFAULT")
        return
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, PROGRESS_STEPS)
    connection.execution_options(is_long=True)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
        connection.execution_options(is_long=False)


def _is_stopped(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", "") == "57014" or str(error.orig) == "interrupted"


def is_in_transaction() -> bool:
    return bool(g.get("_in_transaction"))


def after_commit(callback: Callable[[], None]) -> None:
    """Call this once after the running transaction has committed, not at all if it does not. Must not raise."""
    require_transaction()
    g._after_commit.append(callback)


def require_transaction() -> Session:
    """The session of the running transaction; an error where there is none."""
    if not g.get("_in_transaction"):
        raise RuntimeError("this needs a transaction")
    return db.session()


def require_connection() -> Connection:
    """The connection of the running transaction, for statements past the ORM; an error where there is none."""
    connection: Connection | None = g.get("_connection")
    if connection is None:
        raise RuntimeError("this needs a transaction")
    return connection


def _is_lock_timeout(error: OperationalError) -> bool:
    text = str(error.orig).lower()
    return "locked" in text or "lock timeout" in text or "busy" in text


def is_away(error: BaseException | None) -> bool:
    """Whether this says that PostgreSQL is not there, ends, begins, takes no writes or has ended a transaction that
    stood still: nothing is wrong with what was asked.
    """
    if isinstance(error, PendingRollbackError):
        return "reconnect" in str(error)
    orig: Any = getattr(error, "orig", None)
    if not isinstance(error, OperationalError | InternalError) or not hasattr(orig, "sqlstate"):
        return False  # SQLite's say what is wrong
    code: str | None = orig.sqlstate
    return code is None or code.startswith(("08", "57P", "25006", "25P03"))


def _is_unusable(error: OperationalError) -> bool:
    """Whether SQLite's file was opened for reading only, or failed: connections keep that for as long as they live."""
    text = str(error.orig).lower()
    return db.engine.dialect.name == "sqlite" and ("readonly" in text or "disk i/o" in text)


def init_database(app: Flask, url: str) -> None:
    """Bind the application to `url` and tune the engine. Connects to nothing yet."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    options: dict[str, Any] = {"hide_parameters": True}  # error texts would print password hashes
    if url.startswith("postgresql"):
        options |= POSTGRESQL_OPTIONS
    elif make_url(url).database not in (None, "", ":memory:"):
        options |= SQLITE_OPTIONS
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        tune_sqlite(db.engine)
        tune_postgresql(db.engine)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that are made once and carried out past the ORM."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not one table")
    return table


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def insert_into(target: type[Base] | Table, *, for_postgresql: bool | None = None) -> PostgresqlInsert | SqliteInsert:
    """An INSERT with `on_conflict_do_nothing()` and `on_conflict_do_update()`, for the database of the application.

    `for_postgresql` says which one where a statement is made once and kept.
    """
    is_for_postgresql = is_postgresql() if for_postgresql is None else for_postgresql
    return PostgresqlInsert(target) if is_for_postgresql else SqliteInsert(target)
