"""Seals the audit log as it grows, and says its newest hash once a day, where the log files keep it."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import text

from helpdesk.audit import queries, rules
from helpdesk.audit.models import AuditSeal
from helpdesk.core.database import is_postgresql, transaction
from helpdesk.hooks.specs import Job

log = structlog.get_logger(__name__)

SEALED_AT_ONCE = 2000


def seal(_now: datetime) -> int:
    """Seal every visible entry that has no seal yet, in chunks. How many.

    The chain follows the order of sealing, not of ids: on PostgreSQL a lower id may commit after a higher one.
    """
    if not queries.list_unsealed(1):
        return 0  # a read is cheaper than the write lock
    count = 0
    while done := _seal_some():
        count += done
        if done < SEALED_AT_ONCE:
            break
    return count


def _seal_some() -> int:
    with transaction() as session:
        if is_postgresql():  # one process at a time: two would both continue from the same seal
            session.execute(text("LOCK TABLE audit_seal IN EXCLUSIVE MODE"))
        last = queries.find_last_seal()
        number, previous = (last.id, last.hash) if last else (0, rules.START)
        entries = queries.list_unsealed(SEALED_AT_ONCE)
        for entry in entries:
            number, previous = number + 1, rules.chain_hash(previous, queries.values_of(entry))
            session.add(AuditSeal(id=number, entry_id=entry.id, hash=previous))
        return len(entries)


def anchor(_now: datetime) -> int:
    """Write the newest hash into the log, so that a copy of it lies outside of the database."""
    last = queries.find_last_seal()
    if last is not None:
        log.info("audit anchor", seal=last.id, hash=last.hash)
    return 0


JOBS = (Job("audit.seal", seal, every_seconds=60), Job("audit.anchor", anchor, every_seconds=86_400))
