"""What tests of outages start from: a VPN that Finance uses, an outage of it, and tickets about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.actions import change_user
from helpdesk.accounts.models import Department, User
from helpdesk.accounts.queries import change_of, get_user
from helpdesk.catalog.models import Service
from helpdesk.core.database import db
from helpdesk.mail.models import OutgoingMail
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.scheduling.ticker import run_jobs
from helpdesk.tickets import actions as tickets
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.rules import NewMessage, NewTicket
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.outages.models import BroadcastItem, TicketLink
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.pages.conftest import signed_in
from tests import factories
from tests.fixtures import People

__all__ = ["signed_in"]  # a fixture of the pages' tests, used here too

Settle = Callable[[], None]


@pytest.fixture
def vpn(app: Flask, people: People) -> Service:
    return factories.make_service("VPN", people.town_hall)


@pytest.fixture
def outage(people: People, vpn: Service) -> Announcement:
    """VPN is down for Finance."""
    return publish(people.teresa, department(people.finance), services=(vpn,), keywords="gateway")


@pytest.fixture
def settle(app: Flask) -> Settle:
    """Let everything happen that is due: handlers, jobs, mail."""

    def run() -> None:
        run_until_idle(app)
        run_jobs(app)
        run_until_idle(app)

    return run


@factories.in_app
def open_ticket(user: User, service: Service | None = None, subject: str = "Please help", **more: Any) -> Ticket:
    new = NewTicket(subject, "It does not work.", service.id if service else None, **more)
    return tickets.open_ticket(factories.viewer(user), new)


@factories.in_app
def write(user: User, ticket: Ticket, text: str = "And another thing.", **more: Any) -> None:
    tickets.add_message(factories.viewer(user), ticket.number, NewMessage(text, **more))


@factories.in_app
def reload(ticket: Ticket) -> Ticket:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True)


@factories.in_app
def link_of(ticket: Ticket) -> TicketLink | None:
    """The active row of a ticket."""
    query = db.session.query(TicketLink).filter_by(ticket_id=ticket.id, unlinked_at=None, ended_at=None)
    return query.one_or_none()


@factories.in_app
def act(function: Any, user: User, *args: Any, **more: Any) -> Any:
    return function(factories.viewer(user), *args, **more)


@factories.in_app
def call(function: Any, *args: Any) -> Any:
    return function(*args)


@factories.in_app
def move(user: User, place: Department) -> None:
    """Let a person belong to another department from now on, by the action of administrators."""
    change_user(None, user.id, replace(change_of(get_user(user.id)), department_id=place.id))


def mails(app: Flask, user: User, words: str = "") -> list[str]:
    """The subjects of the mails to a person that hold these words."""
    with app.app_context():
        rows = db.session.query(OutgoingMail).filter_by(recipient=user.email).order_by(OutgoingMail.id).all()
        return [m.subject for m in rows if words in m.subject + m.text]


def mail_text(app: Flask, user: User, words: str) -> str:
    """The text of the one mail to a person that holds these words."""
    with app.app_context():
        rows = db.session.query(OutgoingMail).filter_by(recipient=user.email).all()
        [text] = [m.text for m in rows if words in m.text]
    return text


def messages(app: Flask, ticket: Ticket, words: str) -> list[str]:
    """The texts in a thread that hold these words."""
    with app.app_context():
        rows = db.session.query(Message).filter_by(ticket_id=ticket.id).order_by(Message.id).all()
        return [m.body_text for m in rows if words in m.body_text]


def results(app: Flask, broadcast_id: int) -> list[str | None]:
    """What became of each item: tickets by number, then the followers."""
    with app.app_context():
        rows = db.session.query(BroadcastItem).filter_by(broadcast_id=broadcast_id).all()
        rows.sort(key=lambda item: (item.ticket_id is None, item.ticket_id or 0, item.id))
        return [None if i.result is None else i.result.value for i in rows]
