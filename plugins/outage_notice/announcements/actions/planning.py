"""The dated steps of an announcement, planned anew whenever its dates or its notice plan change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.rules import Says, StepKind, StepState

# A mail in one of these states has had its turn: no other plan sends it again for the same time.
SETTLED = (StepState.fired, StepState.collapsed, StepState.missed)


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: StepKind
    due_at: datetime | None
    occurrence_on: str = ""
    minutes_before: int = 0


def plan_steps(session: Session, record: Announcement, now: datetime, since: datetime | None = None) -> None:
    """Replace the steps that have not fired by those that the dates call for. Needs a transaction.

    `since`: mails that were due from then on are not too late, such as while it was taken for over. Default: `now`.
    """
    if record.plan:  # else it never had any
        drop_steps(session, record)
    settled = _settled_mails(session, record)
    record.plan += 1
    for step in _wanted(record, now, since or now):
        if step.kind is not StepKind.mail or (step.occurrence_on, step.minutes_before) not in settled:
            session.add(
                Step(
                    announcement_id=record.id,
                    kind=step.kind,
                    occurrence_on=step.occurrence_on,
                    due_at=step.due_at,
                    plan=record.plan,
                    minutes_before=step.minutes_before,
                )
            )


def drop_steps(session: Session, record: Announcement) -> None:
    """No step of this announcement fires any more."""
    session.execute(
        update(Step)
        .where(Step.announcement_id == record.id, Step.state == StepState.pending)
        .values(state=StepState.void)
        .execution_options(synchronize_session=False)
    )


def _settled_mails(session: Session, record: Announcement) -> set[tuple[str, int]]:
    if not record.plan or not rules.mails_before(rules.plan_of(record)):
        return set()
    rows = session.execute(
        select(Step.occurrence_on, Step.minutes_before).where(
            Step.announcement_id == record.id, Step.kind == StepKind.mail, Step.state.in_(SETTLED)
        )
    )
    return {(row[0], row[1]) for row in rows}


def _wanted(record: Announcement, now: datetime, since: datetime) -> Iterator[_Wanted]:
    # An end that was moved into the past is due at once, and so is a start that passed while it was taken for over:
    # somebody has to write them down.
    at_once = {StepKind.end} if record.recurrence else {StepKind.start, StepKind.end}
    for step in (*_dates(record, now), *_plan(record, now, since)):
        if step.due_at is not None and (step.due_at > now or step.kind in at_once or step.kind is StepKind.mail):
            yield step


def _dates(record: Announcement, now: datetime) -> Iterator[_Wanted]:
    yield _Wanted(StepKind.hide, record.show_until)
    if record.recurrence:
        occurrence = rules.current_occurrence(record, now)
        if occurrence is not None:
            on = occurrence.on.isoformat()
            yield _Wanted(StepKind.show, occurrence.show_from, on)
            yield _Wanted(StepKind.start, occurrence.start, on)
            yield _Wanted(StepKind.end, occurrence.end, on)
        return
    yield _Wanted(StepKind.show, record.show_from)
    if record.actual_start_at is None:
        yield _Wanted(StepKind.start, record.starts_at)
    if record.ends_by_itself:
        yield _Wanted(StepKind.end, record.planned_end_at)


def _plan(record: Announcement, now: datetime, since: datetime) -> Iterator[_Wanted]:
    """The entries of the notice plan that are not too late. A mail at the start itself never is while it lasts."""
    for time in rules.times_of(record, now, record.published_at):
        on, minutes = time.on.isoformat() if time.on else "", time.entry.minutes_before
        if minutes and record.actual_start_at is not None:
            continue
        if time.entry.what is Says.banner_again:
            if not time.is_unseen:
                yield _Wanted(StepKind.remind, time.at, on, minutes)
        elif time.at >= since or not minutes:
            yield _Wanted(StepKind.mail, time.at, on, minutes)
