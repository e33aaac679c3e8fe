"""The demonstration organisation: complete, the same every time, and only for an empty database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk import create_app, demo
from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.rules import DEMO_PASSWORD, Role
from helpdesk.catalog.models import Service, ServiceDepartment
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict, Forbidden
from helpdesk.demo.organisation import ACCOUNTS
from helpdesk.demo.texts.story import Turn
from helpdesk.demo.tickets import STORIES
from helpdesk.tickets.models import Message, Ticket, TicketChange, TicketCounter
from helpdesk.tickets.queries.search import matches
from helpdesk.tickets.rules import DONE_STATUSES, MessageKind, Status, Waiting
from tests.databases import START, copy_sqlite, make_settings
from tests.factories import sign_in


@pytest.fixture
def host(make_app: Callable[[Settings, FixedClock], Flask], settings: Settings, clock: FixedClock) -> Flask:
    """The host alone, with its part of the demonstration."""
    app = make_app(settings.model_copy(update={"plugins": ""}), clock)
    with app.app_context():
        demo.load(clock.now())
    return app


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The same, loaded once for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("demo")
    settings = make_settings(copy_sqlite(sqlite_template, folder), folder).model_copy(update={"plugins": ""})
    app = create_app(settings, FixedClock(START))
    app.config["TESTING"] = True
    with app.app_context():
        demo.load(START)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


@pytest.mark.both_databases
def test_it_is_a_town_council_of_its_size(host: Flask) -> None:
    with host.app_context():
        people = count(User)
        assert 1250 <= people <= 1350
        assert 0.005 < count(User, User.email.is_(None)) / people < 0.015
        assert 3 <= count(User, User.disabled_at.is_not(None)) <= 12
        assert count(User, User.is_demo.is_(False)) == 0
        assert count(Service) == 20
        assert count(Team) == 3
        assert count(Ticket) == 400
        names = set(db.session.scalars(select(Service.name)))
        assert {"VPN", "E-mail", "ERP", "Printing", "Telephone", "Wi-Fi"} <= names
        newest = db.session.scalar(select(func.max(Ticket.number)))
        assert db.session.scalar(select(TicketCounter.last_number)) == newest
        condition = matches("gateway reachable", is_staff=True)
        assert condition is not None
        found = list(db.session.scalars(select(Ticket).where(condition)))
        assert len(found) > 3


def test_the_tree_has_three_levels_and_whole_paths(loaded: Flask) -> None:
    with loaded.app_context():
        rows = {d.id: d for d in db.session.scalars(select(Department))}
        depths = set()
        for department in rows.values():
            path = [int(part) for part in department.path.split("/") if part]
            depths.add(len(path))
            assert path[-1] == department.id
            assert [rows[i].parent_id for i in path] == [None, *path[:-1]]
        assert depths == {1, 2, 3}
        assert {"Finance", "Sales"} <= {d.name for d in rows.values()}


def test_every_service_has_owners_keywords_and_users(loaded: Flask) -> None:
    with loaded.app_context():
        services = list(db.session.scalars(select(Service)))
        used = set(db.session.scalars(select(ServiceDepartment.service_id)))
        assert all(s.owner_team_id and s.keywords and s.description for s in services)
        assert used == {s.id for s in services}
        assert {s.parent_id is None for s in services} == {True, False}


def test_only_the_demonstration_accounts_have_a_password(loaded: Flask) -> None:
    with loaded.app_context():
        rows = db.session.execute(
            select(User.email, User.name, User.role, Department.name)
            .join(Department, Department.id == User.department_id)
            .where(User.password_hash.is_not(None))
        )
        found = {tuple(row) for row in rows}
    assert found == {(a.email, a.name, a.role, a.department) for a in ACCOUNTS}
    assert ("ana@demo.example", "Ana Torres", Role.requester, "Finance") in found
    assert ("bruno@demo.example", "Bruno Alves", Role.requester, "Sales") in found
    assert ("teresa@demo.example", "Teresa Lindgren", Role.technician, "Northbridge Town Council") in found


@pytest.mark.parametrize("email", [account.email for account in ACCOUNTS])
def test_the_accounts_can_sign_in(loaded: Flask, email: str) -> None:
    client: FlaskClient = loaded.test_client()
    assert client.get("/profile").status_code != 200
    with loaded.app_context():
        user = db.session.scalars(select(User).where(User.email == email)).one()
        db.session.expunge(user)
    assert sign_in(client, user, DEMO_PASSWORD)
    assert client.get("/profile").status_code == 200


def test_tickets_stand_in_every_status_with_what_belongs_to_it(loaded: Flask) -> None:
    with loaded.app_context():
        tickets = list(db.session.scalars(select(Ticket)))
    now = START
    assert {t.status for t in tickets} == set(Status)
    for ticket in tickets:
        assert now - timedelta(weeks=8, days=1) < ticket.created_at <= ticket.updated_at <= now
        assert (ticket.waiting_on is Waiting.requester) == (ticket.status is Status.pending)
        assert (ticket.due_at is not None) == (ticket.status in (Status.new, Status.open))
        assert (ticket.closed_at is not None) == (ticket.status is Status.closed)
        if ticket.status in DONE_STATUSES:
            assert ticket.solved_at is not None
        if ticket.status is Status.new:
            assert ticket.assignee_id is None
        else:
            assert ticket.assignee_id is not None
    assert sum(t.status is Status.new for t in tickets) >= 3
    assert sum(t.status not in DONE_STATUSES for t in tickets) >= 40


def test_threads_begin_with_the_request_and_hold_everything(loaded: Flask) -> None:
    with loaded.app_context():
        messages = list(db.session.scalars(select(Message).order_by(Message.ticket_id, Message.id)))
        opened = {t.id: t.created_at for t in db.session.scalars(select(Ticket))}
        history = set(db.session.scalars(select(TicketChange.field)))
    first: dict[int, Message] = {}
    before: dict[int, Message] = {}
    for message in messages:
        first.setdefault(message.ticket_id, message)
        last = before.get(message.ticket_id)
        assert last is None or last.created_at <= message.created_at <= START
        before[message.ticket_id] = message
        assert "{" not in message.body_text
        assert (message.author_id is None) == (message.kind is MessageKind.automated_reply)
    assert first.keys() == opened.keys()
    assert all(m.created_at == opened[t] and m.kind is MessageKind.public_reply for t, m in first.items())
    assert {m.kind for m in messages} == set(MessageKind)
    assert {"opened", "status", "waiting_on", "assignee_id", "team_id", "priority"} <= history


def test_the_demonstration_requesters_have_tickets_of_their_own(loaded: Flask) -> None:
    with loaded.app_context():
        for email, least in (("ana@demo.example", 4), ("bruno@demo.example", 4)):
            own = select(User.id).where(User.email == email).scalar_subquery()
            assert len(set(db.session.scalars(select(Ticket.status).where(Ticket.requester_id == own)))) >= least


def snapshot(app: Flask) -> list[tuple[Any, ...]]:
    with app.app_context():
        people = db.session.execute(select(User.name, User.email, User.created_at).order_by(User.id)).all()
        tickets = db.session.execute(
            select(Ticket.number, Ticket.subject, Ticket.status, Ticket.created_at, Ticket.due_at).order_by(Ticket.id)
        ).all()
        texts = db.session.execute(select(Message.body_text, Message.created_at).order_by(Message.id)).all()
    return [tuple(row) for rows in (people, tickets, texts) for row in rows]


def test_the_same_moment_gives_the_same_organisation(
    make_app: Callable[[Settings, FixedClock], Flask], clock: FixedClock, sqlite_template: Path, tmp_path: Path
) -> None:
    taken = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        settings = make_settings(copy_sqlite(sqlite_template, folder), folder)
        app = make_app(settings.model_copy(update={"plugins": ""}), clock)
        with app.app_context():
            demo.load(START)
        taken.append(snapshot(app))
    assert taken[0] == taken[1]


def test_it_is_refused_where_people_are(loaded: Flask) -> None:
    before = snapshot(loaded)
    with loaded.app_context():
        assert not demo.is_empty()
        with pytest.raises(Conflict):
            demo.load(START)
    assert snapshot(loaded) == before


def test_it_is_refused_in_production(app: Flask) -> None:
    state = app.extensions["helpdesk"]
    state.settings = state.settings.model_copy(update={"env": "production"})
    with app.app_context():
        with pytest.raises(Forbidden):
            demo.load(START)
        assert demo.is_empty()


def test_an_empty_database_is_known_as_such(app: Flask) -> None:
    with app.app_context():
        assert demo.is_empty()


def test_plugins_are_asked_once_and_after_the_host(app: Flask, clock: FixedClock) -> None:
    asked = []
    state = app.extensions["helpdesk"]

    class Witness:
        def call_all(self, hook: str, **arguments: Any) -> list[Any]:
            asked.append((hook, arguments, count(Ticket)))
            return []

    app.extensions["helpdesk"] = replace(state, plugins=Witness())
    with app.app_context():
        demo.load(START)
    assert asked == [("demo_data", {"now": START}, 400)]


def test_every_story_ends_with_an_answer() -> None:
    assert all(told.turns[-1][0] is Turn.answer for told in STORIES)
    assert {told.locale for told in STORIES} == {None, "es", "pt"}
