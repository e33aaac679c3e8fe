"""The end of an outage: everybody who waits is told once, tickets are settled as chosen, and repeats change nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import NotFound
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Status, Waiting
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Kind, NewUpdate, TicketAction
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.rules import What
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.actions import messages as sent
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem
from plugins.outage_notice.outages.queries.links import follows
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import (
    Settle,
    act,
    call,
    link_of,
    mail_text,
    mails,
    messages,
    move,
    open_ticket,
    reload,
    write,
)
from tests import factories
from tests.fixtures import People

pytestmark = pytest.mark.by_turns

OVER = "is over since"
LAST = "The gateway was replaced"
BACK = "It is back, and we are working on it."


@pytest.fixture
def settle(settle: Settle, clock: FixedClock) -> Settle:
    """As everywhere, and then the two minutes pass in which a resolution can be undone."""

    def run() -> None:
        settle()
        clock.advance(minutes=2)
        settle()

    return run


@pytest.fixture
def ticket(people: People, vpn: Service, outage: Announcement, settle: Settle) -> Ticket:
    """Ana's, which waits for the outage."""
    made = open_ticket(people.ana, vpn)
    settle()
    return made


def resolve(people: People, outage: Announcement, **more: Any) -> None:
    act(announcements.resolve, people.teresa, outage.id, f"{LAST}.", **more)


def test_a_second_ticket_says_how_it_ended_without_a_second_mail(
    app: Flask, people: People, vpn: Service, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    second = open_ticket(people.ana, vpn, "Still no VPN")
    settle()
    clock.advance(hours=1)
    before = len(mails(app, people.ana))
    resolve(people, outage)
    settle()
    for one in (ticket, second):
        assert reload(one).status is Status.solved
        assert len(messages(app, one, OVER)) == 1
    assert len(mails(app, people.ana)) == before + 1


def test_what_waits_is_solved_with_one_message(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    clock.advance(hours=1)
    before = len(mails(app, people.ana))
    resolve(people, outage)
    settle()
    assert reload(ticket).status is Status.solved
    [text] = messages(app, ticket, OVER)
    for words in (outage.title, "10:02", LAST, "is solved with it"):
        assert words in text
    assert len(mails(app, people.ana)) == before + 1
    assert link_of(ticket) is None
    write(people.ana, ticket, "It still does not work.")
    assert reload(ticket).status is Status.open


def test_who_wrote_since_is_told_and_left_to_a_person(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    clock.advance(minutes=5)
    write(people.ana, ticket)
    resolve(people, outage)
    settle()
    assert reload(ticket).status is Status.open
    assert "stays open" in messages(app, ticket, OVER)[0]


def test_leaving_open_lets_them_run(people: People, outage: Announcement, ticket: Ticket, settle: Settle) -> None:
    resolve(people, outage, ticket_action=TicketAction.leave)
    settle()
    now = reload(ticket)
    assert (now.status, now.waiting_on) == (Status.open, None)
    assert now.due_at is not None


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize(
    ("call_off", "subject", "said"),
    [
        (announcements.withdraw, "Withdrawn: VPN is down", "was published by mistake, and nothing of it holds."),
        (announcements.cancel, "Cancelled: VPN is down", "was called off."),
    ],
)
def test_what_is_called_off_solves_nothing_and_says_why(
    app: Flask, people: People, vpn: Service, settle: Settle, clock: FixedClock,
    call_off: Any, subject: str, said: str, repeats: bool,
) -> None:  # fmt: skip
    until, kind = clock.now() + timedelta(hours=2), Kind.maintenance if repeats else Kind.incident
    more = {"starts_at": clock.now(), "planned_end_at": until, "recurrence": "FREQ=DAILY"} if repeats else {}
    record = publish(people.teresa, department(people.finance), services=(vpn,), kind=kind, **more)
    ticket = open_ticket(people.ana, vpn)
    settle()
    act(call_off, people.teresa, record.id, "The supplier comes next week.")
    settle()
    assert reload(ticket).status is Status.open
    [text] = messages(app, ticket, said)
    assert "The supplier comes next week." in text
    assert len(mails(app, people.ana, subject)) == 1
    assert messages(app, ticket, OVER) == []


def test_followers_are_told_once_with_or_without_a_ticket(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, settle: Settle
) -> None:
    cora = factories.make_user("Cora", "requester", people.finance)
    assert act(actions.follow, cora, outage.id) is True
    assert act(actions.follow, cora, outage.id) is False
    act(actions.follow, people.ana, outage.id)
    with pytest.raises(NotFound):
        act(actions.follow, people.bruno, outage.id)
    resolve(people, outage)
    settle()
    assert len(mails(app, cora, OVER)) == 1
    assert len(mails(app, people.ana, OVER)) == 1
    assert mails(app, people.bruno, OVER) == []


def test_being_affected_is_following_and_can_be_ended(people: People, outage: Announcement, settle: Settle) -> None:
    act(record_receipt, people.ana, outage.id, 10**6, What.affected)
    settle()
    assert call(follows, outage.id, people.ana.id) is True
    assert act(actions.unfollow, people.ana, outage.id) is True
    assert act(actions.unfollow, people.ana, outage.id) is False
    assert call(follows, outage.id, people.ana.id) is False


def test_repeating_the_ending_tells_nobody_twice(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, settle: Settle
) -> None:
    act(actions.follow, people.ana, outage.id)
    resolve(people, outage)
    settle()
    assert call(actions.close_if_over, outage.id) is None
    with app.app_context():
        items = [i.id for i in db.session.query(BroadcastItem)]
    assert call(actions.send_items, items) == 0
    settle()
    assert len(messages(app, ticket, OVER)) == 1
    with app.app_context():
        assert db.session.query(Broadcast).count() == 1


@pytest.mark.parametrize("moment", ["append_automated_reply", "queue_mail", "change_ticket_inside"])
def test_a_crash_in_the_middle_closes_nothing_by_half(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle,
    monkeypatch: pytest.MonkeyPatch, moment: str,
) -> None:  # fmt: skip
    resolve(people, outage)
    assert call(actions.close_if_over, outage.id) is None  # it can still be undone
    clock.advance(minutes=2)
    call(actions.close_if_over, outage.id)
    with app.app_context():
        [item] = [i.id for i in db.session.query(BroadcastItem)]

    def die(*_arguments: Any, **_more: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(sent, moment, die)
        with pytest.raises(SystemExit):
            call(actions.send_items, [item])
    assert reload(ticket).waiting_on is Waiting.outage
    assert messages(app, ticket, OVER) == []
    settle()
    assert reload(ticket).status is Status.solved
    assert len(messages(app, ticket, OVER)) == 1
    assert len(mails(app, people.ana, OVER)) == 1


def test_reopened_before_anybody_was_told_nothing_is_said(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    resolve(people, outage)
    clock.advance(minutes=2)
    call(actions.close_if_over, outage.id)
    act(announcements.reopen, people.teresa, outage.id, "It is back.")
    settle()
    assert messages(app, ticket, OVER) + messages(app, ticket, BACK) == []
    assert reload(ticket).waiting_on is Waiting.outage
    assert link_of(ticket) is not None


def test_who_moved_hears_neither_that_it_is_over_nor_that_it_is_back(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, vpn: Service, settle: Settle
) -> None:
    cora, dario = (factories.make_user(name, "requester", people.finance) for name in ("Cora", "Dario"))
    act(actions.follow, cora, outage.id)
    theirs = open_ticket(dario, vpn)
    settle()
    with app.app_context(), transaction() as session:  # by a way that tells nobody
        for user in (people.ana, cora):
            session.get_one(User, user.id).department_id = people.sales.id
    resolve(people, outage)
    settle()
    assert messages(app, ticket, OVER) + mails(app, people.ana, OVER) + mails(app, cora, OVER) == []
    assert (reload(ticket).status, reload(theirs).status) == (Status.open, Status.solved)
    assert "#feedback" in mail_text(app, dario, OVER)
    move(dario, people.sales)
    act(announcements.reopen, people.teresa, outage.id, "The part broke again.")
    settle()
    assert messages(app, theirs, BACK) + mails(app, dario, BACK) == []
    assert reload(theirs).status is Status.solved
    assert link_of(theirs) is None


def test_reopened_later_what_was_solved_waits_again_and_is_told_again(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    act(actions.follow, people.ana, outage.id)
    resolve(people, outage)
    settle()
    cora = factories.make_user("Cora", "requester", people.finance)  # came too late to be told anything
    eta = clock.now() + timedelta(hours=2)
    act(announcements.reopen, people.teresa, outage.id, "The part broke again.", eta=eta)
    settle()
    [text] = messages(app, ticket, BACK)
    assert f"We now expect it to be over at about {eta:%H:%M}." in text
    new = NewUpdate(text="Later.", eta=eta + timedelta(hours=1))
    act(announcements.post_update, people.teresa, outage.id, new)
    settle()
    assert f"should be over at about {eta:%H:%M}" in messages(app, ticket, "That has changed.")[0]
    assert "waits for it again" in messages(app, ticket, "The part broke again.")[0]
    assert len(mails(app, people.ana, BACK)) == 1
    assert mails(app, cora, BACK) == []
    assert reload(ticket).waiting_on is Waiting.outage
    assert call(follows, outage.id, people.ana.id) is True
    assert call(actions.open_again, outage.id) == 0
    clock.advance(hours=1)
    resolve(people, outage)
    settle()
    assert reload(ticket).status is Status.solved
    assert len(messages(app, ticket, OVER)) == 2


def test_a_maintenance_that_ends_by_itself_closes_its_tickets(
    app: Flask, people: People, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    hour = timedelta(hours=1)
    publish(
        people.teresa,
        department(people.finance),
        services=(vpn,),
        kind=Kind.maintenance,
        starts_at=clock.now(),
        planned_end_at=clock.now() + hour,
        ends_by_itself=True,
    )
    ticket = open_ticket(people.ana, vpn)
    settle()
    assert reload(ticket).waiting_on is Waiting.outage
    clock.advance(hours=1, seconds=1)
    settle()
    settle()
    assert reload(ticket).status is Status.solved
    assert len(messages(app, ticket, OVER)) == 1
