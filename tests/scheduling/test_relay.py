"""The relay: at least once, never two at a time, later again after a failure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.core import outbox
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import GiveUp, Item, NotNow, NotWanted, OutboxRow, OutboxState
from helpdesk.scheduling import actions, leases, queries, rules
from helpdesk.scheduling.relay import Relay, run_until_idle
from helpdesk.tickets.rules import TicketOpened
from tests.waiting import wait_until


@dataclass
class Postman:
    """A channel that remembers what it delivered, and fails as often as it is told."""

    failures: list[Exception] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)

    def deliver(self, item: Item) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.delivered.append(item.recipient)


@pytest.fixture
def postman(app: Flask) -> Postman:
    postman = Postman()
    app.extensions["helpdesk"].deliverers["post"] = postman.deliver
    return postman


def send(app: Flask, *recipients: str) -> None:
    with app.app_context(), transaction():
        for recipient in recipients:
            outbox.send("post", recipient, {}, event_id="event")


def row(app: Flask) -> OutboxRow:
    with app.app_context():
        return db.session.scalars(select(OutboxRow)).one()


def test_what_is_due_is_delivered_once(app: Flask, postman: Postman) -> None:
    send(app, "ana", "bruno")
    send(app, "ana")  # the same effect of the same event
    assert run_until_idle(app) == 2
    assert run_until_idle(app) == 0
    assert sorted(postman.delivered) == ["ana", "bruno"]


def test_handlers_are_called_by_name(app: Flask, postman: Postman) -> None:
    seen: list[Any] = []
    table = app.extensions["helpdesk"].handlers
    table["TicketOpened"] = [("here", lambda event, event_id: seen.append((event, event_id)))]
    with app.app_context(), transaction():
        event_id = outbox.record(TicketOpened(7))
    run_until_idle(app)
    assert seen == [(TicketOpened(7), event_id)]


def test_a_failure_is_tried_again_later(app: Flask, clock: FixedClock, postman: Postman) -> None:
    postman.failures = [OSError("no route"), OSError("still none")]
    send(app, "ana")
    assert run_until_idle(app) == 1
    assert run_until_idle(app) == 0, "the second attempt waits"
    assert "no route" in (row(app).last_error or "")
    clock.advance(seconds=2)
    assert run_until_idle(app) == 1
    clock.advance(seconds=2)
    assert run_until_idle(app) == 0, "the third attempt waits longer"
    clock.advance(seconds=4)
    assert run_until_idle(app) == 1
    assert postman.delivered == ["ana"]
    assert row(app).state is OutboxState.done


@pytest.mark.parametrize(
    ("error", "state"), [(NotWanted("over"), OutboxState.dropped), (GiveUp("no such box"), OutboxState.dead)]
)
def test_final_answers(app: Flask, postman: Postman, error: Exception, state: OutboxState) -> None:
    postman.failures = [error]
    send(app, "ana")
    run_until_idle(app)
    assert row(app).state is state
    assert str(error) in (row(app).last_error or "")


def test_not_now_waits_as_long_as_it_says(app: Flask, clock: FixedClock, postman: Postman) -> None:
    postman.failures = [NotNow(600, "the server rests")]
    send(app, "ana")
    run_until_idle(app)
    clock.advance(seconds=599)
    assert run_until_idle(app) == 0
    clock.advance(seconds=152)
    assert run_until_idle(app) == 1


def test_three_days_of_failures_are_the_end(app: Flask, clock: FixedClock, postman: Postman) -> None:
    postman.failures = [OSError("down")] * 1000
    send(app, "ana")
    for _quarter_day in range(16):
        run_until_idle(app)
        clock.advance(hours=6)
    assert row(app).state is OutboxState.dead
    postman.failures = []
    with app.app_context(), transaction():
        assert outbox.retry(row(app).id, clock.now())
    assert run_until_idle(app) == 1
    assert postman.delivered == ["ana"]


@pytest.mark.both_databases
def test_a_crash_between_lease_and_mark_repeats_the_effect_once(
    app: Flask, clock: FixedClock, postman: Postman
) -> None:
    send(app, "ana")
    dead = Relay(app)
    assert len(dead.lease()) == 1  # and its process ends here
    assert run_until_idle(app) == 0, "the row belongs to the dead one"
    clock.advance(seconds=outbox.LEASE_SECONDS + 1)
    assert run_until_idle(app) == 1
    assert run_until_idle(app) == 0
    assert postman.delivered == ["ana"]


def test_an_unknown_handler_or_channel_is_dead_and_visible(app: Flask) -> None:
    with app.app_context(), transaction():
        outbox.send("pigeon", "ana", {}, event_id="event")
        outbox.send("handler", "gone.plugin", {"event": "TicketOpened", "data": {"ticket_id": 1}}, event_id="event")
    assert run_until_idle(app) == 2
    with app.app_context():
        assert queries.count_effects() == {"ready": 0, "dead": 2}


@pytest.mark.both_databases
def test_two_relays_never_take_the_same_row(app: Flask) -> None:
    names = [f"person{number}" for number in range(120)]
    send(app, *names)
    relays = [Relay(app) for _number in range(4)]
    taken: list[str] = []

    def take(relay: Relay) -> None:
        while items := relay.lease():
            taken.extend(item.recipient for item in items)

    threads = [threading.Thread(target=take, args=(relay,)) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(names)


def test_a_started_relay_is_woken_by_a_commit(app: Flask, postman: Postman) -> None:
    relay = Relay(app)
    relay.start()
    try:
        send(app, "ana")
        wait_until(lambda: postman.delivered == ["ana"], "the delivery")
        wait_until(lambda: row(app).state is OutboxState.done, "the mark")
    finally:
        relay.stop()


def test_who_stops_ends_what_is_under_way_and_gives_back_the_rest(app: Flask, postman: Postman) -> None:
    """A restart sends nothing twice, and nothing waits for a lease to run out."""
    send(app, "ana", "bruno")
    relay = Relay(app)
    relay._state.outbox_listeners.append(relay.wake)
    first, second = relay.lease()
    begun, may_end = threading.Event(), threading.Event()

    def slowly(item: Item) -> None:
        begun.set()
        may_end.wait(20)
        postman.delivered.append(item.recipient)

    app.extensions["helpdesk"].deliverers["post"] = slowly
    performing = threading.Thread(target=relay.perform, args=(first,))
    performing.start()
    begun.wait(20)
    stopping = threading.Thread(target=relay.stop)
    stopping.start()
    wait_until(lambda: relay._stopping, "the stop")
    assert stopping.is_alive()
    may_end.set()
    stopping.join(20)
    performing.join(20)
    assert postman.delivered == [first.recipient]
    [taken] = Relay(app).lease()
    assert (taken.id, taken.attempts) == (second.id, 1)


def test_who_stops_gives_back_what_was_being_leased(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stop comes while the loop is about to take more: nobody would do it before the lease is over."""
    send(app, "ana")
    relay = Relay(app)
    lease, begun, may_go_on = relay.lease, threading.Event(), threading.Event()

    def slowly() -> list[Item]:
        begun.set()
        may_go_on.wait(20)
        return lease()

    monkeypatch.setattr(relay, "lease", slowly)
    relay.start()
    assert begun.wait(20)
    stopping = threading.Thread(target=relay.stop)
    stopping.start()
    wait_until(lambda: relay._stopping, "the stop")
    stopping.join(0.3)  # one that does not wait for the loop is done by then
    may_go_on.set()
    stopping.join(20)
    assert relay._loops is not None
    relay._loops.join(20)
    [taken] = Relay(app).lease()
    assert (taken.recipient, taken.attempts) == ("ana", 1)


def test_a_clock_that_was_set_back_hurries_only_what_waits_for_nothing(app: Flask, clock: FixedClock) -> None:
    """Of what was queued two hours ahead, the mail of then is due at once, and the reminder for tomorrow is not."""
    clock.advance(hours=2)
    with app.app_context(), transaction():
        outbox.send("post", "now", {}, event_id="event")
        outbox.send("post", "tomorrow", {}, event_id="event", due_at=clock.now() + timedelta(days=1))
    clock.advance(hours=-2)
    with app.app_context():
        assert leases.catch_up(clock.now()) == 1
    assert [item.recipient for item in Relay(app).lease()] == ["now"]


def test_a_clock_that_jumps_and_is_set_back_between_two_looks(app: Flask, clock: FixedClock, postman: Postman) -> None:
    """The loop has seen neither: what failed meanwhile was put off for two hours, and is tried again at once."""
    postman.failures = [OSError("no route")]
    send(app, "ana")
    relay = Relay(app)
    relay._watch_clock()
    [item] = relay.lease()
    clock.advance(hours=2)
    relay.perform(item)
    clock.advance(hours=-2)
    assert relay.lease() == []
    relay._watch_clock()
    assert [item.recipient for item in relay.lease()] == ["ana"]


def test_without_a_database_the_rest_of_a_batch_is_given_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be marked was perhaps done and waits for its lease; the others need not, and are not even tried."""
    tried: list[str] = []
    table = app.extensions["helpdesk"].handlers
    table["TicketOpened"] = [("here", lambda event, event_id: tried.append(event_id))]
    with app.app_context(), transaction():
        for number in range(3):
            outbox.record(TicketOpened(number))
    relay = Relay(app)

    def fails(*_arguments: object) -> str:
        raise OSError("no database")

    with monkeypatch.context() as patched:
        patched.setattr(relay, "_mark", fails)
        assert relay._take() == 0
    assert len(tried) == 1
    assert Relay(app).lease() == []
    relay._return_left()
    found = Relay(app).lease()
    assert [item.attempts for item in found] == [1, 1]
    assert tried[0] not in [item.event_id for item in found]


def test_waiting_grows_to_an_hour() -> None:
    assert [rules.wait_seconds(n, 0.5) for n in (1, 2, 3, 4)] == [1, 4, 16, 64]
    assert rules.wait_seconds(50, 0.5) == 3600
    assert rules.wait_seconds(2, 0) < 4 < rules.wait_seconds(2, 1)


def test_finished_effects_and_silent_workers_are_thrown_away(app: Flask, clock: FixedClock, postman: Postman) -> None:
    send(app, "ana")
    run_until_idle(app)
    with app.app_context():
        actions.beat("old", clock.now())
    clock.advance(days=actions.KEPT_DAYS - 1)
    with app.app_context():
        actions.prune(clock.now())
        assert db.session.scalar(select(OutboxRow.id)) is not None
        assert queries.find_last_beat(clock.now()) is None
    clock.advance(days=2)
    with app.app_context():
        assert actions.prune(clock.now()) == 1
        assert db.session.scalar(select(OutboxRow.id)) is None


def test_silence_of_more_than_five_seconds_is_too_long(clock: FixedClock) -> None:
    assert rules.is_stale(clock.now() - timedelta(seconds=6), clock.now())
    assert not rules.is_stale(clock.now() - timedelta(seconds=4), clock.now())
    assert rules.is_stale(None, clock.now())
