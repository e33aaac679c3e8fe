"""Nobody ran when something was due, and clocks that jump, both ways and across the change to summer time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.mail.actions import CHANNEL, queue_mail
from tests.databases import START
from tests.faults.mail_sink import Sink
from tests.faults.pages import Page
from tests.faults.processes import (
    PROMISE_SECONDS,
    SLACK_SECONDS,
    START_SECONDS,
    Browser,
    Desk,
    full_form,
    wait_for_worker,
)
from tests.live import LiveServer
from tests.waiting import wait_until

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

from plugins.outage_notice.announcements.models import Step, TimelineEntry
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.tests.announcing import department, publish

LIMIT = PROMISE_SECONDS + SLACK_SECONDS
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def informs(desk: Desk, begin: datetime, end: datetime) -> int:
    finance = department(desk.people.finance)
    return publish(desk.people.teresa, finance, kind=Kind.information, severity=4, show_from=begin, show_until=end).id


def states(announcement_id: int, kind: str) -> list[str]:
    found = db.session.scalars(select(Step.state).where(Step.announcement_id == announcement_id, Step.kind == kind))
    result = [str(state.value) for state in found]
    db.session.rollback()
    return result


def shown(announcement_id: int) -> list[str]:
    query = select(TimelineEntry.kind).where(TimelineEntry.announcement_id == announcement_id)
    return [kind for kind in db.session.scalars(query) if kind in ("shown", "hidden", "started", "ended")]


def mails() -> int:
    return db.session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.channel == CHANNEL)) or 0


@full_form
def test_nobody_ran_when_it_began(app: Flask, desk: Desk) -> None:
    """What began meanwhile is caught up with at once; what is over altogether is marked and told to nobody."""
    begun = informs(desk, START + MINUTE, START + 600 * MINUTE)
    missed = informs(desk, START + MINUTE, START + 5 * MINUTE)
    server = desk.make()
    server.set_time(START + 10 * MINUTE)
    server.start(timeout=START_SECONDS)
    with app.app_context():
        wait_until(lambda: states(begun, "show") == ["fired"], "it is caught up with", LIMIT)
        wait_until(lambda: states(missed, "hide") == ["missed"], "it is marked as missed", LIMIT)
        assert states(missed, "show") == ["missed"]
        assert (shown(begun), shown(missed), mails()) == (["shown"], [], 0)
    ana = Browser(server, desk.people.ana)
    assert [banner["id"] for banner in ana.board(server)["banners"]] == [begun]


@full_form
def test_a_clock_that_jumps_under_open_pages(app: Flask, desk: Desk) -> None:
    """Two hours forward: everything is right at once. Two hours back: nothing is done again, and nothing waits."""
    server = desk.server()
    first, second = (informs(desk, START + n * HOUR, START + 20 * HOUR) for n in (1, 3))
    page = Page(Browser(server, desk.people.ana), lambda: server)
    try:
        wait_until(lambda: page.is_live, "the page is live", START_SECONDS)
        for hours, ids in ((2, [first]), (-2, []), (4, [first, second]), (-4, []), (5, [first, second])):
            server.advance(hours * 3600)
            wait_until(lambda i=ids: page.ids == i, f"{hours} hours later: {ids}", LIMIT)  # type: ignore[misc]
        with app.app_context():
            wait_until(lambda: states(second, "show") == ["fired"], "its step is done", LIMIT)
            assert (shown(first), shown(second)) == (["shown"], ["shown"])
        assert page.browser.board(server)["tag"] == page.line.tag or page.shows(page.browser.board(server))
    finally:
        page.stop()


@full_form
def test_mail_does_not_wait_for_a_clock_that_was_set_back(app: Flask, desk: Desk, clock: FixedClock) -> None:
    sink = Sink()
    try:
        worker = desk.worker(environment={"HELPDESK_SMTP_URL": sink.url})
        for hours in (2, -2):
            clock.set(START + timedelta(hours=max(hours, 0)))
            if hours < 0:
                sink.stop()
                send(app, clock, "waits@helpdesk.example")
                wait_until(lambda: failures(app) > 0, "it failed once", START_SECONDS)
                sink.start()
            worker.advance(hours * 3600)
            send(app, clock, f"ana+{hours}@helpdesk.example")
        wait_until(lambda: len(sink.accepted) == 3, "all mails arrive", 20 + SLACK_SECONDS)
        assert set(sink.count().values()) == {1}
    finally:
        sink.stop()


def send(app: Flask, clock: FixedClock, address: str) -> None:
    with app.app_context(), transaction():
        queue_mail(address, "Hello", "A text.", event_id=address)


def failures(app: Flask) -> int:
    with app.app_context():
        query = select(func.count()).select_from(OutboxRow).where(OutboxRow.attempts > 0)
        count = db.session.scalar(query.where(OutboxRow.state == OutboxState.ready, OutboxRow.leased_until.is_(None)))
        db.session.rollback()
        return count or 0


@full_form
@pytest.mark.parametrize(
    ("zone", "first", "wanted"),
    [
        # 02:30 does not exist on 29 March: it moves by the gap. UTC hours of the starts.
        ("Europe/Berlin", datetime(2026, 3, 28, 1, 30, tzinfo=UTC), ["28 01:30", "29 01:30", "30 00:30"]),
        # 02:30 comes twice on 25 October: the first counts, and it fires once.
        ("Europe/Berlin", datetime(2026, 10, 24, 0, 30, tzinfo=UTC), ["24 00:30", "25 00:30", "26 01:30"]),
    ],
    ids=["spring", "autumn"],
)
def test_what_repeats_daily_fires_once_a_date(
    app: Flask, desk: Desk, clock: FixedClock, zone: str, first: datetime, wanted: Sequence[str]
) -> None:
    clock.set(first - 12 * HOUR)
    record = publish(
        desk.people.teresa, department(desk.people.finance), kind=Kind.maintenance, severity=3,
        starts_at=first, planned_end_at=first + 20 * MINUTE, show_from=first - 10 * MINUTE,
        recurrence="FREQ=DAILY;COUNT=3", time_zone=zone, ends_by_itself=True, next_update_at=None,
    )  # fmt: skip
    workers = [desk.make("worker") for _worker in range(2)]
    workers[0].set_time(first - HOUR)
    for worker in workers:
        worker.launch()
        wait_for_worker(worker)
    with app.app_context():
        for day in range(3):
            walk_over_a_night(workers[0], first + timedelta(days=day), record.id, day + 1)
        starts = select(Step.due_at).where(Step.announcement_id == record.id, Step.kind == "start")
        fired = [at.strftime("%d %H:%M") for at in db.session.scalars(starts.where(Step.state == "fired"))]
        assert sorted(fired) == list(wanted)
        assert [kind for kind in shown(record.id) if kind in ("started", "ended")] == ["started", "ended"] * 3


def walk_over_a_night(worker: LiveServer, about: datetime, announcement_id: int, number: int) -> None:
    """From two hours before to three hours after that moment, a quarter of an hour at a time, and wait for both."""
    at = about - 2 * HOUR
    while at < about + 3 * HOUR:
        worker.set_time(at)
        due = select(func.count()).select_from(Step).where(
            Step.announcement_id == announcement_id, Step.state == "pending", Step.due_at <= at
        )  # fmt: skip
        wait_until(lambda q=due: not count(q), "nothing is due any more", LIMIT)  # type: ignore[misc]
        at += 15 * MINUTE
    assert [kind for kind in shown(announcement_id) if kind == "ended"] == ["ended"] * number


def count(query: object) -> int:
    found: int = db.session.scalar(query) or 0  # type: ignore[call-overload]
    db.session.rollback()
    return found
