"""What comes from many screens at once is written together, and counts as if it had come one by one."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.pool import QueuePool

from helpdesk.accounts.models import User
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, HelpdeskError, NotFound
from helpdesk.core.outbox import OutboxRow
from helpdesk.mail.models import AcceptedMail
from helpdesk.plugin_api import now
from plugins.outage_notice.announcements.rules.telling import TOPIC, mail_reference
from plugins.outage_notice.banners import collecting
from plugins.outage_notice.banners.actions import Taken, count_accepted, record_receipts
from plugins.outage_notice.banners.collecting import take_receipt
from plugins.outage_notice.banners.models import ReachMinute, Receipt
from plugins.outage_notice.banners.queries import boards
from plugins.outage_notice.banners.rules import What
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish
from tests import factories
from tests.fixtures import People


@factories.in_app
def take(user: User, announcement_id: int, what: What) -> None:
    take_receipt(factories.viewer(user), announcement_id, 10**6, what)


@factories.in_app
def counted(announcement_id: int) -> tuple[int, int]:
    rows = db.session.scalars(select(ReachMinute).where(ReachMinute.announcement_id == announcement_id)).all()
    return sum(row.delivered for row in rows), sum(row.seen for row in rows)


@factories.in_app
def receipts(announcement_id: int) -> dict[int, tuple[bool, bool]]:
    rows = db.session.scalars(select(Receipt).where(Receipt.announcement_id == announcement_id))
    return {row.user_id: (row.delivered_at is not None, row.seen_at is not None) for row in rows}


def test_many_at_once_share_transactions(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [people.ana, people.bruno, people.carla, people.teresa, people.tomas, people.adam]
    outage = publish(people.teresa, EVERYONE)
    batches: list[int] = []
    first, all_here = threading.Event(), threading.Event()

    def write(rows: list[Taken]) -> dict[Taken, HelpdeskError]:
        """The first one writes no sooner than all others wait."""
        if not batches:
            first.set()
            assert all_here.wait(10)
        batches.append(len(rows))
        return record_receipts(rows)

    monkeypatch.setattr(collecting, "record_receipts", write)
    with app.app_context():
        collector = app.extensions.setdefault(collecting.EXTENSION, collecting.Collector())
    with ThreadPoolExecutor(len(everybody)) as pool:
        started = [pool.submit(take, everybody[0], outage.id, What.seen)]
        assert first.wait(10)
        started += [pool.submit(take, user, outage.id, What.seen) for user in everybody[1:]]
        while len(collector._waiting) < len(everybody) - 1:
            threading.Event().wait(0.01)
        with app.app_context():  # those who wait leave the connections to others
            assert isinstance(db.engine.pool, QueuePool)
            assert db.engine.pool.checkedout() == 0
        all_here.set()
        for one in started:
            one.result()
    assert batches == [1, 5]
    assert receipts(outage.id) == {user.id: (True, True) for user in everybody}
    assert counted(outage.id) == (6, 6)


def test_nobody_writes_for_others_as_long_as_they_keep_coming(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = publish(people.teresa, EVERYONE)
    writers: list[str] = []
    later: list[Future[None]] = []
    crowd = [people.bruno, people.carla, people.adam]
    with app.app_context():
        collector = app.extensions.setdefault(collecting.EXTENSION, collecting.Collector())
    with ThreadPoolExecutor(4) as pool:

        def write(rows: list[Taken]) -> dict[Taken, HelpdeskError]:
            """Somebody else comes while each of the first ones writes."""
            writers.append(threading.current_thread().name)
            if len(writers) < 4:
                later.append(pool.submit(take, crowd.pop(), outage.id, What.seen))
                while not collector._waiting:
                    threading.Event().wait(0.01)
            return record_receipts(rows)

        monkeypatch.setattr(collecting, "record_receipts", write)
        take(people.ana, outage.id, What.seen)
        while len(later) < 3:
            threading.Event().wait(0.01)
        for one in later:
            one.result()
    assert len(writers) == 4
    assert all(one != following for one, following in pairwise(writers))
    assert counted(outage.id) == (4, 4)


def test_first_times_count_once(people: People) -> None:
    outage = publish(people.teresa, department(people.finance))
    for what in (What.delivered, What.delivered, What.seen, What.seen, What.delivered):
        take(people.ana, outage.id, what)
    assert receipts(outage.id) == {people.ana.id: (True, True)}
    assert counted(outage.id) == (1, 1)


def test_what_is_not_on_the_board_is_refused(people: People) -> None:
    outage = publish(people.teresa, department(people.finance))
    with pytest.raises(NotFound):
        take(people.bruno, outage.id, What.delivered)
    assert receipts(outage.id) == {}


def test_a_batch_that_fails_is_written_one_by_one(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    outage = publish(people.teresa, department(people.finance))

    def fail(_rows: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(collecting, "record_receipts", fail)
    take(people.ana, outage.id, What.seen)
    assert receipts(outage.id) == {people.ana.id: (True, True)}


def test_nobody_waits_for_a_leader_who_is_gone(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    outage = publish(people.teresa, department(people.finance))

    def end(_rows: object) -> None:
        raise SystemExit

    monkeypatch.setattr(collecting, "record_receipts", end)
    with pytest.raises(SystemExit):
        take(people.ana, outage.id, What.delivered)
    monkeypatch.undo()
    take(people.ana, outage.id, What.delivered)
    assert receipts(outage.id) == {people.ana.id: (True, False)}


def test_a_batch_costs_the_same_statements_whatever_its_size(app: Flask, people: People) -> None:
    outage = publish(people.teresa, EVERYONE)
    others = [people.bruno, people.carla, people.teresa, people.tomas]
    with app.app_context():
        boards([user.id for user in [people.adam, people.ana, *others]], now())  # which are remembered from now on
    costs = []
    for users in ([people.adam], [people.ana], others):
        said: list[str] = []
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", lambda *args, said=said: said.append(args[2]))
            record_receipts([Taken(outage.id, user.id, What.seen) for user in users])
        costs.append(len(said))
    assert costs[1] == costs[2] < 15  # and each reads what the one before has changed


def test_accepted_mails_lock_the_rows_of_all_people_before_any_counter(app: Flask, people: People) -> None:
    outage = publish(people.teresa, EVERYONE)
    said: list[str] = []
    with app.app_context():
        with transaction() as session:
            for minutes, user in enumerate((people.ana, people.bruno)):
                key, at = mail_reference(outage.id, user.id).key, now() - timedelta(minutes=minutes)
                session.add(AcceptedMail(topic=TOPIC, key=key, accepted_at=at))
        event.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
        assert count_accepted() == 2
    locked = [number for number, text in enumerate(said) if "FROM outage_receipt" in text]
    raised = [number for number, text in enumerate(said) if text.startswith("INSERT INTO outage_reach_minute")]
    assert len(raised) == 2
    assert max(locked) < min(raised)
    assert counted(outage.id) == (2, 0)


def test_one_that_is_refused_does_not_hold_up_the_others(app: Flask, people: People) -> None:
    outage = publish(people.teresa, department(people.finance), severity=1)
    read, hidden, elsewhere, affected = (
        Taken(outage.id, user.id, what, version=10**6)
        for user, what in (
            (people.ana, What.read),
            (people.ana, What.hidden),
            (people.bruno, What.seen),
            (people.ana, What.affected),
        )
    )
    with app.app_context():
        refused = record_receipts([read, hidden, elsewhere, affected])
        row = db.session.scalars(select(Receipt)).one()
        assert {one: type(error) for one, error in refused.items()} == {hidden: Conflict, elsewhere: NotFound}
        assert (row.user_id, row.hidden_at) == (people.ana.id, None)
        assert None not in (row.read_at, row.seen_at, row.affected_at)
        assert row.feed_seq
        heard = db.session.scalars(select(OutboxRow.payload).where(OutboxRow.channel == "handler")).all()
        assert [p["data"]["user_id"] for p in heard if p["event"] == "FoundAffected"] == [people.ana.id]
