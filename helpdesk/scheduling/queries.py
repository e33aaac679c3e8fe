"""Whether the background work is alive, and how much waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.scheduling.models import SchedulingHeartbeat


def find_last_beat() -> datetime | None:
    """The newest sign of life of any ticker, None if there never was one."""
    return db.session.scalar(select(func.max(SchedulingHeartbeat.at)))


def has_due_effects(now: datetime) -> bool:
    """Whether the outbox holds something to do now: a read, so that an idle relay takes no write lock."""
    due = select(OutboxRow.id).where(OutboxRow.state == OutboxState.ready, OutboxRow.due_at <= now).limit(1)
    return db.session.scalar(due) is not None


def count_effects() -> dict[str, int]:
    """How many outbox rows wait (`ready`) and how many were given up (`dead`)."""
    rows = db.session.execute(
        select(OutboxRow.state, func.count())
        .where(OutboxRow.state.in_([OutboxState.ready, OutboxState.dead]))
        .group_by(OutboxRow.state)
    )
    return {"ready": 0, "dead": 0} | {str(state.value): count for state, count in rows}
