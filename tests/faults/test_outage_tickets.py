"""Thousands of tickets answered and closed while the process is killed: each requester gets each message once."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from helpdesk.accounts.models import User
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import OutboxRow
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.rules import MessageKind, Status, Waiting
from tests import factories
from tests.faults.processes import START_SECONDS, Desk, by_turns, size
from tests.live import LiveServer
from tests.waiting import wait_until

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.outages.actions import start_reply
from plugins.outage_notice.outages.models import BroadcastItem, TicketLink
from plugins.outage_notice.outages.rules import By, How, ItemState, Result
from plugins.outage_notice.tests.announcing import department, publish

pytestmark = by_turns

ANSWER = "The gateway is being replaced."
WROTE_AGAIN = 10  # every tenth requester wrote after the ticket was linked


def fill(desk: Desk, outage: Announcement, count: int, at: datetime) -> None:
    """`count` people of Finance, each with a ticket that waits for the outage; every tenth has written since."""
    with transaction() as session:
        pattern = session.execute(select(User.__table__).where(User.id == desk.people.ana.id)).mappings().one()
        people = [
            {**pattern, "id": None, "name": f"Person {n}", "email": f"person{n}@desk.example"} for n in range(count)
        ]
        for person in people:
            del person["id"]
        ids = session.scalars(insert(User).returning(User.id, sort_by_parameter_order=True), people).all()
        first = session.scalar(select(func.max(Ticket.number))) or 2000
        rows = [_ticket(first + n + 1, user_id, n, at) for n, user_id in enumerate(ids)]
        tickets = session.scalars(insert(Ticket).returning(Ticket.id, sort_by_parameter_order=True), rows).all()
        session.execute(
            insert(TicketLink),
            [
                {
                    "announcement_id": outage.id,
                    "ticket_id": ticket_id,
                    "how": How.rule,
                    "by": By.service,
                    "linked_at": at,
                    "caught_up_at": at,
                }
                for ticket_id in tickets
            ],
        )


def _ticket(number: int, requester_id: int, n: int, at: datetime) -> dict[str, object]:
    wrote = at + timedelta(minutes=1) if n % WROTE_AGAIN == 0 else at
    return {
        "number": number,
        "subject": f"No connection {n}",
        "requester_id": requester_id,
        "status": Status.pending,
        "waiting_on": Waiting.outage,
        "created_at": at,
        "updated_at": at,
        "last_requester_message_at": wrote,
    }


def waiting() -> int:
    found = db.session.scalar(select(func.count()).where(BroadcastItem.state == ItemState.waiting)) or 0
    db.session.rollback()
    return int(found)


def settle_under_blows(worker: LiveServer, kills: int, chance: random.Random) -> None:
    """Kill the only worker again and again in the midst of telling, then let it go on to the end."""
    wait_for_progress(worker, waiting())
    for _kill in range(kills):
        time.sleep(chance.uniform(0.3, 1.2))  # the moment of the blow is what varies
        worker.kill()
        left = waiting()
        worker.launch()
        wait_for_progress(worker, left)
    while left := waiting():  # however long it takes, it must go on
        wait_for_progress(worker, left)


def wait_for_progress(worker: LiveServer, left: int) -> None:
    """Until fewer than `left` wait. Raises with the worker's log when none is told for long, or it has ended."""
    process = worker.process
    assert process is not None
    try:
        wait_until(
            lambda: waiting() < left or not left or process.poll() is not None, "the worker's progress", START_SECONDS
        )
        assert process.poll() is None
    except (AssertionError, TimeoutError) as error:
        raise AssertionError(f"{error}: {process.poll()}: {worker.log[-5000:]}") from error


def test_each_requester_gets_each_message_once(app: Flask, desk: Desk, clock: FixedClock) -> None:
    count, kills = size(50, 5000), size(2, 10)
    chance, at = random.Random(7), clock.now()
    outage = publish(desk.people.teresa, department(desk.people.finance))
    with app.app_context():
        fill(desk, outage, count, at)
        clock.advance(minutes=2)
        reply = start_reply(factories.viewer(desk.people.carla), outage.id, ANSWER, "the-only-one")
        clock.advance(minutes=-2)
        worker = desk.server(command=("worker",))
        wait_until(lambda: "The worker runs." in worker.log, "a worker that runs", START_SECONDS)
        worker.set_time(at + timedelta(minutes=2))
        settle_under_blows(worker, kills // 2, chance)
        check_answers(count, reply.id)
        worker.kill()
        clock.advance(minutes=10)
        announcements.resolve(factories.viewer(desk.people.teresa), outage.id, "It works again.")
        worker.launch()
        worker.set_time(at + timedelta(minutes=13))
        wait_until(lambda: items_of_closing(reply.id) == count, "that the closing begins", START_SECONDS)
        settle_under_blows(worker, kills - kills // 2, chance)
        check_closing(count, reply.id)


def items_of_closing(reply_id: int) -> int:
    found = db.session.scalar(select(func.count()).where(BroadcastItem.broadcast_id > reply_id)) or 0
    db.session.rollback()
    return int(found)


def check_answers(count: int, reply_id: int) -> None:
    """One answer in each thread and one mail to each person; who wrote since is left to a person."""
    results = Counter(db.session.scalars(select(BroadcastItem.result).where(BroadcastItem.broadcast_id == reply_id)))
    left = count // WROTE_AGAIN
    assert results == {Result.told: count - left, Result.wrote_since: left}
    answers = Counter(db.session.scalars(select(Message.ticket_id).where(Message.kind == MessageKind.public_reply)))
    assert (len(answers), set(answers.values())) == (count - left, {1})
    check_mails(ANSWER, count - left)


def check_closing(count: int, reply_id: int) -> None:
    """One closing message for everybody; solved, except where the requester had written since."""
    results = Counter(db.session.scalars(select(BroadcastItem.result).where(BroadcastItem.broadcast_id > reply_id)))
    left = count // WROTE_AGAIN
    assert results == {Result.solved: count - left, Result.left_open: left}
    told = Counter(db.session.scalars(select(Message.ticket_id).where(Message.kind == MessageKind.automated_reply)))
    assert (len(told), set(told.values())) == (count, {1})
    statuses = Counter(db.session.scalars(select(Ticket.status)))
    assert statuses == {Status.solved: count - left, Status.open: left}
    check_mails("is over since", count)


def check_mails(words: str, people: int) -> None:
    """One queued mail with these words to each of so many people."""
    rows = db.session.execute(select(OutboxRow.recipient, OutboxRow.payload).where(OutboxRow.channel == "mail"))
    recipients = Counter(row.recipient for row in rows if words in row.payload["text"])
    assert (len(recipients), set(recipients.values())) == (people, {1})
