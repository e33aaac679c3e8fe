"""Reviews: filled from the timeline, written by technicians, read by those who may."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from sqlalchemy.exc import DatabaseError

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, is_postgresql, transaction
from helpdesk.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from helpdesk.mail.models import OutgoingMail
from helpdesk.scheduling.relay import run_until_idle
from plugins.outage_notice.announcements import actions as announcing
from plugins.outage_notice.announcements.models import Announcement, AudienceTarget, TimelineEntry
from plugins.outage_notice.announcements.rules import Effect, Kind, ServiceEffect
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.banners.models import Receipt
from plugins.outage_notice.outages import actions as outages
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.actions import NewAction
from plugins.outage_notice.reviews.models import Feedback, ReviewAction
from plugins.outage_notice.reviews.queries.departments import branches_below, concerned_branches
from plugins.outage_notice.reviews.queries.facts import Facts, review_facts
from plugins.outage_notice.reviews.queries.feedback import answers_of
from plugins.outage_notice.reviews.queries.records import find_published, get_reviewed
from plugins.outage_notice.reviews.queries.reports import Report, Wanted, report
from plugins.outage_notice.reviews.rules import Answer, Cause, Readers, Side
from plugins.outage_notice.reviews.rules.months import read_range
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish, requester, service_users
from plugins.outage_notice.tests.outages.conftest import open_ticket
from plugins.outage_notice.tests.reviews.conftest import MINUTE, outage_of
from tests import factories
from tests.fixtures import People

Browser = Callable[[Any], FlaskClient]


@factories.in_app
def act(function: Any, user: Any, *args: Any, **more: Any) -> Any:
    return function(factories.viewer(user), *args, **more)


@factories.in_app
def facts_of(user: Any, outage: Announcement, clock: FixedClock) -> Facts:
    viewer = factories.viewer(user)
    return review_facts(viewer, get_reviewed(viewer, outage.id)[0], clock.now())


@factories.in_app
def kinds(outage: Announcement) -> list[str]:
    query = select(TimelineEntry.kind).where(TimelineEntry.announcement_id == outage.id).order_by(TimelineEntry.id)
    return list(db.session.scalars(query))


@factories.in_app
def reviewed(outage: Announcement, people: People) -> Any:
    return get_reviewed(factories.viewer(people.teresa), outage.id)[1]


def test_a_review_is_filled_from_the_timeline(people: People, outage: Announcement, clock: FixedClock) -> None:
    facts = facts_of(people.carla, outage, clock)
    assert [(p.name, p.length / MINUTE) for p in facts.phases] == [
        ("notice", 10),
        ("tell", 0),
        ("find", 20),
        ("fix", 35),
    ]
    assert (facts.first_message, facts.resolution, facts.people) == (10, 65, 1)
    assert facts.off_estimate == pytest.approx(-5)
    assert [e.eta for e in facts.estimates] == [outage.eta]
    assert {k.kind.value: (k.kept, k.total) for k in facts.promises}["first_message"] == (1, 1)
    assert facts.reach is not None
    assert facts.tickets is not None


def test_the_reach_stays_what_it_was_when_it_ended(app: Flask, people: People, vpn: Service, clock: FixedClock) -> None:
    outage = outage_of(people, clock, vpn)
    with app.app_context(), transaction() as session:
        at = clock.now() - MINUTE
        session.add(Receipt(announcement_id=outage.id, user_id=people.ana.id, delivered_at=at, seen_at=at))
    run_until_idle(app)
    clock.advance(days=30)
    with app.app_context(), transaction() as session:
        session.get_one(User, people.ana.id).department_id = people.sales.id
    for n in range(3):
        factories.make_user(f"Colleague {n}", department=people.finance)
    facts = facts_of(people.carla, outage, clock)
    assert facts.reach is not None
    assert facts.is_reach_kept
    assert (facts.people, facts.reach.seen_in_time, facts.reach.department_count) == (1, 1, 1)
    assert kinds(outage).count("reach_kept") == 1

    act(announcing.reopen, people.teresa, outage.id, "It is back.")
    facts = facts_of(people.carla, outage, clock)
    assert (facts.people, facts.is_reach_kept) == (3, False)
    act(announcing.resolve, people.teresa, outage.id, "It works.")
    run_until_idle(app)
    assert facts_of(people.carla, outage, clock).people == 3
    assert kinds(outage).count("reach_kept") == 2


def test_who_followed_and_who_was_kept_from_writing_a_ticket(
    app: Flask, people: People, vpn: Service, clock: FixedClock
) -> None:
    running = publish(people.teresa, department(people.finance), services=(vpn,))
    colleagues = [factories.make_user(f"Colleague {n}", department=people.finance) for n in range(3)]
    for person in (people.ana, *colleagues):
        assert act(outages.follow, person, running.id)
    act(outages.unfollow, colleagues[0], running.id)
    open_ticket(colleagues[1], vpn)
    open_ticket(colleagues[2], None)  # about something else
    run_until_idle(app)
    act(announcing.resolve, people.teresa, running.id, "It works.")
    clock.advance(minutes=3)
    run_until_idle(app)
    found = facts_of(people.carla, running, clock).tickets
    assert found is not None
    assert (found.linked, found.followed, found.avoided) == (1, 3, 2)


def test_what_a_person_corrects_counts_before_the_timeline(
    people: People, outage: Announcement, clock: FixedClock
) -> None:
    started = clock.now() - 65 * MINUTE
    act(actions.save_review, people.teresa, outage.id, {"noticed_at": started + 4 * MINUTE})
    assert [p.length / MINUTE for p in facts_of(people.teresa, outage, clock).phases] == [4, 6, 20, 35]


def test_a_surge_or_an_alert_is_the_moment_of_noticing(
    app: Flask, people: People, outage: Announcement, clock: FixedClock
) -> None:
    started = clock.now() - 65 * MINUTE

    def note(kind: str, minutes: int, data: dict[str, Any]) -> list[float]:
        with app.app_context(), transaction() as session:
            at = started + minutes * MINUTE
            session.add(TimelineEntry(announcement_id=outage.id, at=at, kind=kind, data=data))
        return [p.length / MINUTE for p in facts_of(people.teresa, outage, clock).phases]

    assert note("surge_noticed", 9, {"detected_at": (started + 6 * MINUTE).isoformat()})[:2] == [6, 4]
    assert note("alert_fired", 2, {})[:2] == [2, 8]
    assert note("alert_fired", 3, {"detected_at": "soon"})[:2] == [2, 8]


def test_a_stale_save_loses_nothing(people: People, outage: Announcement) -> None:
    first = act(actions.save_review, people.teresa, outage.id, {"summary": "Mine"}, 0)
    assert first.revision == 1
    with pytest.raises(Stale) as error:
        act(actions.save_review, people.tomas, outage.id, {"summary": "Theirs"}, 0)
    assert error.value.current["summary"] == "Mine"
    act(actions.save_review, people.tomas, outage.id, {"luck": "It was a Sunday"}, 1)
    saved = reviewed(outage, people)
    assert (saved.summary, saved.luck, saved.revision) == ("Mine", "It was a Sunday", 2)
    again = act(actions.save_review, people.tomas, outage.id, {"luck": "It was a Sunday"}, 2)
    assert again.revision == 2


def test_only_technicians_write(people: People, outage: Announcement) -> None:
    with pytest.raises(Forbidden):
        act(actions.save_review, people.carla, outage.id, {"summary": "x"})
    with pytest.raises(NotFound):
        act(actions.save_review, people.ana, outage.id, {"summary": "x"})
    with pytest.raises(Invalid):
        act(actions.save_review, people.teresa, outage.id, {"summary": "x" * 8001})
    with pytest.raises(Invalid):
        act(actions.save_review, people.teresa, outage.id, {"revision": 7})


def published(people: People, outage: Announcement, readers: Readers) -> None:
    texts = {"summary": "A certificate expired.", "public_summary": "VPN was down.", "cause": Cause.certificate}
    act(actions.save_review, people.teresa, outage.id, texts)
    act(actions.publish_review, people.teresa, outage.id, readers)


@factories.in_app
def may_read(user: Any, outage: Announcement, clock: FixedClock) -> bool:
    return find_published(factories.viewer(user), outage.id, clock.now()) is not None


def test_who_may_read_a_review(people: People, outage: Announcement, clock: FixedClock) -> None:
    published(people, outage, Readers.staff)
    assert not may_read(people.ana, outage, clock)
    act(actions.publish_review, people.teresa, outage.id, Readers.affected)
    assert may_read(people.ana, outage, clock)
    assert not may_read(people.bruno, outage, clock)
    clock.advance(days=90)
    assert may_read(people.ana, outage, clock)
    act(actions.take_review_back, people.teresa, outage.id)
    assert not may_read(people.ana, outage, clock)
    with pytest.raises(Conflict):
        act(actions.take_review_back, people.teresa, outage.id)


def test_what_stops_publishing(people: People, outage: Announcement, clock: FixedClock, vpn: Service) -> None:
    with pytest.raises(Invalid) as error:
        act(actions.publish_review, people.teresa, outage.id, Readers.staff)
    assert "summary" in error.value.fields
    act(actions.save_review, people.teresa, outage.id, {"summary": "It broke."})
    with pytest.raises(Invalid) as error:
        act(actions.publish_review, people.teresa, outage.id, Readers.affected)
    assert "public_summary" in error.value.fields
    act(actions.save_review, people.teresa, outage.id, {"public_summary": "It broke."})
    with pytest.raises(Invalid) as error:  # it was never announced to the public
        act(actions.publish_review, people.teresa, outage.id, Readers.public)
    assert "readers" in error.value.fields
    announced = outage_of(people, clock, vpn, is_public=True)
    published(people, announced, Readers.public)
    assert reviewed(announced, people).readers is Readers.public


def test_a_correction_points_to_the_entry_and_changes_nothing(app: Flask, people: People, outage: Announcement) -> None:
    with app.app_context():
        entry = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "published")).one()
        entry_id, before = entry.id, dict(entry.data)
    act(actions.correct_entry, people.teresa, outage.id, entry_id, "It was seen from 09:12 on.")
    with app.app_context():
        added = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "corrected")).one()
        assert added.data["entry_id"] == entry_id
        assert not added.is_public
        assert db.session.get_one(TimelineEntry, entry_id).data == before
    with pytest.raises(NotFound):
        act(actions.correct_entry, people.teresa, outage.id, entry_id + 999, "x")
    with pytest.raises(Invalid):
        act(actions.correct_entry, people.teresa, outage.id, entry_id, "  ")


@pytest.mark.parametrize(
    "statement", ["UPDATE outage_timeline_entry SET kind = 'x'", "DELETE FROM outage_timeline_entry"]
)
def test_the_database_refuses_to_rewrite_the_timeline(app: Flask, outage: Announcement, statement: str) -> None:
    with app.app_context(), pytest.raises(DatabaseError, match="append-only"), transaction() as session:
        session.execute(text(statement))
    assert "published" in kinds(outage)


def test_actions_are_reminded_of_until_they_are_done(
    app: Flask, people: People, outage: Announcement, clock: FixedClock
) -> None:
    due = (clock.now() + timedelta(days=5)).date()
    action = act(actions.add_action, people.teresa, outage.id, NewAction("Watch certificates", people.carla.id, due))

    def tick() -> list[str]:
        with app.app_context():
            actions.remind(clock.now())
            actions.remind(clock.now())  # the other process
        run_until_idle(app)
        with app.app_context():
            return list(db.session.scalars(select(OutgoingMail.subject).where(OutgoingMail.subject.contains("Watch"))))

    assert tick() == []
    clock.advance(days=4)
    assert len(tick()) == 1
    clock.advance(days=2)
    assert len(tick()) == 2
    clock.advance(days=30)  # nothing ran: one reminder, not four
    assert len(tick()) == 3
    act(actions.finish_action, people.carla, outage.id, action.id)
    clock.advance(days=30)
    assert len(tick()) == 3
    act(actions.finish_action, people.carla, outage.id, action.id, is_done=False)
    clock.advance(days=8)
    assert len(tick()) == 4


def test_what_an_action_needs(people: People, outage: Announcement, clock: FixedClock) -> None:
    today = clock.now().date()
    for wrong, field in (
        (NewAction(" ", people.carla.id, today), "what"),
        (NewAction("x" * 201, people.carla.id, today), "what"),
        (NewAction("x", people.ana.id, today), "owner_id"),
        (NewAction("x", 2**40, today), "owner_id"),
        (NewAction("x", people.carla.id, date(1, 1, 1)), "due_on"),
        (NewAction("x", people.carla.id, date(9999, 12, 31)), "due_on"),
    ):
        with pytest.raises(Invalid) as error:
            act(actions.add_action, people.teresa, outage.id, wrong)
        assert set(error.value.fields) == {field}
    mine = act(actions.add_action, people.teresa, outage.id, NewAction("x", people.tomas.id, today))
    with pytest.raises(Forbidden):
        act(actions.finish_action, people.carla, outage.id, mine.id)
    with pytest.raises(Stale):
        act(actions.change_action, people.teresa, outage.id, mine.id, NewAction("y", people.tomas.id, today), 7)
    with pytest.raises(Invalid):
        act(actions.link_ticket, people.teresa, outage.id, mine.id, 999)


def test_one_answer_for_each_person_and_side(people: People, outage: Announcement, app: Flask) -> None:
    act(actions.give_feedback, people.ana, outage.id, Side.requester, Answer.no, "Too late.")
    act(actions.give_feedback, people.ana, outage.id, Side.requester, Answer.partly, "Better.")
    act(actions.give_feedback, people.carla, outage.id, Side.team, Answer.yes)
    with app.app_context():
        found = answers_of(outage.id, Side.requester)
        assert (dict(found.counts), found.comments) == ({Answer.partly: 1}, ("Better.",))
        assert answers_of(outage.id, Side.team).total == 1
    with pytest.raises(NotFound):
        act(actions.give_feedback, people.bruno, outage.id, Side.requester, Answer.yes)
    with pytest.raises(NotFound):
        act(actions.give_feedback, people.ana, outage.id, Side.team, Answer.yes)
    assert "feedback" not in "".join(kinds(outage))


def test_answers_of_few_people_are_not_shown_by_department(
    app: Flask, people: People, outage: Announcement, clock: FixedClock
) -> None:
    def answer(count: int, department_id: int, offset: int) -> None:
        with app.app_context():
            users = [factories.make_user(f"P{offset + n}", "requester").id for n in range(count)]
            with transaction() as session:
                session.add_all(
                    Feedback(announcement_id=outage.id, user_id=id, side=Side.requester, answer=Answer.yes,
                             comment="", department_id=department_id, answered_at=clock.now())
                    for id in users
                )  # fmt: skip

    answer(6, people.finance.id, 0)
    answer(4, people.sales.id, 100)
    with app.app_context():
        shown = {d.name: d.counts for d in answers_of(outage.id, Side.requester).departments}
    assert shown == {"Sales": None, "Finance": None}  # ten minus Finance would tell what four people said
    answer(7, people.town_hall.id, 200)
    with app.app_context():
        shown = {d.name: d.counts for d in answers_of(outage.id, Side.requester).departments}
    assert shown == {"Sales": None, "Finance": None, "Town hall": {Answer.yes: 7}}


def test_no_feedback_before_it_is_over(people: People, vpn: Service) -> None:
    running = publish(people.teresa, department(people.finance), services=(vpn,))
    with pytest.raises(Conflict):
        act(actions.give_feedback, people.ana, running.id, Side.requester, Answer.yes)
    with pytest.raises(Conflict):
        act(actions.publish_review, people.teresa, running.id, Readers.staff)


def test_one_of_many_processes_sends_the_reminder(
    app: Flask, people: People, outage: Announcement, clock: FixedClock
) -> None:
    due = (clock.now() + timedelta(days=5)).date()
    act(actions.add_action, people.teresa, outage.id, NewAction("Watch certificates", people.carla.id, due))
    clock.advance(days=4)

    def tick(_process: int) -> int:
        with app.app_context():
            return actions.remind(clock.now())

    with ThreadPoolExecutor(6) as processes:
        assert sorted(processes.map(tick, range(6))) == [0, 0, 0, 0, 0, 1]


def test_a_report_reads_only_its_months_and_asks_as_much_for_many_outages_as_for_few(
    app: Flask, people: People, clock: FixedClock, vpn: Service
) -> None:
    statements: list[tuple[str, Any]] = []

    def asked(outages: int) -> int:
        zone = ZoneInfo("UTC")
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", note)
            statements.clear()
            found = report(Wanted(read_range("", "", clock.now(), zone), zone), clock.now())
            event.remove(db.engine, "before_cursor_execute", note)
            assert len(found.outages) == outages
        return len(statements)

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    outage_of(people, clock, vpn)
    few = asked(1)
    for _more in range(4):
        outage_of(people, clock, vpn)
    assert asked(5) == few
    assert not any("outage_timeline_entry.is_public" in text for text, _values in statements), "only parts are read"
    searches = [s for s in statements if "actual_start_at >=" in s[0]]
    assert len(searches) == 1
    with app.app_context():
        if not is_postgresql():  # which reads so few rows without an index
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {searches[0][0]}", searches[0][1])
            assert "ix_outage_announcement_actual_start_at" in str(plan.all())


@pytest.mark.both_databases
def test_a_report_counts_what_was_on_and_how_heavily(people: People, vpn: Service, clock: FixedClock) -> None:
    """An hour as a major outage, half an hour slow, ten hours fine, a quarter of an hour slow again."""
    outage = publish(people.teresa, department(people.finance), services=(vpn,))
    clock.advance(minutes=60)
    slow = {"services": (ServiceEffect(vpn.id, Effect.degraded_performance),)}
    act(announcing.edit_published, people.teresa, outage.id, slow)
    clock.advance(minutes=40)
    act(announcing.resolve, people.teresa, outage.id, ended_at=clock.now() - 10 * MINUTE)
    clock.advance(minutes=600)
    act(announcing.reopen, people.teresa, outage.id)
    clock.advance(minutes=15)
    act(announcing.resolve, people.teresa, outage.id)
    found = report_of(clock)
    [row], [service] = found.outages, found.services
    assert row.to_resolve == 105
    assert (service.availability.down, service.availability.affected) == (60 * MINUTE, 105 * MINUTE)
    facts = facts_of(people.carla, outage, clock)
    assert (facts.resolution, facts.stretches) == (105, 2)


@pytest.mark.both_databases
def test_a_report_of_a_service_counts_what_affected_it_then(people: People, vpn: Service, clock: FixedClock) -> None:
    mail, erp, wifi = (factories.make_service(name, people.finance) for name in ("Mail", "ERP", "Wi-Fi"))
    starts = clock.now() + 30 * MINUTE
    outage = publish(people.teresa, department(people.finance), services=(vpn, mail, wifi))
    planned = publish(
        people.teresa, department(people.finance), services=(vpn, erp), kind=Kind.maintenance, severity=3,
        starts_at=starts, planned_end_at=starts + 60 * MINUTE,
    )  # fmt: skip
    act(announcing.edit_published, people.teresa, planned.id, {"services": (ServiceEffect(vpn.id),)})  # before it began
    clock.advance(minutes=20)
    act(announcing.edit_published, people.teresa, outage.id, {"services": (ServiceEffect(mail.id),)})
    clock.advance(minutes=40)
    act(announcing.resolve, people.teresa, outage.id)
    act(announcing.resolve, people.teresa, planned.id)

    def of(service: Service) -> tuple[list[tuple[str, ...]], list[tuple[str, float]]]:
        found = report_of(clock, service_id=service.id)
        down = [(s.name, (s.availability.down + s.availability.maintenance) / MINUTE) for s in found.services]
        return [row.services for row in found.outages], down

    every = [("Mail", "VPN", "Wi-Fi")]
    assert of(mail) == (every, [("Mail", 60)])
    assert of(wifi) == (every, [("Wi-Fi", 20)])
    assert of(vpn) == (every, [("VPN", 50)])
    assert of(erp) == ([], [])


@pytest.mark.both_databases
def test_which_departments_an_outage_concerned(people: People, vpn: Service, app: Flask) -> None:
    both, of_finance = {"Administration", "Commerce"}, {"Administration"}
    audiences = (
        (EVERYONE, both),
        (department(people.town_hall), both),
        (department(people.finance), of_finance),
        (service_users(vpn), both),  # the town hall uses it
        (service_users(factories.make_service("ERP", people.finance)), of_finance),
        (service_users(factories.make_service("Nobody's")), set()),
        (Target(TargetKind.role, "requester"), both),
        (Target(TargetKind.role, "agent"), of_finance),
        (requester(people.bruno), {"Commerce"}),
    )
    records = [publish(people.teresa, requester(people.bruno), department(people.finance))]
    with app.app_context():
        assert branches_below(people.administration.id) == branches_below(people.finance.id)
        names = branches_below(None)
        assert set(names.values()) == both
        with transaction() as session:
            for target, _found in audiences:
                one = Announcement(
                    **{c.key: getattr(records[0], c.key) for c in Announcement.__table__.c if c.key != "id"}
                )
                session.add(one)
                session.flush()
                session.add(AudienceTarget(announcement_id=one.id, kind=target.kind, ref=target.id or ""))
                records.append(one)
            ids = [one.id for one in records]
        found = concerned_branches(ids, names)
        told = [{names[branch] for branch in found[id]} for id in ids]
    assert told == [both, *(wanted for _target, wanted in audiences)]


@factories.in_app
def report_of(clock: FixedClock, **of: int) -> Report:
    zone = ZoneInfo("UTC")
    return report(Wanted(read_range("", "", clock.now(), zone), zone, **of), clock.now())


@factories.in_app
def action_rows(outage: Announcement) -> list[ReviewAction]:
    return list(db.session.scalars(select(ReviewAction).where(ReviewAction.announcement_id == outage.id)))
