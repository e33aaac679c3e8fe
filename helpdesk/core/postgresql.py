"""What PostgreSQL needs to behave: nobody waits without end for what somebody else holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event

# A server that vanished without a word is given up within half a minute; the system would wait for hours.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
LOCK_SECONDS = 10.0  # how long a statement waits for a row or table
FREE_SECONDS = 10.0  # how long a request waits for a connection
# Whoever stands still inside a transaction for so long, such as a frozen process, loses it to those who wait.
IDLE_SECONDS = 60.0
ENGINE_OPTIONS: dict[str, Any] = {
    "pool_size": 10,
    "max_overflow": 20,
    "pool_timeout": FREE_SECONDS,
    "pool_pre_ping": True,
    "connect_args": PATIENCE,
}


def tune(engine: Engine) -> None:
    """Bound all waiting inside of the server. By statements: poolers in between refuse unknown options of a start."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {LOCK_SECONDS * 1000:.0f}")
        connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000:.0f}")
        connection.commit()


def wait_as_long_as_it_takes(connection: Connection) -> None:
    """For the running transaction of a command that an operator watches, such as a migration: no limits."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
