"""Mails by the notice plan: to whom, once, in their language; corrected when the times change; and their end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.audit.models import AuditEntry
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.queries import get_notice, timeline
from plugins.outage_notice.announcements.rules import Anchor, Kind, NewUpdate, PlanEntry, Says, Status, Weight
from plugins.outage_notice.announcements.rules.retrying import ATTEMPTS
from plugins.outage_notice.mailings import actions, views
from plugins.outage_notice.mailings.actions import writing
from plugins.outage_notice.mailings.models import MailedPerson, Mailing
from plugins.outage_notice.mailings.queries import ending_facts
from plugins.outage_notice.outages.actions import follow_affected
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import Settle, act, call, mail_text, mails, move, open_ticket
from tests import factories
from tests.fixtures import People

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TITLE = "ERP is unavailable"
OVER = PlanEntry(Says.mail, Anchor.end)
Go = Callable[[datetime], None]


def mail(days: int = 0) -> PlanEntry:
    return PlanEntry(Says.mail, Anchor.start, days * 24 * 60)


PLAN = (mail(15), mail(1), OVER)


@pytest.fixture
def start(clock: FixedClock) -> datetime:
    return clock.now() + 20 * DAY


@pytest.fixture
def go(clock: FixedClock, settle: Settle) -> Go:
    """Let the time come, and everything happen that is due by then."""

    def run(moment: datetime) -> None:
        clock.set(moment)
        settle()
        settle()

    return run


@pytest.fixture
def work(people: People, start: datetime) -> Callable[..., Announcement]:
    """A maintenance for Finance in twenty days, shown from a day before."""

    def make(**more: Any) -> Announcement:
        values: dict[str, Any] = {
            "kind": Kind.maintenance,
            "title": TITLE,
            "starts_at": start,
            "planned_end_at": start + 2 * HOUR,
            "show_from": start - DAY,
            "notice_plan": PLAN,
        }
        return publish(people.teresa, department(people.finance), **(values | more))

    return make


@factories.in_app
def said_in_timeline(record: Announcement) -> list[tuple[str, int]]:
    return [(e.data["mailing"], e.data["mailed"]) for e in timeline(record.id, public_only=True) if e.kind == "mailed"]


@factories.in_app
def steps(record: Announcement) -> list[tuple[int, str]]:
    rows = db.session.query(Step).filter_by(announcement_id=record.id, kind="mail").order_by(Step.id)
    return [(step.minutes_before // 1440, step.state.value) for step in rows]


@pytest.mark.both_databases
def test_a_maintenance_from_the_first_mail_to_the_last(
    app: Flask, people: People, work: Callable[..., Announcement], start: datetime, go: Go, clock: FixedClock
) -> None:
    eva = factories.make_user("Eva", "requester", people.finance, locale="es", time_zone="Europe/Madrid")
    factories.make_user("Nora", "requester", people.finance, email=None)
    record = work()
    go(start - 15 * DAY - HOUR)
    assert mails(app, people.ana, TITLE) == []
    go(start - 15 * DAY)
    go(start - 15 * DAY + HOUR)
    assert mails(app, people.ana, TITLE) == [TITLE]
    assert f"/notices/{record.id}" in mail_text(app, people.ana, "Hello Ana,")
    assert len(mails(app, eva, TITLE)) == 1
    assert mails(app, people.bruno, TITLE) == []
    with app.app_context():  # whoever is written to may read it before the banner stands
        assert get_notice(factories.viewer(people.ana), record.id, clock.now()).announcement.id == record.id
        mailing = db.session.query(Mailing).one()
        assert (mailing.people, mailing.without_mailbox, mailing.written_at is not None) == (2, 1, True)
        assert {one.user_id for one in db.session.query(MailedPerson)} == {people.ana.id, eva.id}
    assert said_in_timeline(record) == [("planned", 2)]
    with app.app_context():  # what is said before it is done
        assert ending_facts(record.id) == {"mailed": 2, "mailed_end": 2, "mailed_over": 0}
    # Another date is told to those who were told the former one, and only a silent edit is not.
    changes = {"starts_at": start + DAY, "planned_end_at": start + DAY + 2 * HOUR, "show_from": start}
    act(announcements.edit_published, people.teresa, record.id, changes)
    go(clock.now() + HOUR)
    assert mails(app, people.ana, "That has changed.") == [f"New time: {TITLE}"]
    act(announcements.edit_published, people.teresa, record.id, {"planned_end_at": start + DAY + 3 * HOUR},
        weight=Weight.silent)  # fmt: skip
    act(announcements.edit_published, people.teresa, record.id, {"description": "You can't book."})
    go(clock.now() + HOUR)
    assert len(mails(app, people.ana, "That has changed.")) == 1
    # The next mail goes to whoever is in the audience then; the one that went is not sent again for the new date.
    move(eva, people.sales)
    move(people.bruno, people.finance)
    go(start + HOUR)
    assert len(mails(app, people.ana, TITLE)) == 3
    assert len(mails(app, people.bruno, TITLE)) == 1
    assert steps(record) == [(15, "fired"), (1, "void"), (1, "void"), (1, "fired")]
    # It overruns: a new end is told once.
    go(start + DAY + 3 * HOUR)
    act(announcements.post_update, people.teresa, record.id, NewUpdate(text="Longer.", eta=clock.now() + HOUR))
    go(clock.now())
    assert len(mails(app, people.bruno, "We now expect it to be over")) == 1
    # The end waits until it cannot be undone, and reaches those who were mailed and are still concerned.
    act(announcements.resolve, people.teresa, record.id, "It works.")
    go(clock.now() + timedelta(minutes=1))
    assert mails(app, people.ana, "Over: ") == []
    act(announcements.undo_resolve, people.teresa, record.id)
    go(clock.now() + timedelta(minutes=5))
    assert mails(app, people.ana, "Over: ") == []
    act(announcements.resolve, people.teresa, record.id, "It works now.")
    go(clock.now() + timedelta(minutes=3))
    go(clock.now() + DAY)
    assert mails(app, people.ana, "It works now.") == [f"Over: {TITLE}"]
    assert mails(app, people.bruno, "Over: ") == [f"Over: {TITLE}"]
    assert mails(app, eva, "Over: ") == []
    kinds = [kind for kind, _people in said_in_timeline(record)]
    assert kinds == ["planned", "changed", "planned", "changed", "over"]


def test_a_crash_between_two_chunks_mails_nobody_twice(
    app: Flask,
    people: People,
    work: Callable[..., Announcement],
    start: datetime,
    go: Go,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "PEOPLE_AT_ONCE", 2)
    crowd = [people.ana, *(factories.make_user(f"Person {n}", "requester", people.finance) for n in range(4))]
    work()
    left = [1]

    def fail(name: str) -> None:
        if name == "mailing_chunk" and left:
            left.pop()
            return
        if name == "mailing_chunk" and broken:
            raise RuntimeError("the process is gone")

    broken = True
    monkeypatch.setattr(writing, "failpoint", fail)
    go(start - 15 * DAY)
    assert [len(mails(app, person, TITLE)) for person in crowd] == [1, 1, 0, 0, 0]
    broken = False
    go(start - 15 * DAY + HOUR)
    assert [len(mails(app, person, TITLE)) for person in crowd] == [1] * 5


def test_a_mailing_that_keeps_failing_rests_longer_each_time_and_is_given_up(
    app: Flask,
    people: People,
    work: Callable[..., Announcement],
    start: datetime,
    go: Go,
    clock: FixedClock,
    settle: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[datetime] = []

    def fail(name: str) -> None:
        if name == "mailing_chunk":
            tried.append(clock.now())
            raise RuntimeError("nothing goes")

    record = work()
    with monkeypatch.context() as broken:
        broken.setattr(writing, "failpoint", fail)
        go(start - 15 * DAY)
        for _second in range(3):
            settle()
        assert len(tried) == 1  # it rests, and what is asked every second does not try it again
        for seconds in (4, 16, 64, 256, 1024):
            go(clock.now() + timedelta(seconds=seconds))
        assert len(tried) == ATTEMPTS
        go(clock.now() + HOUR)
        assert len(tried) == ATTEMPTS
    go(start - 14 * DAY)
    assert mails(app, people.ana, TITLE) == []
    with app.app_context():
        assert timeline(record.id)[-1].kind == "mailing_failed"
        assert [one.after for one in db.session.query(AuditEntry).filter_by(object_kind="alarm")] == [
            {"what": f"OUT-{record.id}"}
        ]
    with app.test_request_context():
        assert "then given up after errors" in views.room_part(record.id, factories.viewer(people.teresa), clock.now())


def test_a_mail_that_waited_too_long_is_not_sent(
    app: Flask,
    people: People,
    work: Callable[..., Announcement],
    start: datetime,
    clock: FixedClock,
    settle: Settle,
) -> None:
    record = work()
    clock.set(start - 15 * DAY)
    with app.app_context():
        announcements.fire_due_steps(clock.now())
        step = db.session.query(Step).filter_by(announcement_id=record.id, kind="mail", state="fired").one()
        mailing = actions.start_planned(record.id, step.id)
        assert mailing is not None
        assert actions.write_chunk(mailing.id) == 1  # its mail waits, such as for a server that is away
    act(announcements.cancel, people.teresa, record.id)
    settle()
    settle()
    assert mails(app, people.ana, TITLE) == []  # nor that it was called off: they know nothing of it
    with app.app_context():
        assert [one.people for one in db.session.query(Mailing)] == [0, 0]


def test_a_mail_whose_turn_comes_before_an_end_is_undone_waits(
    app: Flask, people: People, clock: FixedClock, settle: Settle
) -> None:
    record = publish(people.teresa, department(people.finance), title=TITLE, notice_plan=(mail(),))
    with app.app_context():
        announcements.fire_due_steps(clock.now())
        step = db.session.query(Step).filter_by(announcement_id=record.id, kind="mail").one()
        mailing = actions.start_planned(record.id, step.id)
        assert mailing is not None
        assert actions.write_chunk(mailing.id) == 1
    act(announcements.resolve, people.teresa, record.id, "It works.")
    settle()
    assert mails(app, people.ana, TITLE) == []
    act(announcements.undo_resolve, people.teresa, record.id)
    clock.set(clock.now() + timedelta(minutes=3))
    settle()
    assert mails(app, people.ana, TITLE) == [TITLE]


def test_what_is_called_off_is_told_to_those_who_were_mailed(
    app: Flask, people: People, work: Callable[..., Announcement], start: datetime, go: Go, clock: FixedClock
) -> None:
    cancelled, withdrawn = work(notice_plan=(mail(15),)), work(notice_plan=(mail(1),), title="Printing is off")
    go(start - 15 * DAY)
    for end, record in ((announcements.cancel, cancelled), (announcements.withdraw, withdrawn)):
        act(end, people.teresa, record.id)
    go(clock.now() + HOUR)
    go(start)
    assert mails(app, people.ana, TITLE) == [TITLE, f"Cancelled: {TITLE}"]
    assert mails(app, people.ana, "Printing") == []  # nobody had been told of it


def test_an_incident_is_mailed_when_published_and_when_it_is_back(
    app: Flask, people: People, go: Go, clock: FixedClock
) -> None:
    title = "VPN is down"
    record = publish(people.teresa, department(people.finance), title=title, notice_plan=(mail(), OVER))
    cora = factories.make_user("Cora", "requester", people.finance)
    go(clock.now())
    assert mails(app, people.ana, title) == [title]
    call(follow_affected, record.id, cora.id)  # and so gets the closing message
    act(announcements.resolve, people.teresa, record.id)
    go(clock.now() + 3 * timedelta(minutes=1))
    act(announcements.reopen, people.teresa, record.id)
    go(clock.now())
    act(announcements.resolve, people.teresa, record.id)
    go(clock.now() + 3 * timedelta(minutes=1))
    go(clock.now() + DAY)
    again = f"Not over after all: {title}"
    assert mails(app, people.ana, title) == [title, f"Over: {title}", again, f"Over: {title}"]
    assert mails(app, cora, "Over: ") == [f"Over: {title}"] * 2


def test_another_estimate_reaches_each_person_once(app: Flask, people: People, go: Go, clock: FixedClock) -> None:
    """Who reads it in the ticket gets no other mail about it."""
    vpn = factories.make_service("VPN", people.finance)
    cora = factories.make_user("Cora", "requester", people.finance)
    eta = clock.now() + HOUR
    record = publish(people.teresa, department(people.finance), services=(vpn,), eta=eta, notice_plan=(mail(),))
    open_ticket(cora, vpn)
    go(clock.now())
    act(announcements.post_update, people.teresa, record.id, NewUpdate(text="Later.", eta=eta + HOUR))
    go(clock.now())
    assert [len(mails(app, person, "That has changed.")) for person in (people.ana, cora)] == [1, 1]
    assert mails(app, people.ana, "New time: ") != []
    assert mails(app, cora, "New time: ") == []


def test_a_drill_mails_its_pilot_group_and_says_what_it_is(
    app: Flask, people: People, work: Callable[..., Announcement], start: datetime, go: Go
) -> None:
    for name in ("Karl", "Lena"):
        factories.make_user(name, "requester", people.sales)
    work(is_drill=True)
    go(start - 15 * DAY)
    assert mails(app, people.ana, TITLE) == [f"Drill: {TITLE}"]
    assert "This is a drill" in mail_text(app, people.ana, "Hello")
    assert mails(app, people.bruno, TITLE) == []


def test_each_time_of_a_repetition_has_its_mails_once(
    app: Flask, people: People, work: Callable[..., Announcement], start: datetime, go: Go
) -> None:
    record = work(recurrence="FREQ=WEEKLY;COUNT=2", show_from=None)
    for days in (-15, -1, 0, 6, 7):
        go(start + days * DAY)
        go(start + days * DAY + 2 * HOUR)
    got = mails(app, people.ana, TITLE)
    assert got == [TITLE, TITLE, *sorted([TITLE, f"Over: {TITLE}"]), TITLE, f"Over: {TITLE}"] or got == [
        TITLE, TITLE, f"Over: {TITLE}", TITLE, TITLE, f"Over: {TITLE}",
    ]  # fmt: skip
    assert [state for _days, state in steps(record) if state != "void"] == ["fired"] * 4


def test_after_downtime_the_newest_mail_speaks_and_a_missed_window_sends_nothing(
    app: Flask, people: People, work: Callable[..., Announcement], start: datetime, go: Go
) -> None:
    late, begun = work(), work(title="Mail is off", starts_at=start - 2 * DAY, planned_end_at=start - DAY)
    missed = work(title="Backup is off", ends_by_itself=True, starts_at=start - 10 * DAY,
                  planned_end_at=start - 9 * DAY, show_from=start - 11 * DAY)  # fmt: skip
    go(start - HOUR)  # everything ran last when they were published
    assert mails(app, people.ana, TITLE) == [TITLE]
    assert steps(late) == [(15, "collapsed"), (1, "fired")]
    assert mails(app, people.ana, "Mail is off") == []  # it has begun, and the start speaks
    assert {state for _days, state in steps(begun)} == {"collapsed"}
    assert mails(app, people.ana, "Backup is off") == []
    assert {state for _days, state in steps(missed)} == {"missed"}
    with app.app_context():
        assert db.session.get_one(Announcement, missed.id).status is Status.completed
