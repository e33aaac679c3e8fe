"""Signs of life, and throwing away what nobody needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from helpdesk.audit import actions as audit
from helpdesk.core import clock, feed, outbox
from helpdesk.core.database import insert_into, transaction
from helpdesk.core.errors import Conflict
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.scheduling.models import SchedulingHeartbeat

KEPT_DAYS = 30
PRUNED_AT_ONCE = 2000


def beat(worker: str, now: datetime) -> None:
    """Write down that this worker's ticker runs."""
    with transaction() as session:
        session.execute(
            insert_into(SchedulingHeartbeat)
            .values(worker=worker, at=now)
            .on_conflict_do_update(index_elements=["worker"], set_={"at": now})
        )


def leave(worker: str) -> None:
    """Take back this worker's sign of life: it ends in order."""
    with transaction() as session:
        session.execute(delete(SchedulingHeartbeat).where(SchedulingHeartbeat.worker == worker))


def release_outbox() -> None:
    """End the pause after a restore: everything that waits is sent, whatever was sent before included.

    Raises Conflict when the outbox is not paused.
    """
    _end_pause("outbox.released", None)


def discard_outbox() -> int:
    """End the pause and drop what is due by now instead of sending it. How many rows. Raises Conflict."""
    return _end_pause("outbox.discarded", clock.now())


def _end_pause(action: str, before: datetime | None) -> int:
    with transaction():
        hold = outbox.find_hold()
        if hold is None:
            raise Conflict(_("The outbox is not paused."))
        since = hold.since
        dropped = outbox.lift_hold(discard_due_before=before)
        after = {"dropped": dropped} if before is not None else {}
        audit.record(None, action, "outbox", 1, before={"paused_since": since}, after=after)
        return dropped


def prune(now: datetime) -> int:
    """Delete old feed entries, finished effects older than a month and workers silent for a day. How many rows."""
    finished = (
        select(OutboxRow.id)
        .where(
            OutboxRow.state.in_([OutboxState.done, OutboxState.dropped]),
            OutboxRow.due_at < now - timedelta(days=KEPT_DAYS),
        )
        .limit(PRUNED_AT_ONCE)
    )
    with transaction() as session:
        count = feed.prune(now)
        for statement in (
            delete(OutboxRow).where(OutboxRow.id.in_(finished)),
            delete(SchedulingHeartbeat).where(SchedulingHeartbeat.at < now - timedelta(days=1)),
        ):
            result = session.execute(statement.execution_options(synchronize_session=False))
            count += int(getattr(result, "rowcount", 0))
    return count
