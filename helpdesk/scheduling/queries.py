"""Whether the background work is alive, and how much waits."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from helpdesk.core import outbox
from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.scheduling import rules
from helpdesk.scheduling.models import SchedulingHeartbeat


def find_last_beat(now: datetime) -> datetime | None:
    """The newest sign of life of any ticker, None if there is none. One that the clock has yet to reach is none."""
    newest = select(func.max(SchedulingHeartbeat.at)).where(SchedulingHeartbeat.at <= rules.newest_believed(now))
    return db.session.scalar(newest)


def has_due_effects(now: datetime) -> bool:
    """Whether the outbox holds something to do now: a read, so that an idle relay takes no write lock."""
    due = (
        select(OutboxRow.id)
        .where(OutboxRow.state == OutboxState.ready, OutboxRow.due_at <= now, outbox.is_open())
        .limit(1)
    )
    return db.session.scalar(due) is not None


def find_outbox_pause() -> str | None:
    """Why nothing leaves the outbox, for the health page; None while it is not paused."""
    hold = outbox.find_hold()
    return None if hold is None else f"the outbox is paused since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.reason}"


class Backlog(NamedTuple):
    waiting: int  # due by now
    later: int
    dead: int
    oldest_seconds: float  # how long the oldest of those waiting is due


def count_backlog(now: datetime) -> Backlog:
    """How much waits in the outbox, and for how long. Reads of one index."""
    ready, is_due = OutboxRow.state == OutboxState.ready, OutboxRow.due_at <= now
    due = select(func.count(), func.min(OutboxRow.due_at)).where(ready, is_due)
    waiting, oldest = db.session.execute(due).one()
    later = db.session.scalar(select(func.count()).select_from(OutboxRow).where(ready, ~is_due)) or 0
    dead = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == OutboxState.dead)
    age = 0.0 if oldest is None else (now - oldest).total_seconds()
    return Backlog(waiting, later, db.session.scalar(dead) or 0, age)


def count_effects() -> dict[str, int]:
    """How many outbox rows wait (`ready`) and how many were given up (`dead`)."""
    rows = db.session.execute(
        select(OutboxRow.state, func.count())
        .where(OutboxRow.state.in_([OutboxState.ready, OutboxState.dead]))
        .group_by(OutboxRow.state)
    )
    return {"ready": 0, "dead": 0} | {str(state.value): count for state, count in rows}
