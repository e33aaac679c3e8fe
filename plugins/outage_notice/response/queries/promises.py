"""What outages promised and whether it was kept, computed from their records when it is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry, Update
from plugins.outage_notice.announcements.rules import Kind, Severity, Status
from plugins.outage_notice.response.models import Call, Escalation, EscalationTold
from plugins.outage_notice.response.queries.policies import targets_for
from plugins.outage_notice.response.rules import (
    Course,
    Message,
    Promise,
    Targets,
    TellStep,
    open_promises,
    promises_of_course,
)

_ENDINGS = ("resolved", "completed", "ended", "cancelled", "withdrawn")
_MESSAGES = ("published", "updated", "edited", "reopened", "undone", *_ENDINGS)
# A draft of an outage that has begun promises a first message; one that lay for longer was given up.
DRAFT_COUNTS = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class LivePromise:
    """An open promise of an announcement that is not over."""

    record: Announcement
    promise: Promise
    escalate_minutes: int


def promises_kept(announcement_id: int) -> list[Promise]:
    """What this announcement promised, by due time: `kind`, `due_at`, and `kept_at` (None: open, or never kept).

    The caller has loaded the announcement by a query that authorises. Drafts, withdrawn and cancelled ones have none.
    """
    return promises_of([announcement_id]).get(announcement_id, [])


def promises_of(announcement_ids: Iterable[int]) -> dict[int, list[Promise]]:
    """As `promises_kept`, for many at once: a handful of queries."""
    ids = list(announcement_ids)
    records = db.session.scalars(select(Announcement).where(Announcement.id.in_(ids))).all() if ids else []
    return {id: promises for id, (promises, _targets) in _with_targets(records).items()}


def _with_targets(records: Sequence[Announcement]) -> dict[int, tuple[list[Promise], Targets]]:
    ids = [record.id for record in records]
    if not ids:
        return {}
    targets, messages, answers = targets_for(records), _messages_of(ids), _answers_of(ids)
    found = {}
    for record in records:
        course = _course(record, messages[record.id], answers.get(record.id))
        promises = [] if course is None else promises_of_course(course, targets[record.id])
        found[record.id] = (promises, targets[record.id])
    return found


def _course(
    record: Announcement, messages: list[Message], answers: tuple[int, datetime | None] | None
) -> Course | None:
    if record.status in (Status.withdrawn, Status.cancelled):
        return None
    is_draft = record.status is Status.draft
    if is_draft and (record.starts_at is None or record.kind is not Kind.incident):
        return None
    shown_at = record.published_at
    if shown_at is not None and record.show_from is not None:
        shown_at = max(shown_at, record.show_from)
    called, answered_at = answers or (0, None)
    return Course(
        kind=record.kind,
        severity=record.severity,
        started_at=record.actual_start_at or record.starts_at,
        shown_at=shown_at,
        ended_at=record.actual_end_at or record.closed_at,
        is_live=record.status in announcing.LIVE_STATUSES,
        messages=tuple(messages),
        next_update_at=record.next_update_at,
        eta=record.eta,
        planned_end_at=None if record.ends_by_itself else record.planned_end_at,
        answered_at=answered_at,
        was_called=called > 0,
        repeats=bool(record.recurrence),
    )


def _messages_of(ids: Sequence[int]) -> defaultdict[int, list[Message]]:
    """The moments at which something was said in public, in order, with what was promised for the next one."""
    promised = {
        row.id: row.next_update_at
        for row in db.session.execute(
            select(Update.id, Update.next_update_at).where(Update.announcement_id.in_(ids), Update.is_public)
        )
    }
    entries = db.session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.announcement_id.in_(ids), TimelineEntry.kind.in_(_MESSAGES))
        .order_by(TimelineEntry.id)
    )
    found: defaultdict[int, list[Message]] = defaultdict(list)
    for entry in entries:
        said = found[entry.announcement_id]
        told = entry.data.get("next_update_at")
        if entry.kind == "edited":
            if said and "next_update_at" in entry.data:
                said[-1] = Message(said[-1].at, _moment(told))
            continue
        if entry.kind == "undone":
            if said and said[-1].ends:
                said.pop()
            continue
        promised_at = promised.get(entry.data.get("update_id") or 0) or _moment(told)
        said.append(Message(entry.at, promised_at, ends=entry.kind in _ENDINGS))
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _answers_of(ids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
    """How many were called for each announcement, and when the first one said "I have it"."""
    rows = db.session.execute(
        select(Call.announcement_id, func.count().label("called"), func.min(Call.answered_at).label("answered_at"))
        .where(Call.announcement_id.in_(ids))
        .group_by(Call.announcement_id)
    )
    return {row.announcement_id: (row.called, row.answered_at) for row in rows}


def live_promises(now: datetime, *, concerning: int | None = None) -> list[LivePromise]:
    """The open promises of all that is not over, and of young drafts of outages that have begun. Few rows.

    `concerning`: only of what this person owns or was told of, which for most people ends after one query.
    """
    young_draft = and_(
        Announcement.kind == Kind.incident,
        Announcement.severity <= Severity.major,
        Announcement.starts_at.is_not(None),
        Announcement.created_at > now - DRAFT_COUNTS,
    )
    # By the index of what is closed: with an alternative or an order SQLite would read all there ever were.
    query = select(Announcement).where(
        Announcement.closed_at.is_(None), or_(Announcement.status != Status.draft, young_draft)
    )
    if concerning is not None:
        told = (
            select(Escalation.announcement_id)
            .join(EscalationTold, EscalationTold.escalation_id == Escalation.id)
            .where(EscalationTold.user_id == concerning)
        )
        owner = func.coalesce(Announcement.owner_id, Announcement.created_by_id)
        query = query.where(or_(owner == concerning, Announcement.id.in_(told)))
    records = sorted(db.session.scalars(query), key=lambda record: record.id)
    alive = [r for r in records if r.status is Status.draft or announcing.can_end(r, now)]
    by_id = {record.id: record for record in alive}
    return [
        LivePromise(by_id[id], promise, targets.escalate_minutes)
        for id, (promises, targets) in _with_targets(alive).items()
        for promise in open_promises(promises)
    ]


def told_promises_of(user_id: int, now: datetime) -> list[LivePromise]:
    """The open promises that concern this person now: of what they own, from five minutes before; and what they were
    told of. Late ones first.
    """
    live = [one for one in live_promises(now, concerning=user_id) if one.promise.due_at <= now + timedelta(minutes=5)]
    if not live:
        return []
    told = {
        (row.announcement_id, row.kind, row.due_at)
        for row in db.session.execute(
            select(Escalation.announcement_id, Escalation.kind, Escalation.due_at)
            .join(EscalationTold, EscalationTold.escalation_id == Escalation.id)
            .where(EscalationTold.user_id == user_id, Escalation.announcement_id.in_({one.record.id for one in live}))
        )
    }
    mine = [
        one
        for one in live
        if (one.record.owner_id or one.record.created_by_id) == user_id
        or (one.record.id, one.promise.kind, one.promise.due_at) in told
    ]
    return sorted(mine, key=lambda one: one.promise.due_at)


def steps_told(announcement_ids: Iterable[int]) -> set[tuple[int, str, datetime, TellStep]]:
    """Which steps were taken already: announcement, kind of promise, when it is due, step."""
    rows = db.session.execute(
        select(Escalation.announcement_id, Escalation.kind, Escalation.due_at, Escalation.step).where(
            Escalation.announcement_id.in_(list(announcement_ids))
        )
    )
    return {(row.announcement_id, row.kind, row.due_at, row.step) for row in rows}
