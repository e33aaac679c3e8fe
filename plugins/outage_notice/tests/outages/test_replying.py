"""A reply to all: each in its own thread and mail, nobody twice, not those who wrote, and whole after a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.tickets.actions import set_status
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.rules import Status, Waiting
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.actions import messages as sent
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem
from plugins.outage_notice.outages.queries.broadcasts import audience_of_reply
from plugins.outage_notice.outages.queries.links import follows
from plugins.outage_notice.outages.rules import ATTEMPTS, ItemState
from plugins.outage_notice.tests.outages.conftest import (
    Settle,
    act,
    call,
    link_of,
    mails,
    messages,
    move,
    open_ticket,
    reload,
    results,
    write,
)
from tests import factories
from tests.fixtures import People

pytestmark = pytest.mark.by_turns

WORDS = "We know the cause"


@pytest.fixture
def colleagues(people: People) -> list[Any]:
    """Three more people in Finance."""
    return [factories.make_user(name, "requester", people.finance) for name in ("Cora", "Dario", "Elsa")]


@pytest.fixture
def waiting(people: People, colleagues: list[Any], vpn: Service, outage: Announcement, settle: Settle) -> list[Ticket]:
    """A linked ticket of each of the three."""
    tickets = [open_ticket(user, vpn) for user in colleagues]
    settle()
    return tickets


def reply(people: People, outage: Announcement, key: str = "one", text: str = WORDS) -> Broadcast:
    found: Broadcast = act(actions.start_reply, people.carla, outage.id, text, key)
    return found


def test_everybody_gets_it_in_the_own_thread_and_by_mail(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], colleagues: list[Any], settle: Settle
) -> None:
    started = reply(people, outage)
    assert results(app, started.id) == [None, None, None]
    settle()
    assert results(app, started.id) == ["told", "told", "told"]
    for ticket, user in zip(waiting, colleagues, strict=True):
        assert messages(app, ticket, WORDS) == [WORDS]
        assert len(mails(app, user, WORDS)) == 1
        assert reload(ticket).waiting_on is Waiting.outage
    with app.app_context():
        row = db.session.query(Message).filter_by(body_text=WORDS).first()
        assert row is not None
        assert row.author_id == people.carla.id


def test_who_wrote_since_is_left_to_a_person_until_it_waits_again(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], clock: FixedClock, settle: Settle,
    colleagues: list[Any],
) -> None:  # fmt: skip
    clock.advance(minutes=1)
    write(colleagues[1], waiting[1])
    assert call(audience_of_reply, outage.id).wrote_since == 1
    first = reply(people, outage)
    settle()
    assert results(app, first.id) == ["told", "wrote_since", "told"]
    assert messages(app, waiting[1], WORDS) == []
    clock.advance(minutes=1)
    second = reply(people, outage, "two", "Second")
    settle()
    assert results(app, second.id) == ["told", "wrote_since", "told"]
    act(actions.wait_again, people.carla, waiting[1].number)
    third = reply(people, outage, "three", "Third")
    settle()
    assert results(app, third.id) == ["told", "told", "told"]


def test_who_moved_gets_nothing_and_what_an_agent_took_up_is_left_to_the_agent(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], colleagues: list[Any], vpn: Service,
    settle: Settle, signed_in: Callable[[Any], FlaskClient],
) -> None:  # fmt: skip
    more = open_ticket(people.ana, vpn)
    settle()
    act(set_status, people.carla, waiting[1].number, Status.open)
    act(set_status, people.carla, waiting[2].number, Status.solved)
    audience = call(audience_of_reply, outage.id)
    assert (audience.tickets, audience.people, audience.in_hand) == (2, 2, 1)
    # The same number wherever it is said.
    client = signed_in(people.teresa)
    for path in ("/tickets", f"/announcements/{outage.id}", f"/announcements/{outage.id}/reply"):
        assert "Reply to all 2" in client.get(path).get_data(as_text=True), path
    room = client.get(f"/announcements/{outage.id}").get_data(as_text=True)
    assert "Also answer 2 waiting tickets" in room
    assert "1 ticket that is solved or closed already is told too" in room
    assert "2 tickets get the final answer and stay open" in room
    assert "2 tickets that wait are told and go on as open tickets" in room
    assert "Show 2, all waiting on outage" in client.get("/tickets").get_data(as_text=True).replace("Show 3 more", "")
    started = reply(people, outage)
    with app.app_context(), transaction() as session:  # by a way that tells nobody
        session.get_one(User, people.ana.id).department_id = people.sales.id
    settle()
    assert results(app, started.id) == ["told", "in_hand", "unconcerned"]
    assert messages(app, more, WORDS) + messages(app, waiting[1], WORDS) == []
    assert mails(app, people.ana, WORDS) == []


def test_who_moves_is_unlinked_at_once(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], colleagues: list[Any], settle: Settle
) -> None:
    act(actions.follow, people.ana, outage.id)
    for user in (colleagues[0], people.ana):
        move(user, people.sales)
    settle()
    assert link_of(waiting[0]) is None
    assert reload(waiting[0]).status is Status.open
    assert link_of(waiting[1]) is not None
    assert call(follows, outage.id, people.ana.id) is False


def test_a_person_with_two_tickets_is_told_once(
    app: Flask, people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    first, second = open_ticket(people.ana, vpn), open_ticket(people.ana, vpn)
    settle()
    assert call(audience_of_reply, outage.id).people == 1
    started = reply(people, outage)
    settle()
    assert results(app, started.id) == ["told", "told_elsewhere"]
    assert len(mails(app, people.ana, WORDS)) == 1
    assert messages(app, first, WORDS) + messages(app, second, WORDS) == [WORDS]


def test_solved_and_unlinked_tickets_are_left_out_at_the_last_moment(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], settle: Settle
) -> None:
    started = reply(people, outage)
    act(set_status, people.carla, waiting[0].number, Status.solved)
    act(actions.unlink_tickets, people.carla, [waiting[1].number])
    settle()
    assert results(app, started.id) == ["not_open", "unlinked", "told"]


def test_the_same_form_sent_twice_is_one_reply(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], settle: Settle
) -> None:
    assert reply(people, outage).id == reply(people, outage).id
    settle()
    assert messages(app, waiting[0], WORDS) == [WORDS]


@pytest.mark.parametrize("moment", ["append_reply", "queue_mail"])
def test_a_crash_in_the_middle_leaves_a_ticket_untouched_and_the_next_run_goes_on(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], settle: Settle, colleagues: list[Any],
    monkeypatch: pytest.MonkeyPatch, moment: str,
) -> None:  # fmt: skip
    started = reply(people, outage)
    with app.app_context():
        first, second, _third = [i.id for i in db.session.query(BroadcastItem).order_by(BroadcastItem.id)]
    assert call(actions.send_items, [first]) == 1

    def die(*_arguments: Any, **_more: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(sent, moment, die)
        with pytest.raises(SystemExit):
            call(actions.send_items, [second])
    assert results(app, started.id) == ["told", None, None]
    assert messages(app, waiting[1], WORDS) == []
    settle()
    for item in (first, second):
        assert call(actions.send_items, [item]) == 0
    settle()
    assert results(app, started.id) == ["told", "told", "told"]
    for ticket, user in zip(waiting, colleagues, strict=True):
        assert messages(app, ticket, WORDS) == [WORDS]
        assert len(mails(app, user, WORDS)) == 1


def test_a_ticket_that_fails_is_tried_again_and_then_given_up(
    app: Flask, people: People, outage: Announcement, waiting: list[Ticket], clock: FixedClock, settle: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    started = reply(people, outage)
    real = sent.append_reply

    def fail(session: Any, actor: Any, ticket_id: int, *rest: Any) -> Any:
        if ticket_id == waiting[0].id:
            raise OSError("no disk")
        return real(session, actor, ticket_id, *rest)

    monkeypatch.setattr(sent, "append_reply", fail)
    for _attempt in range(ATTEMPTS):
        settle()
        clock.advance(hours=2)
    assert results(app, started.id) == ["failed", "told", "told"]
    with app.app_context():
        item = db.session.query(BroadcastItem).filter_by(state=ItemState.failed).one()
        assert item.error == "OSError: no disk"


def test_without_words_or_tickets_there_is_nothing_to_send(people: People, vpn: Service, outage: Announcement) -> None:
    with pytest.raises(Conflict):
        reply(people, outage)
    with pytest.raises(Invalid):
        reply(people, outage, text="  ")
