"""Opening, writing and changing: rows, history, events, repeats and refusals."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.audit.models import AuditEntry
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from helpdesk.core.feed import FeedEntry
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message, Ticket, TicketChange
from helpdesk.tickets.queries.tickets import get_visible_ticket, ticket_facts
from helpdesk.tickets.rules import (
    Change,
    Channel,
    MessageKind,
    NewMessage,
    NewTicket,
    Priority,
    Status,
    Waiting,
)
from tests.tickets.conftest import World

pytestmark = pytest.mark.usefixtures("context")


def opened(world: World, subject: str = "VPN is down", **values: object) -> Ticket:
    return actions.open_ticket(world.ana, NewTicket(subject, "It says no.", **values))


def test_a_ticket_gets_the_next_number_a_message_a_due_time_and_traces(world: World, clock: FixedClock) -> None:
    first, second = opened(world, service_id=world.vpn), opened(world)
    assert second.number == first.number + 1
    assert first.status is Status.new
    assert (first.due_at - clock.now()).total_seconds() == 24 * 3600
    message = db.session.scalars(select(Message).where(Message.ticket_id == first.id)).one()
    assert (message.kind, message.author_id, message.body_text) == (
        MessageKind.public_reply,
        world.ana.id,
        "It says no.",
    )
    assert db.session.scalars(select(TicketChange.field).where(TicketChange.ticket_id == first.id)).all() == ["opened"]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.object_id == str(first.number))).one()
    assert (entry.action, entry.actor_id) == ("ticket.opened", world.ana.id)
    refs = db.session.scalars(select(FeedEntry.ref).where(FeedEntry.topic == "ticket")).all()
    assert refs == [str(first.id), str(second.id)]


def test_the_same_cause_opens_one_ticket(world: World) -> None:
    first = actions.open_ticket(world.ana, NewTicket("One", "x"), cause_id="mail:1")
    again = actions.open_ticket(world.ana, NewTicket("One", "x"), cause_id="mail:1")
    assert again.id == first.id
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"body": "x" * 20_001}, "body"),
        ({"service_id": 999}, "service_id"),
        ({"service_id": -1}, "service_id"),
        ({"service_id": 2**70}, "service_id"),
    ],
)
def test_bad_fields_open_nothing(world: World, values: dict[str, object], field: str) -> None:
    given = {"subject": "Fine", "body": "Fine"} | values
    with pytest.raises(Invalid) as caught:
        actions.open_ticket(world.ana, NewTicket(**given))  # type: ignore[arg-type]
    assert list(caught.value.fields) == [field]
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_a_retired_service_cannot_be_chosen(world: World) -> None:
    with pytest.raises(Invalid):
        opened(world, service_id=world.retired)


def test_only_staff_open_for_others_and_set_the_priority(world: World) -> None:
    for values in ({"requester_id": world.bruno.id}, {"priority": Priority.urgent}):
        with pytest.raises(Forbidden):
            actions.open_ticket(world.ana, NewTicket("x", "y", **values))  # type: ignore[arg-type]
    new = NewTicket("x", "y", requester_id=world.bruno.id, priority=Priority.urgent)
    ticket = actions.open_ticket(world.carla, new)
    assert (ticket.requester_id, ticket.channel, ticket.priority) == (world.bruno.id, Channel.staff, Priority.urgent)
    assert ticket.last_requester_message_at is None


def test_a_foreign_ticket_is_missing(world: World) -> None:
    ticket = opened(world)
    assert get_visible_ticket(world.ana, ticket.number).id == ticket.id
    assert get_visible_ticket(world.carla, ticket.number).id == ticket.id
    messages = []
    for number in (ticket.number, 999_999, 0, -5, 2**40):
        with pytest.raises(NotFound) as caught:
            get_visible_ticket(world.bruno, number)
        messages.append(str(caught.value.message))
    assert len(set(messages)) == 1


def test_staff_replies_open_and_requesters_answers_end_the_waiting(world: World, clock: FixedClock) -> None:
    ticket = opened(world)
    actions.add_message(world.carla, ticket.number, NewMessage("Which network?"))
    assert ticket.status is Status.open
    clock.advance(hours=1)
    pending = NewMessage("And?", status=Status.pending, waiting_on=Waiting.requester)
    actions.add_message(world.carla, ticket.number, pending)
    assert (ticket.status, ticket.waiting_on, ticket.due_at) == (Status.pending, Waiting.requester, None)
    assert ticket.paused_seconds_left == 23 * 3600
    clock.advance(days=3)
    actions.add_message(world.ana, ticket.number, NewMessage("The office one."))
    assert (ticket.status, ticket.waiting_on, ticket.paused_seconds_left) == (Status.open, None, None)
    assert (ticket.due_at - clock.now()).total_seconds() == 23 * 3600


def test_an_answer_reopens_a_solved_ticket_and_a_closed_one_for_two_weeks(world: World, clock: FixedClock) -> None:
    ticket = opened(world)
    actions.set_status(world.carla, ticket.number, Status.solved)
    assert ticket.solved_at == clock.now()
    actions.add_message(world.ana, ticket.number, NewMessage("Still broken."))
    assert (ticket.status, ticket.solved_at) == (Status.open, None)
    actions.set_status(world.carla, ticket.number, Status.closed)
    clock.advance(days=14, minutes=1)
    with pytest.raises(Conflict):
        actions.add_message(world.ana, ticket.number, NewMessage("Again."))
    with pytest.raises(Conflict):
        actions.reopen(world.ana, ticket.number)
    assert actions.reopen(world.carla, ticket.number).status is Status.open


def test_a_note_changes_nothing_that_the_requester_may_see(world: World, clock: FixedClock) -> None:
    ticket = opened(world)
    before = (ticket.updated_at, ticket.revision, ticket.status, ticket.last_reply_at)
    clock.advance(hours=1)
    actions.add_message(world.carla, ticket.number, NewMessage("Ana again.", MessageKind.internal_note))
    assert (ticket.updated_at, ticket.revision, ticket.status, ticket.last_reply_at) == before


@pytest.mark.parametrize(
    "new",
    [
        NewMessage("x", MessageKind.internal_note),
        NewMessage("x", status=Status.solved),
        NewMessage("x", MessageKind.automated_reply),
    ],
)
def test_requesters_write_plain_replies_only(world: World, new: NewMessage) -> None:
    ticket = opened(world)
    with pytest.raises(Forbidden):
        actions.add_message(world.ana, ticket.number, new)


def test_the_same_cause_writes_one_message(world: World) -> None:
    ticket = opened(world)
    first = actions.add_message(world.ana, ticket.number, NewMessage("Hello"), cause_id="mail:2")
    assert actions.add_message(world.ana, ticket.number, NewMessage("Hello"), cause_id="mail:2").id == first.id
    reply = actions.add_automated_reply(ticket.id, "We got it", "Hello Ana", "event:1", {"announcement_id": 7})
    assert reply is not None
    assert (reply.kind, reply.author_id, reply.reason) == (MessageKind.automated_reply, None, {"announcement_id": 7})
    assert actions.add_automated_reply(ticket.id, "We got it", "Hello Ana", "event:1", {}) is None
    assert db.session.scalar(select(func.count()).select_from(Message)) == 3


def test_an_automated_reply_can_be_written_inside_another_transaction(world: World, clock: FixedClock) -> None:
    ticket = opened(world)
    with transaction() as session:
        done = actions.append_automated_reply(session, ticket.id, "S", "B", "c", None, clock.now())
        again = actions.append_automated_reply(session, ticket.id, "S", "B", "c", None, clock.now())
    assert done is not None
    assert again is None


def test_a_change_is_kept_with_history_and_raises_the_revision(world: World) -> None:
    ticket = opened(world)
    change = Change(
        assignee_id=world.teresa.id, service_id=world.vpn, priority=Priority.urgent, team_id=world.first_line
    )
    changed = actions.change_ticket(world.carla, ticket.number, change, expected_revision=1)
    assert changed.revision == 2
    assert (changed.due_at - changed.created_at).total_seconds() == 4 * 3600
    rows = db.session.scalars(select(TicketChange).where(TicketChange.ticket_id == ticket.id)).all()
    assert {(r.field, r.before, r.after) for r in rows if r.field != "opened"} == {
        ("assignee_id", None, "Teresa Mora"),
        ("service_id", None, "VPN"),
        ("priority", "normal", "urgent"),
        ("team_id", None, "First line"),
    }
    actions.change_ticket(world.carla, ticket.number, change)
    assert changed.revision == 2


def test_a_stale_change_is_refused_with_the_present_values(world: World) -> None:
    ticket = opened(world)
    actions.take(world.carla, ticket.number)
    with pytest.raises(Stale) as caught:
        actions.change_ticket(world.teresa, ticket.number, Change(priority=Priority.low), expected_revision=1)
    assert (caught.value.current["revision"], caught.value.current["assignee_id"]) == (2, world.carla.id)
    assert ticket.priority is Priority.normal


@pytest.mark.parametrize("change", [Change(assignee_id=None), Change(priority=Priority.low), Change(subject="Mine")])
def test_requesters_only_close_and_reopen(world: World, change: Change) -> None:
    ticket = opened(world)
    with pytest.raises(Forbidden):
        actions.change_ticket(world.ana, ticket.number, change)
    with pytest.raises(Conflict):
        actions.set_status(world.ana, ticket.number, Status.solved)
    assert actions.set_status(world.ana, ticket.number, Status.closed).status is Status.closed
    assert actions.reopen(world.ana, ticket.number).status is Status.open


def test_tickets_go_to_enabled_staff_only(world: World) -> None:
    ticket = opened(world)
    for who in (world.bruno.id, 10_000, 2**40):
        with pytest.raises(Invalid):
            actions.assign(world.carla, ticket.number, who)


def test_a_bulk_change_tells_what_became_of_each(world: World) -> None:
    one, two = opened(world), opened(world)
    actions.set_status(world.carla, two.number, Status.closed)
    results = actions.bulk_change(world.carla, [one.number, two.number, 5], Change(status=Status.solved))
    assert [(r.number, r.error is None) for r in results] == [(one.number, True), (two.number, False), (5, False)]
    assert (one.status, two.status) == (Status.solved, Status.closed)
    with pytest.raises(Forbidden):
        actions.bulk_change(world.ana, [one.number], Change(status=Status.closed))
    with pytest.raises(Invalid):
        actions.bulk_change(world.carla, list(range(1, 102)), Change(status=Status.solved))
    with pytest.raises(Invalid):
        actions.bulk_change(world.carla, [one.number], Change())


def test_a_ticket_can_be_changed_inside_another_transaction(world: World, clock: FixedClock) -> None:
    ticket = opened(world)
    waiting = Change(status=Status.pending, waiting_on=Waiting.outage)
    with transaction() as session:
        assert actions.change_inside(session, ticket.id, waiting, clock.now())
        assert not actions.change_inside(session, ticket.id, waiting, clock.now())
    assert (ticket.waiting_on, ticket.due_at) == (Waiting.outage, None)


def test_the_facts_of_tickets_hold_the_first_message(app: Flask, world: World) -> None:
    one, two = opened(world, service_id=world.vpn), opened(world, "Other")
    actions.add_message(world.ana, one.number, NewMessage("Later words"))
    facts = ticket_facts([two.id, 999, one.id])
    assert [(f.number, f.text, f.service_id) for f in facts] == [
        (two.number, "It says no.", None),
        (one.number, "It says no.", world.vpn),
    ]
