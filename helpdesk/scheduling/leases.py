"""Leases of outbox rows that must last longer, or that a clock which was set back made too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, not_, or_, update

from helpdesk.core.database import transaction
from helpdesk.core.outbox import LEASE_SECONDS, Item, OutboxRow, OutboxState

LONGEST_PAUSE_SECONDS = 4500  # the longest wait between two attempts, with what chance adds


def catch_up(now: datetime) -> int:
    """What waits in the outbox for a time that no waiting leads to is due at once. How many rows.

    What was queued for a later time from the beginning keeps that time, whatever the clock said then. Leases
    that would last longer than one are shortened to one, so that what is under way is not done twice.
    """
    is_planned = and_(OutboxRow.attempts == 0, OutboxRow.due_at > OutboxRow.created_at)
    waits_for_nothing = or_(
        and_(OutboxRow.created_at > now, not_(is_planned)),
        and_(OutboxRow.attempts > 0, OutboxRow.due_at > now + timedelta(seconds=LONGEST_PAUSE_SECONDS)),
    )
    lease_end = now + timedelta(seconds=LEASE_SECONDS)
    ready = update(OutboxRow).where(OutboxRow.state == OutboxState.ready).execution_options(synchronize_session=False)
    with transaction() as session:
        session.execute(ready.where(OutboxRow.leased_until > lease_end).values(leased_until=lease_end))
        result = session.execute(ready.where(OutboxRow.due_at > now, waits_for_nothing).values(due_at=now))
        return int(getattr(result, "rowcount", 0))


def give_back(ids: Sequence[str], worker: str) -> None:
    """Let others have these at once: `worker` leased them and did not begin."""
    with transaction() as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id.in_(ids), OutboxRow.leased_by == worker, OutboxRow.state == OutboxState.ready)
            .values(leased_until=None, leased_by=None, attempts=OutboxRow.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def renew(item: Item, worker: str, now: datetime) -> bool:
    """Begin the lease of a row anew. False when it has run out: somebody else may have the row."""
    mine = (OutboxRow.id == item.id, OutboxRow.leased_by == worker, OutboxRow.leased_until > now)
    with transaction() as session:
        renewed = session.scalar(
            update(OutboxRow)
            .where(*mine)
            .values(leased_until=now + timedelta(seconds=LEASE_SECONDS))
            .returning(OutboxRow.id)
            .execution_options(synchronize_session=False)
        )
    return renewed is not None
