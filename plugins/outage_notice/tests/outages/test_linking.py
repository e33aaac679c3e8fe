"""Which tickets an outage takes to itself, which it is only suggested for, and who may decide otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.errors import Conflict, Invalid, NotFound
from helpdesk.tickets.actions import set_status, take
from helpdesk.tickets.rules import Status, Waiting
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.rules import By, How, notice_key
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish
from plugins.outage_notice.tests.outages.conftest import (
    Settle,
    act,
    call,
    link_of,
    messages,
    open_ticket,
    reload,
    write,
)
from tests import factories
from tests.fixtures import People


def test_a_new_ticket_about_the_service_waits_for_the_outage(
    people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    assert ticket.due_at is not None
    settle()
    link, now = link_of(ticket), reload(ticket)
    assert link is not None
    assert (link.announcement_id, link.how, link.by) == (outage.id, How.rule, By.service)
    assert (now.status, now.waiting_on, now.due_at) == (Status.pending, Waiting.outage, None)


def test_a_ticket_without_a_service_is_linked_by_its_words(
    people: People, outage: Announcement, settle: Settle
) -> None:
    ticket, other = open_ticket(people.ana, subject="No gateway"), open_ticket(people.ana, subject="No coffee")
    settle()
    link = link_of(ticket)
    assert link is not None
    assert (link.how, link.by) == (How.rule, By.words)
    assert link_of(other) is None
    assert reload(other).status is Status.new


def test_what_is_part_of_an_affected_service_is_affected(
    people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    token = factories.make_service("Token", people.town_hall, parent_id=vpn.id)
    card = factories.make_service("Card", people.town_hall, parent_id=token.id)
    network = factories.make_service("Network", people.town_hall)
    tickets = [open_ticket(people.ana, service) for service in (token, card, network)]
    settle()
    assert [link is not None and link.by is By.service for link in map(link_of, tickets)] == [True, True, False]


def test_words_beside_another_service_only_suggest(people: People, outage: Announcement, settle: Settle) -> None:
    mail = factories.make_service("E-mail", people.town_hall)
    ticket = open_ticket(people.ana, mail, "Mail says gateway error")
    settle()
    link = link_of(ticket)
    assert link is not None
    assert link.how is How.suggested
    assert reload(ticket).status is Status.new


def test_an_outage_of_others_is_none(people: People, vpn: Service, outage: Announcement, settle: Settle) -> None:
    ticket = open_ticket(people.bruno, vpn, "No gateway")
    settle()
    assert link_of(ticket) is None
    [result] = act(actions.link_tickets, people.carla, outage.id, [ticket.number])
    assert "does not concern" in str(result.error)
    assert link_of(ticket) is None


@pytest.mark.parametrize("more", [{"is_drill": True}, {"show_from": timedelta(hours=1)}])
def test_drills_and_what_is_not_shown_yet_take_nothing(
    people: People, vpn: Service, clock: FixedClock, settle: Settle, more: dict[str, object]
) -> None:
    values = {k: clock.now() + v if isinstance(v, timedelta) else v for k, v in more.items()}
    publish(people.teresa, department(people.finance), services=(vpn,), **values)
    ticket = open_ticket(people.ana, vpn)
    settle()
    assert link_of(ticket) is None


def test_the_worst_of_two_outages_takes_it(people: People, vpn: Service, settle: Settle) -> None:
    publish(people.teresa, department(people.finance), services=(vpn,), severity=3)
    worst = publish(people.teresa, department(people.finance), services=(vpn,), severity=1)
    ticket = open_ticket(people.ana, vpn)
    settle()
    link = link_of(ticket)
    assert link is not None
    assert link.announcement_id == worst.id


@pytest.mark.parametrize("has_another", [False, True])
def test_what_the_requester_declined_is_only_suggested_and_not_answered(
    app: Flask, people: People, vpn: Service, outage: Announcement, settle: Settle, has_another: bool
) -> None:
    """Nor is another outage of the service, about which nobody asked."""
    other = publish(people.teresa, EVERYONE, services=(vpn,), severity=3) if has_another else None
    ticket = open_ticket(people.ana, vpn, declined=(notice_key(outage.id),))
    settle()
    link = link_of(ticket)
    assert link is not None
    wanted = outage.id if other is None else other.id
    assert (link.announcement_id, link.how, link.by) == (wanted, How.suggested, By.declined)
    write(people.ana, ticket)
    settle()
    assert messages(app, ticket, "VPN is down") == []
    assert len(messages(app, ticket, "Hello Ana")) == 2
    assert reload(ticket).status is Status.new


def test_a_repeated_event_changes_nothing(people: People, vpn: Service, outage: Announcement, settle: Settle) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    act(actions.unlink_tickets, people.carla, [ticket.number])
    assert call(actions.link_new_ticket, ticket.id) is None
    assert link_of(ticket) is None


def test_a_ticket_that_was_taken_up_before_keeps_its_status(
    people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    act(set_status, people.carla, ticket.number, Status.open)
    settle()
    assert link_of(ticket) is not None
    assert reload(ticket).status is Status.open


def test_who_writes_once_more_is_told_of_the_outage_only_while_the_ticket_is_about_it(
    app: Flask, people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    tickets = [open_ticket(people.ana, vpn) for _ in range(2)]
    settle()
    act(actions.unlink_tickets, people.carla, [tickets[1].number])
    for ticket in tickets:
        write(people.ana, ticket, "Mine is different.")
    settle()
    told, normal = ([messages(app, ticket, words) for ticket in tickets] for words in ("VPN is down", "has arrived"))
    assert [len(found) for found in told] == [2, 1]
    assert "and a person reads it" in told[0][1]
    assert "You don’t need to do anything" not in told[0][1]
    assert "VPN is down" not in normal[1][0]


def test_unlinking_lets_the_due_time_run_again(
    people: People, vpn: Service, outage: Announcement, settle: Settle, clock: FixedClock
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(hours=3)
    act(actions.unlink_tickets, people.carla, [ticket.number])
    now = reload(ticket)
    assert link_of(ticket) is None
    assert (now.status, now.waiting_on) == (Status.open, None)
    assert now.due_at is not None
    assert ticket.due_at is not None
    assert now.due_at - ticket.due_at == timedelta(hours=3)


def test_a_message_of_the_requester_ends_the_waiting(
    people: People, vpn: Service, outage: Announcement, settle: Settle, clock: FixedClock
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    clock.advance(minutes=5)
    write(people.ana, ticket)
    now = reload(ticket)
    assert (now.status, now.waiting_on) == (Status.open, None)
    assert now.due_at is not None
    assert link_of(ticket) is not None
    act(actions.wait_again, people.carla, ticket.number)
    assert reload(ticket).waiting_on is Waiting.outage


def test_linking_by_hand_in_bulk_gives_each_its_result(
    people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    mine, again = open_ticket(people.ana, subject="A"), open_ticket(people.ana, subject="B")
    foreign, done = open_ticket(people.bruno, subject="C"), open_ticket(people.ana, subject="D")
    act(take, people.carla, again.number)
    act(set_status, people.carla, done.number, Status.solved)
    settle()
    numbers = [mine.number, again.number, foreign.number, done.number, 999_999]
    found = act(actions.link_tickets, people.carla, outage.id, numbers)
    assert [r.number for r in found if r.error is None] == [mine.number, again.number]
    assert reload(mine).waiting_on is Waiting.outage
    link = link_of(mine)
    assert link is not None
    assert (link.how, link.linked_by_id) == (How.hand, people.carla.id)
    assert [r.error for r in act(actions.link_tickets, people.carla, outage.id, [mine.number])] == [None]


def test_a_ticket_belongs_to_one_outage_at_a_time(
    people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    other = publish(people.teresa, EVERYONE, services=(vpn,), severity=3)
    ticket = open_ticket(people.ana, vpn)
    settle()
    [result] = act(actions.link_tickets, people.carla, other.id, [ticket.number])
    assert f"OUT-{outage.id}" in str(result.error)


def test_taking_a_suggestion_links(people: People, vpn: Service, outage: Announcement, settle: Settle) -> None:
    ticket = open_ticket(people.ana, vpn, declined=(notice_key(outage.id),))
    settle()
    act(actions.link_tickets, people.carla, outage.id, [ticket.number])
    link = link_of(ticket)
    assert link is not None
    assert link.how is How.hand
    assert reload(ticket).waiting_on is Waiting.outage


def test_requesters_link_nothing(people: People, vpn: Service, outage: Announcement, settle: Settle) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    for function, arguments in (
        (actions.link_tickets, (outage.id, [ticket.number])),
        (actions.unlink_tickets, ([ticket.number],)),
        (actions.wait_again, (ticket.number,)),
        (actions.start_reply, (outage.id, "Hello", "key")),
    ):
        with pytest.raises(NotFound):
            act(function, people.ana, *arguments)
    assert link_of(ticket) is not None


def test_only_a_running_outage_takes_tickets(people: People, vpn: Service, outage: Announcement) -> None:
    ticket = open_ticket(people.ana)
    with pytest.raises(Invalid):
        act(actions.link_tickets, people.carla, outage.id, [])
    act(announcements.resolve, people.teresa, outage.id, "It works.")
    with pytest.raises(Conflict):
        act(actions.link_tickets, people.carla, outage.id, [ticket.number])


def test_a_smaller_audience_lets_the_others_go(
    app: Flask, people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    ticket = open_ticket(people.ana, vpn)
    settle()
    act(announcements.edit_published, people.teresa, outage.id, {"audience": (department(people.sales),)})
    settle()
    assert link_of(ticket) is None
    assert reload(ticket).status is Status.open
