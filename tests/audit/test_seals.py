"""The seals of the audit log find what was altered, deleted or inserted; the database refuses it anyway."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.audit import actions, queries
from helpdesk.audit.jobs import seal
from helpdesk.audit.models import AuditEntry
from helpdesk.audit.rules import Finding
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, is_postgresql, transaction
from tests import factories
from tests.fixtures import People

pytestmark = pytest.mark.both_databases


def write(app: Flask, *names: str) -> None:
    with app.app_context():
        for name in names:
            with transaction():
                actions.record(None, "thing.done", "thing", name, after={"name": name, "ok": True, "share": 0.5})


def seal_all(app: Flask, clock: FixedClock) -> int:
    with app.app_context():
        return seal(clock.now())


def tamper(app: Flask, statement: str) -> None:
    """What somebody with the database's password could do: switch the triggers off."""
    with app.app_context(), db.engine.begin() as connection:
        if is_postgresql():
            connection.execute(text("SET session_replication_role = replica"))
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))


def findings(app: Flask) -> list[tuple[Finding, str]]:
    with app.app_context():
        return [(p.finding, p.text) for p in queries.verify().problems]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET actor = 'Eve'", "DELETE FROM audit_entry", "UPDATE audit_seal SET hash = ''",
     "DELETE FROM audit_seal"],
)  # fmt: skip
def test_the_database_refuses_to_change_the_log(app: Flask, clock: FixedClock, statement: str) -> None:
    write(app, "a")
    seal_all(app, clock)
    with app.app_context():
        with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
            session.execute(text(statement))
        assert queries.verify().sealed == 1


def test_a_whole_log_is_good(app: Flask, clock: FixedClock) -> None:
    write(app, "a", "b", "c")
    assert seal_all(app, clock) == 3
    assert seal_all(app, clock) == 0
    write(app, "d")
    with app.app_context():
        report = queries.verify()
        assert (report.is_good, report.sealed, report.unsealed) == (True, 3, 1)
        assert queries.verify(report.head).is_good


def test_an_altered_entry_is_found(app: Flask, clock: FixedClock) -> None:
    write(app, "a", "b", "c")
    seal_all(app, clock)
    tamper(app, "UPDATE audit_entry SET actor = 'Eve' WHERE object_id = 'b'")
    assert [finding for finding, _text in findings(app)] == [Finding.altered]


def test_a_deleted_seal_and_a_cut_off_end_are_found(app: Flask, clock: FixedClock) -> None:
    write(app, "a", "b", "c")
    seal_all(app, clock)
    with app.app_context():
        head = queries.verify().head
    tamper(app, "DELETE FROM audit_seal WHERE id = 2")
    assert {finding for finding, _text in findings(app)} >= {Finding.chain, Finding.altered}
    tamper(app, "DELETE FROM audit_seal WHERE id > 1")
    with app.app_context():
        assert not queries.verify(head).is_good


@pytest.mark.database("postgresql")
def test_a_deleted_entry_is_found(app: Flask, clock: FixedClock) -> None:
    write(app, "a", "b", "c")
    seal_all(app, clock)
    tamper(app, "DELETE FROM audit_entry WHERE object_id = 'b'")
    assert [finding for finding, _text in findings(app)] == [Finding.deleted]


def test_an_entry_inserted_with_an_old_date_is_found(app: Flask, clock: FixedClock) -> None:
    write(app, "a")
    clock.advance(hours=2)
    write(app, "b")
    seal_all(app, clock)
    clock.advance(hours=-1)
    write(app, "forged")
    assert [finding for finding, _text in findings(app)] == [Finding.inserted]
    seal_all(app, clock)
    assert [finding for finding, _text in findings(app)] == [Finding.inserted]


def test_a_late_commit_with_a_lower_number_is_sealed_too(app: Flask, clock: FixedClock) -> None:
    write(app, "a", "b", "c")
    seal_all(app, clock)
    with app.app_context(), transaction() as session:
        session.add(AuditEntry(id=50, at=clock.now(), actor="system", action="x.y", object_kind="x", object_id="fast"))
    seal_all(app, clock)
    with app.app_context(), transaction() as session:
        session.add(AuditEntry(id=49, at=clock.now(), actor="system", action="x.y", object_kind="x", object_id="slow"))
    assert seal_all(app, clock) == 1
    with app.app_context():
        assert queries.verify().is_good
        assert queries.list_unsealed(10) == []


def test_administrators_read_the_log(app: Flask, client: FlaskClient, people: People, clock: FixedClock) -> None:
    write(app, *(f"thing{number:02}" for number in range(60)))
    other = app.test_client()
    factories.sign_in(other, people.teresa)
    assert other.get("/admin/audit").status_code == 403
    factories.sign_in(client, people.adam)
    first = client.get("/admin/audit?object_kind=thing").get_data(as_text=True)
    assert "thing59" in first
    assert "thing05" not in first
    cursor = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "thing05" in client.get("/admin/audit" + cursor).get_data(as_text=True)
    assert "thing07" in client.get("/admin/audit?object_kind=thing&object_id=thing07").get_data(as_text=True)
    assert client.get("/admin/audit?cursor=forged").status_code == 422
    with app.app_context():
        assert db.session.scalars(select(AuditEntry)).first() is not None
