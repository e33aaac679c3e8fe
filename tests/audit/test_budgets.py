"""Budgets of the whole installation: time of a search, mails per hour, people of one announcement, and their alarms."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from structlog.testing import capture_logs

from helpdesk.audit import queries as audit
from helpdesk.audit.actions import raise_alarm
from helpdesk.audit.budgets import require_audience
from helpdesk.audit.models import AuditEntry
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, time_limit, transaction
from helpdesk.core.errors import Invalid, TooSlow
from helpdesk.mail.actions import queue_mail
from helpdesk.mail.models import OutgoingMail
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.tickets.actions import open_ticket
from helpdesk.tickets.queries import queue
from helpdesk.tickets.rules import NewTicket
from tests import factories
from tests.fixtures import People

ENDLESS = "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT (x + 1) % 1000 FROM c) SELECT count(*) FROM c) > 0"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of an installation that is allowed next to nothing."""
    small = {"search_seconds": 0.1, "mails_per_hour": 3, "replies_per_hour": 2, "audience_limit": 10}
    return settings.model_copy(update=small)


# --- time --------------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_search_that_takes_too_long_is_stopped_and_the_next_works(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(TooSlow), time_limit():
            db.session.execute(text(f"SELECT 1 WHERE {ENDLESS}")).all()
        assert db.session.scalar(text("SELECT 7")) == 7
        with time_limit():
            assert db.session.scalar(text("SELECT 8")) == 8
        with transaction() as session, time_limit():
            assert session.scalar(text("SELECT 9")) == 9


def test_only_what_is_inside_is_stopped(app: Flask) -> None:
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) SELECT x FROM c"
    quick = f"SELECT count(*) FROM ({numbers}) AS counted"
    with app.app_context():
        with time_limit():
            assert db.session.scalar(text(quick.format(1000))) == 1000
        assert db.session.scalar(text(quick.format(1_500_000))) == 1_500_000, "longer than the limit, and outside of it"


def test_a_page_says_what_to_do_about_a_slow_search(
    app: Flask, client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.sign_in(client, people.ana)
    with app.app_context():
        open_ticket(factories.viewer(people.ana), NewTicket("Printer", "It is out of paper."))
    monkeypatch.setattr(queue, "matches", lambda *_: text(ENDLESS))
    answer = client.get("/tickets?q=printer")
    assert answer.status_code == 503
    assert "longer than 0.1 seconds" in answer.get_data(as_text=True)
    assert "more or longer words" in answer.get_data(as_text=True)
    api = client.get("/api/v1/tickets?q=printer", headers=factories.api_headers(people.ana))
    assert (api.status_code, api.json["code"]) == (503, "too_slow")
    assert "more or longer words" in api.json["detail"]
    assert client.get("/tickets").status_code == 200


# --- budgets -----------------------------------------------------------------------------------------------------


def sent(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(OutgoingMail.id)).all())


def queue_mails(app: Flask, count: int, **options: Any) -> None:
    with app.app_context(), transaction():
        for number in range(count):
            queue_mail("ana@helpdesk.example", "Hello", "Text", event_id=f"{options}{number}", **options)


def alarms(app: Flask, clock: FixedClock) -> list[tuple[str, Any]]:
    with app.app_context():
        return [(entry.object_id, entry.after) for entry in audit.list_alarms(clock.now())]


@pytest.mark.parametrize(("name", "limit", "options"), [("mails", 3, {}), ("replies", 2, {"is_automatic_reply": True})])
def test_mail_beyond_the_budget_waits_and_says_so(
    app: Flask, client: FlaskClient, clock: FixedClock, people: People, name: str, limit: int, options: dict[str, Any]
) -> None:
    factories.sign_in(client, people.adam)
    before = sent(app)
    assert before == 0
    queue_mails(app, limit + 1, **options)
    with capture_logs() as logs:
        run_until_idle(app)
    assert sent(app) == limit
    assert {"event": "alarm", "alarm": name, "limit": limit, "log_level": "error"} in logs
    assert alarms(app, clock) == [(name, {"limit": limit})], "one entry for each hour"
    words = "budget of 3 mails" if name == "mails" else "budget of automatic replies"
    for address in ("/admin/", "/admin/mail"):
        assert words in client.get(address).get_data(as_text=True)
    clock.advance(hours=1, seconds=1)
    run_until_idle(app)
    assert sent(app) == limit + 1, "nothing was lost"
    assert words not in client.get("/admin/mail").get_data(as_text=True)
    clock.advance(hours=24)
    assert alarms(app, clock) == []


def test_an_audience_beyond_the_limit_is_refused_and_written_down(
    app: Flask, client: FlaskClient, clock: FixedClock, people: People
) -> None:
    with app.app_context():
        require_audience(10)
        with pytest.raises(Invalid, match="11 people; at most 10"), transaction():
            require_audience(11)
    assert alarms(app, clock) == [("audience", {"people": 11, "limit": 10})]
    factories.sign_in(client, people.adam)
    page = client.get("/admin/").get_data(as_text=True)
    assert "An announcement for 11 people was refused; 10 are allowed at once." in page


def test_an_alarm_is_written_once_an_hour(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        for _times in range(3):
            raise_alarm("mails", limit=3)
        raise_alarm("replies", limit=2)
        clock.advance(minutes=61)
        raise_alarm("mails", limit=3)
        entries = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "alarm")).all()
    assert sorted(entries) == ["alarm.mails", "alarm.mails", "alarm.replies"]
