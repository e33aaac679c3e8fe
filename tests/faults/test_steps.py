"""Steps that are due while several workers ask and are killed: each effect happens exactly once, and none is lost."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from helpdesk.audit.models import AuditEntry
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.feed import FeedEntry
from helpdesk.core.outbox import HANDLER_CHANNEL, OutboxRow
from tests.databases import START
from tests.faults.processes import (
    PROMISE_SECONDS,
    SLACK_SECONDS,
    START_SECONDS,
    Desk,
    arm,
    by_turns,
    full_form,
    size,
    wait_for_worker,
)
from tests.waiting import wait_until

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

from plugins.outage_notice.announcements.models import (
    Announcement,
    AudienceTarget,
    Step,
    TimelineEntry,
)
from plugins.outage_notice.announcements.rules import Kind, StepState
from plugins.outage_notice.tests.announcing import department, publish

pytestmark = by_turns

MINUTE = timedelta(minutes=1)


def schedule(desk: Desk, clock: FixedClock, count: int, seconds: int) -> None:
    """`count` informations that are shown one after the other within `seconds`, from a minute after START on."""
    finance = department(desk.people.finance)
    at = clock.now() + MINUTE
    first = publish(
        desk.people.teresa, finance, kind=Kind.information, severity=4, show_from=at, show_until=at + 600 * MINUTE
    )
    with transaction() as session:
        row = session.execute(select(Announcement.__table__).where(Announcement.id == first.id)).mappings().one()
        copied = {name: value for name, value in row.items() if name != "id"}
        for number in range(1, count):
            due_at = at + timedelta(seconds=number * seconds / count)
            statement = insert(Announcement).values(copied | {"show_from": due_at}).returning(Announcement.id)
            new_id = session.scalar(statement)
            session.add(AudienceTarget(announcement_id=new_id, kind=finance.kind, ref=finance.id))
            session.add(Step(announcement_id=new_id, kind="show", due_at=due_at, plan=row["plan"]))


def pending() -> int:
    found = db.session.scalars(select(Step.id).where(Step.state == StepState.pending, Step.kind == "show")).all()
    db.session.rollback()
    return len(found)


@pytest.mark.parametrize("workers", [2, pytest.param(3, marks=full_form)])
def test_each_step_fires_once_under_killed_workers(app: Flask, desk: Desk, clock: FixedClock, workers: int) -> None:
    count, kills, seconds = size(60, 300), size(2, 15), size(10, 40)
    chance = random.Random(workers)
    with app.app_context():
        schedule(desk, clock, count, seconds)
    processes = [desk.make("worker").launch() for _worker in range(workers)]
    for process in processes:
        wait_for_worker(process)
    processes[0].set_time(START + MINUTE - timedelta(seconds=2))
    for _kill in range(kills):
        time.sleep(chance.uniform(0.2, 1.5))  # the moment of the blow is what varies
        victim = chance.choice(processes)
        victim.kill()
        victim.launch()
    with app.app_context():
        wait_until(lambda: pending() == 0, "that nothing is left to do", START_SECONDS)
        check(count)


@full_form
def test_a_thousand_steps_in_one_second_with_three_workers(app: Flask, desk: Desk, clock: FixedClock) -> None:
    count = size(100, 1000)
    with app.app_context():
        schedule(desk, clock, count, seconds=1)
    workers = [desk.worker() for _worker in range(3)]
    workers[0].set_time(START + MINUTE - timedelta(seconds=1))
    with app.app_context():
        wait_until(lambda: pending() == 0, "that nothing is left to do", START_SECONDS)
        check(count)
        rows = db.session.execute(select(Step.due_at, Step.fired_at).where(Step.kind == "show")).all()
        late = sorted((fired_at - due_at).total_seconds() for due_at, fired_at in rows)
        assert late[0] >= 0
        assert late[int(0.99 * count)] <= PROMISE_SECONDS + SLACK_SECONDS, late[-10:]


@full_form
def test_a_worker_dies_with_steps_in_its_hands(app: Flask, desk: Desk, clock: FixedClock) -> None:
    """Killed after it claimed them: nothing of it counts, and the other worker does all of it within 3 s."""
    count = size(3, 6)
    with app.app_context():
        schedule(desk, clock, count, seconds=60 * count)
    dying, other = desk.make("worker"), desk.make("worker")
    for number in range(count):
        other.set_time(START + MINUTE + timedelta(seconds=60 * number - 5))
        arm(dying, "step_claimed:kill")
        dying.launch()
        wait_for_worker(dying, number + 1)
        other.advance(5)
        assert dying.process is not None
        dying.process.wait(20)
        with app.app_context():
            assert pending() == count - number
            other.launch()
            wait_for_worker(other, number + 1)
            wait_until(lambda: pending() < count - number, "the other does it", 3 + SLACK_SECONDS)  # noqa: B023
        other.kill()
    with app.app_context():
        check(count)


def check(count: int) -> None:
    """One timeline entry, one audit entry, one number of the feed and one event for each announcement."""
    states = db.session.scalars(select(Step.state).where(Step.kind == "show")).all()
    assert Counter(states) == {StepState.fired: count}
    shown = Counter(db.session.scalars(select(TimelineEntry.announcement_id).where(TimelineEntry.kind == "shown")))
    audited = Counter(db.session.scalars(select(AuditEntry.object_id).where(AuditEntry.action == "announcement.shown")))
    rows = select(FeedEntry.ref).where(FeedEntry.topic == "announcement")
    fed = Counter(db.session.scalars(rows))
    published = str(min(shown))
    assert (len(shown), set(shown.values())) == (count, {1})
    assert (len(audited), set(audited.values())) == (count, {1})
    assert len(fed) == count
    assert {number for ref, number in fed.items() if ref != published} == {1}
    events = [row["data"]["step_id"] for row in _events()]
    assert len(events) == len(set(events)) == count


def _events() -> list[dict[str, dict[str, int]]]:
    """The payloads of the events that a step has fired, for one of their handlers."""
    query = select(OutboxRow.recipient, OutboxRow.payload).where(OutboxRow.channel == HANDLER_CHANNEL)
    rows = db.session.execute(query).all()
    fired = [(name, payload) for name, payload in rows if payload["event"] == "StepFired"]
    one = min((name for name, _payload in fired), default="")
    return [payload for name, payload in fired if name == one]
