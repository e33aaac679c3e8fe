"""Planned steps: fired once, collapsed or missed after downtime, planned anew when dates change."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk import create_app
from helpdesk.audit.models import AuditEntry
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import HelpdeskError
from plugins.outage_notice.announcements import actions, queries, rules
from plugins.outage_notice.announcements.models import Announcement, Step, TimelineEntry
from plugins.outage_notice.announcements.rules import Kind, Phase, Status, StepKind
from plugins.outage_notice.tests.announcements.conftest import Cast
from plugins.outage_notice.tests.announcements.test_actions import Publish, fresh, timeline_kinds


def states(record: Announcement) -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(Step.kind, Step.state).where(Step.announcement_id == record.id).order_by(Step.due_at, Step.id)
    )
    return [(kind.value, state.value) for kind, state in rows]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 12, hour, minute, tzinfo=UTC)


def fire(clock: FixedClock, moment: datetime) -> int:
    clock.set(moment)
    return actions.fire_due_steps(clock.now())


def test_a_maintenance_goes_on_and_off_by_schedule(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    assert states(record) == [("show", "pending"), ("start", "pending"), ("end", "pending")]
    assert fire(clock, at(18, 59)) == 0
    assert fire(clock, at(19)) == 1
    seq = fresh(record).feed_seq
    assert fire(clock, at(20)) == 1
    running = fresh(record)
    assert (running.status, running.actual_start_at) == (Status.in_progress, at(20))
    assert running.feed_seq > seq
    assert fire(clock, at(22)) == 1
    over = fresh(record)
    assert (over.status, over.actual_end_at, over.closed_at) == (Status.completed, at(22), at(22))
    assert timeline_kinds(record) == ["created", "published", "shown", "started", "ended"]
    assert fire(clock, at(23)) == 0


def test_a_planned_end_alone_ends_nothing(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance()
    fire(clock, at(23))
    late = fresh(record)
    assert rules.phase(late, clock.now()) is Phase.active
    assert late.status is Status.in_progress


def test_without_any_job_the_record_says_the_same(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    expected = [
        (at(18, 59), Phase.upcoming, Status.scheduled, False),
        (at(19), Phase.upcoming, Status.scheduled, True),
        (at(20), Phase.active, Status.in_progress, True),
        (at(21, 59), Phase.active, Status.in_progress, True),
        (at(22), Phase.over, Status.completed, False),
    ]
    for moment, phase, status, is_shown in expected:
        found = (
            rules.phase(record, moment),
            rules.effective_status(record, moment),
            rules.window(record, moment).is_shown,
        )
        assert found == (phase, status, is_shown), moment


def test_after_downtime_the_newest_step_speaks(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    assert fire(clock, at(20, 30)) == 2
    assert states(record) == [("show", "collapsed"), ("start", "fired"), ("end", "pending")]
    assert timeline_kinds(record)[-1] == "started"
    assert timeline_kinds(record).count("shown") == 0
    assert fresh(record).status is Status.in_progress


def test_a_window_missed_entirely_sends_nothing(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    fire(clock, at(23))
    assert {state for _kind, state in states(record)} == {"missed"}
    assert timeline_kinds(record) == ["created", "published"]
    assert fresh(record).status is Status.completed
    actions_written = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions_written[-1] == "announcement.missed"


def test_one_that_was_seen_before_is_not_missed(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    fire(clock, at(19))
    fire(clock, at(23))
    assert states(record) == [("show", "fired"), ("start", "collapsed"), ("end", "fired")]
    over = fresh(record)
    assert (over.actual_start_at, over.actual_end_at) == (at(20), at(22))
    assert timeline_kinds(record)[-1] == "ended"


def test_new_dates_plan_anew(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance()
    actions.edit_published(cast.teresa, record.id, {"starts_at": at(21), "planned_end_at": at(23)})
    assert sorted(states(record)) == [("show", "pending"), ("show", "void"), ("start", "pending"), ("start", "void")]
    assert fire(clock, at(20)) == 1  # shown at 19:00, as before
    assert fresh(record).status is Status.scheduled
    fire(clock, at(21))
    assert fresh(record).actual_start_at == at(21)


def test_a_started_maintenance_that_is_postponed_waits_again(
    cast: Cast, maintenance: Publish, clock: FixedClock
) -> None:
    record = maintenance()
    fire(clock, at(20))
    actions.edit_published(cast.teresa, record.id, {"starts_at": at(21), "planned_end_at": at(23)})
    after = fresh(record)
    assert (after.status, after.actual_start_at) == (Status.scheduled, None)
    assert rules.phase(after, clock.now()) is Phase.upcoming


def test_information_ends_with_its_display(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published(kind=Kind.information, severity=4, show_until=at(12), next_update_at=None)
    fire(clock, at(12))
    assert fresh(record).status is Status.ended


def test_an_incident_that_is_hidden_goes_on(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published(show_until=at(12))
    fire(clock, at(12))
    after = fresh(record)
    assert rules.phase(after, clock.now()) is Phase.active
    assert not rules.window(after, clock.now()).is_shown
    assert timeline_kinds(record)[-1] == "hidden"


def test_a_repetition_goes_on(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(recurrence="FREQ=DAILY;COUNT=2", show_from=at(19))
    for day in range(2):
        for hour in (19, 20, 22):
            assert fire(clock, at(hour) + timedelta(days=day)) == 1, (day, hour)
        if day == 0:
            between = fresh(record)
            assert (between.status, between.actual_start_at) == (Status.scheduled, None)
            assert rules.phase(between, clock.now()) is Phase.upcoming
    assert fresh(record).status is Status.completed
    assert {s for _k, s in states(record)} == {"fired"}


CRITICAL = {"severity": 1, "must_confirm": True}


def loud(record: Announcement) -> int:
    return fresh(record).loud_seq


def test_a_critical_maintenance_returns_before_its_start(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(**CRITICAL, recurrence="FREQ=DAILY")
    for day in (timedelta(), timedelta(days=1)):
        fire(clock, at(19) + day)
        before = loud(record)
        assert fire(clock, at(19, 44) + day) == 0
        assert fire(clock, at(19, 45) + day) == 1
        assert loud(record) == fresh(record).feed_seq > before
        assert timeline_kinds(record)[-1] == "shown_again"
        returned = loud(record)
        fire(clock, at(20) + day)
        fire(clock, at(22) + day)
        assert loud(record) == returned


def test_nobody_is_reminded_of_what_has_begun(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    late, early, moved = maintenance(**CRITICAL), maintenance(**CRITICAL), maintenance()
    fire(clock, at(19))
    clock.set(at(19, 30))
    actions.post_update(cast.teresa, early.id, rules.NewUpdate(text="We began.", status=Status.in_progress))
    actions.edit_published(cast.teresa, moved.id, CRITICAL)  # from now on it is one that returns
    before = loud(late), loud(early), loud(moved)
    fire(clock, at(20, 1))  # after downtime
    assert (loud(late), loud(early), loud(moved)) == before
    assert ("remind", "collapsed") in states(late)
    assert ("remind", "collapsed") in states(moved)
    assert ("remind", "void") in states(early)
    assert timeline_kinds(late)[-1] == "started"


def test_an_end_moved_into_the_past_is_written_down(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    fire(clock, at(21))
    actions.edit_published(cast.teresa, record.id, {"planned_end_at": at(20, 30)})
    assert fire(clock, at(21, 1)) == 1
    over = fresh(record)
    assert (over.status, over.actual_end_at) == (Status.completed, at(20, 30))


def test_a_promise_holds_for_one_time_of_a_repetition(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(recurrence="FREQ=DAILY", show_from=at(19))
    fire(clock, at(20))
    actions.post_update(cast.teresa, record.id, rules.NewUpdate(text="It takes longer.", eta=at(21, 30)))
    fire(clock, at(22))
    assert fresh(record).eta is None


def test_one_that_began_early_stays_begun_when_something_else_changes(
    cast: Cast, maintenance: Publish, clock: FixedClock
) -> None:
    record = maintenance()
    clock.set(at(19, 30))
    actions.post_update(cast.teresa, record.id, rules.NewUpdate(text="We began.", status=Status.in_progress))
    actions.edit_published(cast.teresa, record.id, {"planned_end_at": at(23)})
    assert (fresh(record).status, fresh(record).actual_start_at) == (Status.in_progress, at(19, 30))


def test_missed_times_of_a_repetition_are_skipped(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(recurrence="FREQ=DAILY")
    fire(clock, at(21) + timedelta(days=3))
    assert {s for _k, s in states(record)[:3]} == {"missed"}
    after = fresh(record)
    assert (after.status, after.actual_start_at) == (Status.in_progress, at(20) + timedelta(days=3))
    pending = [kind for kind, state in states(record) if state == "pending"]
    assert pending == ["end"]


def test_ended_by_a_person_nothing_fires(cast: Cast, maintenance: Publish, clock: FixedClock) -> None:
    record = maintenance(ends_by_itself=True)
    actions.cancel(cast.teresa, record.id)
    assert fire(clock, at(23)) == 0
    assert fresh(record).status is Status.cancelled


def test_one_that_fails_stops_no_other(
    cast: Cast, maintenance: Publish, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plugins.outage_notice.announcements.actions import steps

    bad, good = maintenance(), maintenance()
    settle = steps._settle

    def fail_for_one(session: object, record: Announcement, due: list[Step], now: datetime) -> None:
        if record.id == bad.id:
            raise RuntimeError("broken row")
        settle(session, record, due, now)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "_settle", fail_for_one)
    assert fire(clock, at(19)) == 1
    assert states(bad)[0] == ("show", "pending")
    assert states(good)[0] == ("show", "fired")


# --- several applications on one database, as several processes are ---


def in_parallel(settings: Settings, moment: datetime, times: int, work: Callable[[], object]) -> list[object]:
    """What `work` gave in each of several applications that start at the same moment; an error is its name."""
    barrier = Barrier(times)
    apps = [create_app(settings, FixedClock(moment)) for _number in range(times)]

    def run(app: Flask) -> object:
        with app.app_context():
            barrier.wait(timeout=30)
            try:
                return work()
            except HelpdeskError as error:
                return type(error).__name__
            finally:
                db.session.remove()
                db.engine.dispose()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, apps))


@pytest.mark.both_databases
def test_several_processes_fire_each_step_once(cast: Cast, settings: Settings, clock: FixedClock) -> None:
    total = 240
    with transaction() as session:
        for number in range(total):
            record = Announcement(
                kind=Kind.maintenance,
                severity=3,
                title=f"Maintenance {number}",
                status=Status.scheduled,
                published_at=clock.now(),
                starts_at=at(20),
                planned_end_at=at(22),
                created_at=clock.now(),
                updated_at=clock.now(),
                wall_times={},
                plan=1,
            )
            session.add(record)
            session.flush()
            session.add(Step(announcement_id=record.id, kind=StepKind.start, due_at=at(20), plan=1))

    def fire_all() -> int:
        # What another one holds at the moment is left to the next tick of whoever comes first.
        return sum(actions.fire_due_steps(at(20)) for _tick in range(5))

    counts = in_parallel(settings, at(20), 3, fire_all)
    assert sum(counts) == total  # type: ignore[arg-type]
    db.session.rollback()
    started = select(TimelineEntry.announcement_id, func.count()).where(TimelineEntry.kind == "started")
    per_record = db.session.execute(started.group_by(TimelineEntry.announcement_id)).all()
    assert (len(per_record), {count for _id, count in per_record}) == (total, {1})
    audited = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "announcement.started")
    assert db.session.scalar(audited) == total
    assert set(db.session.scalars(select(Announcement.status))) == {Status.in_progress}


@pytest.mark.both_databases
def test_of_two_publishers_one_wins(cast: Cast, draft: Callable[..., rules.Draft], settings: Settings) -> None:
    record = actions.create_draft(cast.teresa, draft())
    db.session.rollback()
    outcomes = in_parallel(settings, at(9), 2, lambda: actions.publish(cast.teresa, record.id).status.value)
    assert sorted(map(str, outcomes)) == ["Conflict", "investigating"]
    db.session.rollback()
    assert timeline_kinds(record).count("published") == 1
    assert len(queries.live_announcements()) == 1
