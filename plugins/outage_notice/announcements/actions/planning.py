"""The dated steps of an announcement, planned anew whenever its dates change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.rules import StepKind, StepState


def plan_steps(session: Session, record: Announcement, now: datetime) -> None:
    """Replace the steps that have not fired by those that the dates call for. Needs a transaction."""
    if record.plan:  # else it never had any
        drop_steps(session, record)
    record.plan += 1
    for kind, occurrence_on, due_at in _wanted(record, now):
        session.add(
            Step(announcement_id=record.id, kind=kind, occurrence_on=occurrence_on, due_at=due_at, plan=record.plan)
        )


def drop_steps(session: Session, record: Announcement) -> None:
    """No step of this announcement fires any more."""
    session.execute(
        update(Step)
        .where(Step.announcement_id == record.id, Step.state == StepState.pending)
        .values(state=StepState.void)
        .execution_options(synchronize_session=False)
    )


def _wanted(record: Announcement, now: datetime) -> list[tuple[StepKind, str, datetime]]:
    moments: list[tuple[StepKind, str, datetime | None]] = [(StepKind.hide, "", record.show_until)]
    reminder_at = rules.reminder_at(record, now)
    if record.recurrence:
        occurrence = rules.current_occurrence(record, now)
        if occurrence is not None:
            on = occurrence.on.isoformat()
            moments += [
                (StepKind.show, on, occurrence.show_from),
                (StepKind.remind, on, reminder_at),
                (StepKind.start, on, occurrence.start),
                (StepKind.end, on, occurrence.end),
            ]
    else:
        moments += [(StepKind.show, "", record.show_from), (StepKind.remind, "", reminder_at)]
        if record.actual_start_at is None:
            moments.append((StepKind.start, "", record.starts_at))
        if record.ends_by_itself:
            moments.append((StepKind.end, "", record.planned_end_at))
    # An end that was moved into the past is due at once, and so is a start that passed while it was taken for over:
    # somebody has to write them down.
    at_once = {StepKind.end} if record.recurrence else {StepKind.start, StepKind.end}
    return [(kind, on, at) for kind, on, at in moments if at is not None and (at > now or kind in at_once)]
