"""Who was told a time in an automated reply is told the new one, only they, once for each change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.tickets.models import Message
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Kind, NewUpdate, Weight, also_wanted
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.models import ToldEta
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import Settle, act, call, mails, messages, open_ticket
from tests import factories
from tests.fixtures import People

CHANGED = "That has changed."


@pytest.fixture
def promised(people: People, vpn: Service, clock: FixedClock) -> Announcement:
    """An outage for Finance that should be over at 11:00."""
    eta = clock.now() + timedelta(hours=2)
    return publish(people.teresa, department(people.finance), services=(vpn,), eta=eta, severity=3)


def later(people: People, outage: Announcement, clock: FixedClock, hours: int = 4, **more: Any) -> None:
    new = NewUpdate(text="It takes longer.", eta=clock.now() + timedelta(hours=hours), **more)
    act(announcements.post_update, people.teresa, outage.id, new)


def test_only_who_was_told_and_once(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    cora = factories.make_user("Cora", "requester", people.finance)
    first, second = open_ticket(people.ana, vpn), open_ticket(people.ana, vpn, subject="And again")
    other = open_ticket(cora)  # about something else: the normal reply
    settle()
    clock.advance(minutes=10)
    later(people, promised, clock)  # 13:10
    settle()
    settle()
    told = messages(app, first, CHANGED) + messages(app, second, CHANGED)
    assert len(told) == 1
    assert "11:00" in told[0]
    assert "13:10" in told[0]
    assert len(mails(app, people.ana, CHANGED)) == 1
    assert messages(app, other, CHANGED) == []
    # An update without another time tells nobody, one with another time tells again.
    act(announcements.post_update, people.teresa, promised.id, NewUpdate(text="Still at it."))
    settle()
    assert len(mails(app, people.ana, CHANGED)) == 1
    clock.advance(minutes=5)
    later(people, promised, clock, hours=6)
    settle()
    assert len(mails(app, people.ana, CHANGED)) == 2


def test_who_asks_later_hears_the_new_time_at_once(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    later(people, promised, clock)
    ticket = open_ticket(people.ana, vpn)
    settle()
    assert messages(app, ticket, CHANGED) == []
    assert len(messages(app, ticket, "13:00")) == 1


def test_it_is_a_choice_and_the_default_of_what_is_not_silent(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(minutes=1)
    later(people, promised, clock, correct_eta=False)
    settle()
    assert messages(app, ticket, CHANGED) == []
    for weight, chosen, expected in (
        (Weight.update, None, True), (Weight.alert_again, None, True), (Weight.update, False, False),
        (Weight.silent, None, False), (Weight.silent, True, True),
    ):  # fmt: skip
        assert bool(also_wanted(weight, {"eta"}, answer_tickets=False, correct_eta=chosen)) is expected
    assert also_wanted(Weight.update, {"text"}, answer_tickets=True, correct_eta=True) == ("answer_tickets",)


def test_no_estimate_any_more(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(minutes=1)
    act(announcements.post_update, people.teresa, promised.id, NewUpdate(text="We do not know.", eta=None))
    settle()
    assert "There is no estimate at the moment." in messages(app, ticket, CHANGED)[0]


@pytest.mark.parametrize("is_update", [True, False])
def test_a_maintenance_that_takes_longer(
    app: Flask, people: People, vpn: Service, clock: FixedClock, settle: Settle, is_update: bool
) -> None:
    """The planned end was what the reply said, whether an estimate or another planned end replaces it."""
    start, end = clock.now(), clock.now() + timedelta(hours=1)
    audience = department(people.finance)
    planned = publish(
        people.teresa, audience, services=(vpn,), kind=Kind.maintenance, starts_at=start, planned_end_at=end
    )
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(minutes=70)
    if is_update:
        later(people, planned, clock, hours=2)
    else:
        change = {"planned_end_at": clock.now() + timedelta(hours=2)}
        act(announcements.edit_published, people.teresa, planned.id, change)
    settle()
    settle()
    told = messages(app, ticket, CHANGED)
    assert len(told) == 1
    assert "10:00" in told[0]
    assert "12:10" in told[0]
    assert len(mails(app, people.ana, CHANGED)) == 1


def test_who_left_the_audience_is_told_nothing(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(minutes=1)
    with app.app_context(), transaction() as session:
        session.get_one(User, people.ana.id).department_id = people.sales.id
    later(people, promised, clock)
    settle()
    assert messages(app, ticket, CHANGED) == []


def test_a_reply_that_was_under_way_while_the_time_changed(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    """The reply said 11:00; it is noted only after everybody else was told the new time."""
    ticket = open_ticket(people.ana, vpn)
    settle()
    with app.app_context(), transaction() as session:
        reply = session.query(Message).filter(Message.reason.is_not(None)).one().id
        session.query(ToldEta).delete()
    clock.advance(minutes=1)
    later(people, promised, clock)
    settle()
    assert messages(app, ticket, CHANGED) == []
    call(actions.note_told, reply)
    call(actions.note_told, reply)
    settle()
    settle()
    assert len(messages(app, ticket, CHANGED)) == 1
    with app.app_context():
        assert db.session.query(ToldEta).one().eta == clock.now() + timedelta(hours=4)


def test_an_update_answers_the_tickets_that_wait(
    app: Flask, people: People, promised: Announcement, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(minutes=1)
    diego = factories.make_user("Diego", "requester", people.finance, locale="es")
    theirs = open_ticket(diego, vpn)
    settle()
    new = NewUpdate(text="The gateway restarts.", answer_tickets=True, translations={"es": "La pasarela se reinicia."})
    row = act(announcements.post_update, people.teresa, promised.id, new)
    settle()
    assert call(actions.answer_with_update, promised.id, row.id) is not None  # the one that there is
    settle()
    assert messages(app, ticket, "The gateway restarts.") == ["The gateway restarts."]
    assert len(mails(app, people.ana, "The gateway restarts.")) == 1
    assert messages(app, theirs, "La pasarela se reinicia.") == ["La pasarela se reinicia."]
    assert len(mails(app, diego, "La pasarela se reinicia.")) == 1
