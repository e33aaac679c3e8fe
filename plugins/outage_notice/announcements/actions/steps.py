"""Firing what is due: each step at most once, whatever the number of processes that ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, func, literal_column, select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import db, failpoint, is_postgresql, record_audit, record_event, transaction
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.planning import plan_steps
from plugins.outage_notice.announcements.actions.writing import log as note
from plugins.outage_notice.announcements.actions.writing import tell
from plugins.outage_notice.announcements.models import PENDING, Announcement, Step
from plugins.outage_notice.announcements.rules import Kind, Phase, Status, StepFired, StepKind, StepState

BATCH = 100
ORDER = {kind: place for place, kind in enumerate(StepKind)}
TIMELINE_KINDS = {
    StepKind.show: "shown",
    StepKind.remind: "shown_again",
    StepKind.start: "started",
    StepKind.end: "ended",
    StepKind.hide: "hidden",
}

log = structlog.get_logger(__name__)


def fire_due_steps(now: datetime, limit: int = 2000) -> int:
    """Fire what is due at `now`, up to `limit` announcements. How many steps were settled by this call.

    Announcements are taken in batches, one transaction each; if one of a batch fails, the rest is done one by one.
    """
    settled, tried = 0, 0
    seen: set[int] = set()
    while tried < limit:
        ids = [i for i in _due_announcements(now, BATCH + len(seen)) if i not in seen]
        if not ids:
            break
        seen.update(ids)
        tried += len(ids)
        settled += _fire_safely(ids, now)
    return settled


def _fire_safely(ids: Sequence[int], now: datetime) -> int:
    try:
        return _fire(ids, now)
    except Exception:
        if len(ids) == 1:
            log.exception("step failed", announcement=ids[0])
            return 0
        return sum(_fire_safely([announcement_id], now) for announcement_id in ids)


def _due_announcements(now: datetime, limit: int) -> list[int]:
    # The condition is written out, as an index of some rows is not found for a parameter; and as an expression the
    # number has no index of its own, by whose order SQLite would read all steps there ever were.
    number: ColumnElement[int] = literal_column("announcement_id + 0")
    due = select(number).select_from(Step).where(PENDING, Step.due_at <= now)
    due = due.group_by(number).order_by(func.min(Step.due_at)).limit(limit)
    ids = sorted(db.session.scalars(due))
    db.session.rollback()  # the read must not hold an old view while others write
    return ids


def _fire(ids: Sequence[int], now: datetime) -> int:
    with transaction() as session:
        # Announcements first, then their steps: the order in which actions lock them.
        wanted = select(Announcement).where(Announcement.id.in_(ids)).order_by(Announcement.id)
        if is_postgresql():
            wanted = wanted.with_for_update(skip_locked=True)
        records = session.scalars(wanted.execution_options(populate_existing=True)).all()
        claimed = _claim(session, [record.id for record in records], now)
        if claimed:
            failpoint("step_claimed")
        for record in records:
            if record.id in claimed:
                _settle(session, record, claimed[record.id], now)
        return sum(map(len, claimed.values()))


def _claim(session: Session, ids: Sequence[int], now: datetime) -> dict[int, list[Step]]:
    """The due steps of these announcements that this transaction has won."""
    rows = session.scalars(
        update(Step)
        .where(Step.announcement_id.in_(ids), Step.state == StepState.pending, Step.due_at <= now)
        .values(state=StepState.fired, fired_at=now)
        .returning(Step)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    found: defaultdict[int, list[Step]] = defaultdict(list)
    for step in sorted(rows, key=lambda s: (s.due_at, ORDER[s.kind], -s.minutes_before)):
        found[step.announcement_id].append(step)
    return dict(found)


def _settle(session: Session, record: Announcement, claimed: list[Step], now: datetime) -> None:
    is_planned = record.status in rules.LIVE_STATUSES and all(step.plan == record.plan for step in claimed)
    steps = [step for step in claimed if is_planned and not _is_moot(record, step)]
    for step in claimed:
        if step not in steps:
            step.state = StepState.void
    if not steps:
        return
    was_missed = _is_missed(record, steps)
    for step in steps:
        _apply(record, step)
        if was_missed:
            step.state = StepState.missed
    # The channels speak for themselves: a mail that is due with the banner is no older news than that.
    shown = [step for step in steps if step.kind is not StepKind.mail]
    mails = [step for step in steps if step.kind is StepKind.mail]
    if shown:
        # Once it has begun, the start speaks, and nobody is reminded of it.
        tell(record, is_loud=shown[-1].kind is StepKind.remind)
    if was_missed:
        record_audit(None, "announcement.missed", "announcement", record.id, after={"steps": [s.kind for s in steps]})
    else:
        _say_newest(session, record, shown, now)
        has_ended = any(step.kind is StepKind.end for step in shown) or rules.phase(record, now) is Phase.over
        _mail_newest(record, mails, now, has_ended=has_ended)
    if record.recurrence and shown and shown[-1].kind is StepKind.end and record.status in rules.LIVE_STATUSES:
        _go_on(session, record, now, shown[-1].due_at)


def _say_newest(session: Session, record: Announcement, shown: Sequence[Step], now: datetime) -> None:
    for step in shown[:-1]:
        step.state = StepState.collapsed
    for step in shown[-1:]:
        _say(session, record, step, now)


def _mail_newest(record: Announcement, mails: Sequence[Step], now: datetime, *, has_ended: bool) -> None:
    """Have the newest mail written, unless a start or an end that came since has made it old."""
    for step in mails:
        if has_ended or step is not mails[-1] or (step.minutes_before and record.actual_start_at is not None):
            step.state = StepState.collapsed
        else:
            record.mailed_at = record.mailed_at or now
            record_event(StepFired(record.id, step.id, step.kind.value))


def _is_moot(record: Announcement, step: Step) -> bool:
    """Whether it speaks of a start that somebody has made already."""
    return bool(step.minutes_before) and record.actual_start_at is not None


def _is_missed(record: Announcement, steps: Sequence[Step]) -> bool:
    """Whether nobody ever saw what has passed: it should have been shown and was over before anything ran."""
    kinds = {step.kind for step in steps}
    if record.recurrence:
        return {StepKind.start, StepKind.end} <= kinds and StepKind.show in kinds
    return StepKind.show in kinds and bool(kinds & {StepKind.end, StepKind.hide})


def _apply(record: Announcement, step: Step) -> None:
    """Write down what the clock has made true."""
    match step.kind:
        case StepKind.start:
            record.actual_start_at = step.due_at if record.recurrence else record.actual_start_at or step.due_at
            if record.status is Status.scheduled:
                record.status = Status.in_progress
        case StepKind.end if record.recurrence:
            # What was promised was promised for this time: the next one begins without it.
            record.actual_start_at = record.eta = record.next_update_at = None
            record.wall_times = {k: v for k, v in record.wall_times.items() if k not in ("eta", "next_update_at")}
            if record.kind is Kind.maintenance:
                record.status = Status.scheduled
        case StepKind.end:
            _close(record, step.due_at)
        case StepKind.hide if record.kind is Kind.information or record.recurrence:
            _close(record, step.due_at)
        case _:
            pass


def _close(record: Announcement, at: datetime) -> None:
    record.status = rules.final_status(record.kind)
    record.actual_end_at = record.closed_at = at


def _say(session: Session, record: Announcement, step: Step, now: datetime) -> None:
    data = {"step": step.kind.value, "due_at": step.due_at.isoformat(), "status": record.status.value}
    if record.actual_end_at is not None:
        data["ended_at"] = record.actual_end_at.isoformat()
    note(session, record, None, now, TIMELINE_KINDS[step.kind], is_public=True, data=data, after=data)
    record_event(StepFired(record.id, step.id, step.kind.value))


def _go_on(session: Session, record: Announcement, now: datetime, former_end: datetime) -> None:
    """Plan the next time of a repetition; its mails that would have gone before `former_end` go now.

    One that runs already was missed in part: it has begun, and is said so.
    """
    if rules.phase(record, now) is Phase.over:
        _close(record, now)
        return
    plan_steps(session, record, now, former_end)
    occurrence = rules.current_occurrence(record, now)
    if occurrence is not None and occurrence.start <= now:
        record.actual_start_at = occurrence.start
        if record.status is Status.scheduled:
            record.status = Status.in_progress
