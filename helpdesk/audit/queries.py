"""Reading the audit log, and checking its seals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from helpdesk.audit import rules
from helpdesk.audit.models import AuditEntry, AuditSeal
from helpdesk.audit.rules import Finding, Problem, Report
from helpdesk.core.database import db, time_limit

CHUNK = 2000
# Late commits have ids near the newest; looking further back each time would read the whole log.
LOOK_BACK_IDS = 10_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show of the log; "" and None mean all."""

    actor: str = ""
    action: str = ""
    object_kind: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@time_limit()
def list_entries(wanted: Filter, before_id: int | None, limit: int) -> list[AuditEntry]:
    """Entries that fit, newest first, older than `before_id`. The caller has checked that an administrator asks."""
    query = select(AuditEntry).where(*_conditions(wanted)).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(db.session.scalars(query))


def list_alarms(now: datetime) -> list[AuditEntry]:
    """What `raise_alarm` wrote within the last day, newest first; `object_id` is the name, `after` the facts."""
    recent = (AuditEntry.object_kind == rules.ALARM, AuditEntry.at > now - timedelta(days=1))
    return list(db.session.scalars(select(AuditEntry).where(*recent).order_by(AuditEntry.id.desc()).limit(20)))


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.actor:
        yield AuditEntry.actor.icontains(wanted.actor, autoescape=True)
    if wanted.action:
        yield AuditEntry.action.startswith(wanted.action, autoescape=True)
    if wanted.object_kind:
        yield AuditEntry.object_kind == wanted.object_kind
    if wanted.object_id:
        yield AuditEntry.object_id == wanted.object_id
    if wanted.since:
        yield AuditEntry.at >= wanted.since
    if wanted.until:
        yield AuditEntry.at < wanted.until


def find_last_seal() -> AuditSeal | None:
    return db.session.scalar(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1))


def list_unsealed(limit: int) -> list[AuditEntry]:
    """Entries without a seal, oldest id first. Ids become visible out of order: late ones are found too."""
    newest = db.session.scalar(select(func.max(AuditSeal.entry_id))) or 0
    query = _unsealed().where(AuditEntry.id > newest - LOOK_BACK_IDS).order_by(AuditEntry.id).limit(limit)
    return list(db.session.scalars(query))


def _unsealed() -> Select[AuditEntry]:
    return select(AuditEntry).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id).where(AuditSeal.id.is_(None))


def values_of(entry: AuditEntry) -> dict[str, Any]:
    """Every column of an entry: what its seal covers."""
    return {column.key: getattr(entry, column.key) for column in AuditEntry.__table__.columns}


def verify(anchor: str | None = None) -> Report:
    """Walk the whole chain and say what was altered, deleted or inserted. `anchor` is a hash noted down before."""
    problems: list[Problem] = []
    previous, expected_id, sealed, knows = rules.START, 1, 0, None if anchor is None else anchor == rules.START
    newest_at: datetime | None = None
    for seal, entry in _chain():
        sealed += 1
        knows = knows or (seal.hash == anchor) if anchor is not None else None
        if seal.id != expected_id:
            problems.append(Problem(Finding.chain, seal.entry_id, f"seals {expected_id} to {seal.id - 1} are missing"))
        expected_id = seal.id + 1
        if entry is None:
            problems.append(Problem(Finding.deleted, seal.entry_id, "the entry is gone"))
        else:
            if rules.chain_hash(previous, values_of(entry)) != seal.hash:
                problems.append(Problem(Finding.altered, entry.id, "the entry, or the seal before it, was changed"))
            if rules.is_late(entry.at, newest_at):
                problems.append(Problem(Finding.inserted, entry.id, "the entry is dated before older sealed ones"))
            newest_at = max(entry.at, newest_at) if newest_at else entry.at
        previous = seal.hash
    unsealed = list(db.session.scalars(_unsealed().order_by(AuditEntry.id)))
    problems += [
        Problem(Finding.inserted, entry.id, "the entry has no seal though newer ones have")
        for entry in unsealed
        if rules.is_late(entry.at, newest_at)
    ]
    return Report(tuple(problems), sealed, len(unsealed), previous, knows)


def _chain() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    query = select(AuditSeal, AuditEntry).outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
    after = 0
    while True:
        rows = db.session.execute(query.where(AuditSeal.id > after).order_by(AuditSeal.id).limit(CHUNK)).all()
        for seal, entry in rows:
            after = seal.id
            yield seal, entry
        db.session.expunge_all()
        if len(rows) < CHUNK:
            return
