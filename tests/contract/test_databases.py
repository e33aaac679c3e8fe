"""Every test gets a database as good as new, of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from tests.databases import PostgresSuite


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.mark.both_databases
@pytest.mark.parametrize("_run", [1, 2])
def test_what_a_test_writes_is_gone_in_the_next(database_url: str, _run: int) -> None:
    with connected(database_url) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM outbox")).scalar() == 0
        before = connection.execute(sa.text("SELECT seq FROM feed_head")).scalar_one()
        connection.execute(sa.text("UPDATE feed_head SET seq = seq + 7"))
    assert before < 7


@pytest.mark.database("postgresql")
def test_a_changed_schema_is_made_anew(pg_suite: PostgresSuite) -> None:
    with connected(pg_suite.reset()) as connection:
        connection.execute(sa.text("ALTER TABLE feed_head ADD COLUMN extra integer"))
    with connected(pg_suite.reset()) as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("feed_head")}
        assert connection.execute(sa.text("SELECT count(*) FROM feed_head")).scalar() == 1
    assert "extra" not in columns


@pytest.mark.database("postgresql")
def test_a_test_may_end_every_connection(pg_suite: PostgresSuite) -> None:
    with connected(pg_suite.reset()) as connection:
        others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(sa.text(f"{others} AND pid <> pg_backend_pid()"))
        connection.execute(sa.text("UPDATE feed_head SET seq = 7"))
    with connected(pg_suite.reset()) as connection:
        assert connection.execute(sa.text("SELECT seq FROM feed_head")).scalar_one() < 7
