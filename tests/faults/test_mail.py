"""A mail server that is away, slow, in doubt or against it, and workers that die at the worst moment."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from flask import Flask
from sqlalchemy import Select, func, select

from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import LEASE_SECONDS, OutboxRow, OutboxState
from helpdesk.mail.actions import CHANNEL, queue_mail
from helpdesk.mail.models import MailState, OutgoingMail
from tests.faults.mail_sink import Sink
from tests.faults.processes import IS_FULL, SLACK_SECONDS, START_SECONDS, Desk, arm, full_form, size
from tests.live import LiveServer
from tests.waiting import wait_until

QUIET_SECONDS = 3.0  # longer than anything that is under way takes


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.stop()


def queue(app: Flask, count: int, word: str = "person") -> list[str]:
    """So many mails to as many people, in one transaction. Their addresses."""
    addresses = [f"{word}{number}@helpdesk.example" for number in range(count)]
    with app.app_context(), transaction():
        for address in addresses:
            queue_mail(address, "The VPN works again", "You can connect.", event_id=f"event-{word}")
    return addresses


def states(app: Flask) -> Counter[str]:
    with app.app_context():
        rows = db.session.execute(
            select(OutboxRow.state, func.count()).where(OutboxRow.channel == CHANNEL).group_by(OutboxRow.state)
        )
        found = Counter({str(state.value): count for state, count in rows})
        db.session.rollback()
        return found


def settle(app: Flask, servers: list[LiveServer], done: Counter[str], seconds: float = 120) -> None:
    """Until the outbox looks like this. When nothing moves, what failed waits for its pause: the clock moves on."""
    end = time.monotonic() + seconds + SLACK_SECONDS
    seen, since = Counter[str](), time.monotonic()
    while (found := progress(app)) - Counter(attempts=found["attempts"]) != done:
        assert time.monotonic() < end, (found, servers[0].log[-2000:])
        if found != seen:
            seen, since = found, time.monotonic()
        elif time.monotonic() - since > QUIET_SECONDS:
            servers[0].advance(70)  # past a lease and past the pause of a breaker
            since = time.monotonic()
        time.sleep(0.2)  # the program works meanwhile


def progress(app: Flask) -> Counter[str]:
    """The states, and how many attempts there were."""
    with app.app_context():
        attempts = db.session.scalar(select(func.sum(OutboxRow.attempts)).where(OutboxRow.channel == CHANNEL)) or 0
        db.session.rollback()
    return states(app) + Counter(attempts=attempts)


@full_form
def test_what_is_refused_is_told_apart(app: Flask, desk: Desk, sink: Sink) -> None:
    """Every third address is unknown (5xx), every third has a full mailbox for a while (4xx), the rest is taken."""
    count = size(30, 999)
    tries: Counter[str] = Counter()

    def refuse(recipient: str) -> bytes | None:
        tries[recipient] += 1
        kind = int(recipient.partition("@")[0].removeprefix("person")) % 3
        if kind == 0:
            return b"550 no such user"
        return b"450 mailbox full" if kind == 1 and tries[recipient] == 1 else None

    sink.refuses = refuse
    worker = desk.make("worker", environment={"HELPDESK_SMTP_URL": sink.url})
    addresses = queue(app, count)
    worker.launch()
    settle(app, [worker], Counter(done=count * 2 // 3, dead=count // 3))
    assert sink.count() == Counter(addresses[n] for n in range(count) if n % 3)
    assert {tries[address] for address in addresses[::3]} == {1}  # a final answer is not asked for again
    assert {tries[address] for address in addresses[1::3]} == {2}


@full_form
def test_a_server_that_is_away_slow_or_hangs_up(app: Flask, desk: Desk, sink: Sink) -> None:
    """Pages do not wait for mail; when it is back everything arrives, once."""
    server = desk.make(environment={"HELPDESK_SMTP_URL": sink.url})
    server.start(START_SECONDS)
    idle = page_times(server)
    sink.stop()
    first = queue(app, size(20, 300), "away")
    wait_until(lambda: "an effect failed" in server.log, "it is tried", 20 + SLACK_SECONDS)
    busy = page_times(server)
    sink.seconds_a_byte = 1.0
    sink.start()
    second = queue(app, size(10, 100), "slow")
    server.advance(70)
    wait_until(lambda: sink.connections >= 1, "it is tried again", 20 + SLACK_SECONDS)
    slow = page_times(server)
    sink.stop()
    sink.seconds_a_byte, sink.drops_after_250 = 0.0, True
    sink.start()
    settle(app, [server], Counter(done=len(first) + len(second)))
    assert sink.count() == Counter(first + second)
    if IS_FULL:
        assert max(busy, slow) <= idle * 1.2 + 0.02 * SLACK_SECONDS, (idle, busy, slow)


def page_times(server: LiveServer) -> float:
    """What 95 of 100 requests take at most, in seconds."""
    with requests.Session() as session:
        times = []
        for _request in range(size(20, 100)):
            start = time.monotonic()
            session.get(f"{server.url}/sign-in", timeout=20).raise_for_status()
            times.append(time.monotonic() - start)
    return statistics.quantiles(times, n=20)[-1]


@full_form
def test_a_server_at_a_byte_a_second_is_given_up(app: Flask, desk: Desk, sink: Sink) -> None:
    """It keeps every answer alive for ever; a mail's time ends all the same, before anybody else may try it."""
    sink.seconds_a_byte = 1.0
    worker = desk.make("worker", environment={"HELPDESK_SMTP_URL": sink.url})
    queue(app, 3)
    worker.launch()
    wait_until(lambda: worker.log.count("an effect failed") == 3, "they are given up", LEASE_SECONDS)
    assert sink.connections == 3
    sink.seconds_a_byte = 0.0
    settle(app, [worker], Counter(done=3))
    assert set(sink.count().values()) == {1}


@full_form
@pytest.mark.parametrize("point", ["mail_accepted", "before_mark"])
def test_a_worker_dies_after_the_server_took_a_mail(app: Flask, desk: Desk, sink: Sink, point: str) -> None:
    """At most one mail more for each death, under the same Message-ID; none is lost."""
    deaths = size(1, 10)
    worker = desk.make("worker", environment={"HELPDESK_SMTP_URL": sink.url})
    drain(app, worker)
    addresses = queue(app, 4 * deaths)
    died = 0
    noted: dict[str, int] = {}  # how often a mail had been taken when its record said so
    for _death in range(deaths):
        if not states(app)["ready"]:
            break
        arm(worker, f"{point}:kill=2")
        worker.launch()
        assert worker.process is not None
        worker.process.wait(START_SECONDS)
        died += 1
        for address in recorded(app):
            noted.setdefault(address, sink.count()[address])
        worker.advance(LEASE_SECONDS + 1)
    arm(worker, "")
    worker.launch()
    settle(app, [worker], Counter(done=len(addresses)))
    taken = sink.count()
    assert set(taken) == set(addresses)
    again = sum(taken.values()) - len(addresses)
    assert again <= died * 8  # as many mails as are under way at the same time
    by_address: dict[str, set[str]] = {}
    for mail in sink.accepted:
        by_address.setdefault(mail.recipient, set()).add(mail.message_id)
    assert {len(ids) for ids in by_address.values()} == {1}
    assert {address: taken[address] for address in noted} == noted  # those were not sent again
    assert noted or point == "mail_accepted"


def drain(app: Flask, worker: LiveServer) -> None:
    """Let the worker do what has nothing to do with mail, so that it dies of mails alone; then end it."""
    due = select(func.count()).where(OutboxRow.state != OutboxState.done)
    worker.launch()
    with app.app_context():
        wait_until(lambda: not _count(due), "an empty outbox", START_SECONDS)
    worker.kill()


def _count(query: Select[int]) -> int:
    found = db.session.scalar(query) or 0
    db.session.rollback()
    return found


def recorded(app: Flask) -> list[str]:
    """The addresses of the mails whose record says that they were sent."""
    with app.app_context():
        found = db.session.scalars(select(OutgoingMail.recipient).where(OutgoingMail.state == MailState.sent)).all()
        db.session.rollback()
        return list(found)
