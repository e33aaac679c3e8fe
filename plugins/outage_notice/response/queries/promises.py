"""What outages promised and whether it was kept, computed from their records when it is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry, Update
from plugins.outage_notice.announcements.rules import Kind, Severity, Status, Weight
from plugins.outage_notice.response.models import Call, DutyHolder, Escalation, EscalationTold
from plugins.outage_notice.response.queries.duties import keepers_of
from plugins.outage_notice.response.queries.policies import level_targets_for
from plugins.outage_notice.response.rules import (
    ESCALATE_MINUTES,
    Course,
    Estimate,
    Message,
    Move,
    Promise,
    Targets,
    TellStep,
    duty_of_promise,
    open_promises,
    promises_of_course,
)

_ENDINGS = ("resolved", "completed", "ended", "cancelled", "withdrawn")
_MESSAGES = ("published", "updated", "edited", "reopened", "undone", *_ENDINGS)
_PARTS = ("severity", "update_id", "next_update_at", "eta", "weight", "what")
# A draft of an outage that has begun promises a first message; one that lay for longer was given up.
DRAFT_COUNTS = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class LivePromise:
    """An open promise of an announcement that is not over. `keeper_id`: who is to keep it, None where nobody is."""

    record: Announcement
    promise: Promise
    escalate_minutes: int
    keeper_id: int | None


def promises_kept(announcement_id: int) -> list[Promise]:
    """What this announcement promised, by due time: `kind`, `due_at`, and `kept_at` (None: open, or never kept).

    The caller has loaded the announcement by a query that authorises. Drafts, withdrawn and cancelled ones have none.
    """
    return promises_of([announcement_id]).get(announcement_id, [])


def promises_of(announcement_ids: Iterable[int]) -> dict[int, list[Promise]]:
    """As `promises_kept`, for many at once: a handful of queries."""
    ids = list(announcement_ids)
    records = db.session.scalars(select(Announcement).where(Announcement.id.in_(ids))).all() if ids else []
    return _promises(records)


def _promises(records: Sequence[Announcement]) -> dict[int, list[Promise]]:
    ids = [record.id for record in records]
    if not ids:
        return {}
    targets, said, answers = level_targets_for(records), _said_of(ids), _answers_of(ids)
    courses = {record.id: _course(record, said[record.id], answers.get(record.id)) for record in records}
    return {id: [] if course is None else promises_of_course(course, targets[id]) for id, course in courses.items()}


def _escalate_minutes(records: Sequence[Announcement]) -> dict[int, int]:
    """How many minutes late until the next person is told, as it is agreed now."""
    targets = level_targets_for(records, of_today=True)
    return {r.id: targets[r.id].get(r.severity, Targets()).escalate_minutes or ESCALATE_MINUTES for r in records}


@dataclass(slots=True)
class _Said:
    """What the timeline of one announcement says of its course. `levels`: since when it had which one."""

    messages: list[Message] = field(default_factory=list)
    levels: list[tuple[datetime, int]] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What of an entry of the timeline says something about promises; after `kind` the parts of its data."""

    at: datetime
    kind: str
    severity: int | None
    update_id: int | None
    next_update_at: str | None
    eta: str | None
    weight: str | None
    what: Sequence[str] | None

    @property
    def is_silent(self) -> bool:
        return self.weight == Weight.silent


def _course(record: Announcement, said: _Said, answers: tuple[int, datetime | None] | None) -> Course | None:
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
        messages=tuple(said.messages),
        next_update_at=record.next_update_at,
        eta=record.eta,
        planned_end_at=None if record.ends_by_itself else record.planned_end_at,
        answered_at=answered_at,
        was_called=called > 0,
        repeats=bool(record.recurrence),
        first_severity=said.levels[0][1] if said.levels else None,
        raised=tuple(said.levels[1:]),
        estimates=tuple(said.estimates),
    )


def _said_of(ids: Sequence[int]) -> defaultdict[int, _Said]:
    """The moments at which something was said in public, in order, with what was promised for the next one; and the
    levels.
    """
    promised = {
        row.id: row.next_update_at
        for row in db.session.execute(
            select(Update.id, Update.next_update_at).where(Update.announcement_id.in_(ids), Update.is_public)
        )
    }
    data = TimelineEntry.data  # parts of it: with the texts it would be many times as much
    rows = db.session.execute(
        select(TimelineEntry.announcement_id, TimelineEntry.at, TimelineEntry.kind, *(data[name] for name in _PARTS))
        .where(TimelineEntry.announcement_id.in_(ids), TimelineEntry.kind.in_(_MESSAGES))
        .order_by(TimelineEntry.id)
    )
    found: defaultdict[int, _Said] = defaultdict(_Said)
    for id, *parts in rows:
        _note(found[id], _Entry(*parts), promised)
    return found


def _note(said: _Said, entry: _Entry, promised: Mapping[int, datetime | None]) -> None:
    if entry.severity is not None and (entry.kind == "published" or said.levels):
        said.levels.append((entry.at, entry.severity))
    _note_estimate(said, entry)
    if entry.kind == "edited":
        _note_move(said.messages, entry)
    elif entry.kind != "undone":
        promised_at = promised.get(entry.update_id or 0) or _moment(entry.next_update_at)
        said.messages.append(Message(entry.at, promised_at, ends=entry.kind in _ENDINGS))
    elif said.messages and said.messages[-1].ends:
        said.messages.pop()


def _note_estimate(said: _Said, entry: _Entry) -> None:
    """Another expected end than before: each time it was told, or changed without a word."""
    former = said.estimates[-1].eta if said.estimates else None
    if entry.kind in ("published", "updated") or (entry.kind in ("edited", "reopened") and "eta" in (entry.what or ())):
        eta = _moment(entry.eta)
    elif entry.kind == "reopened" and former is not None and former <= entry.at:
        eta = None  # what it was is no estimate of what has come back
    else:
        return
    if eta != former:
        said.estimates.append(Estimate(entry.at, eta, entry.is_silent))


def _note_move(messages: list[Message], entry: _Entry) -> None:
    if messages and "next_update_at" in (entry.what or ()):
        move = Move(entry.at, _moment(entry.next_update_at), entry.is_silent)
        messages[-1] = replace(messages[-1], moves=(*messages[-1].moves, move))


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

    `concerning`: only of what this person owns, has a duty in or was told of, which for most ends after one query.
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
        duties = select(DutyHolder.announcement_id).where(DutyHolder.user_id == concerning)
        query = query.where(or_(owner == concerning, Announcement.id.in_(told), Announcement.id.in_(duties)))
    records = sorted(db.session.scalars(query), key=lambda record: record.id)
    alive = [r for r in records if r.status is Status.draft or announcing.can_end(r, now)]
    by_id, keepers, minutes = {record.id: record for record in alive}, keepers_of(alive), _escalate_minutes(alive)
    return [
        LivePromise(by_id[id], promise, minutes[id], keepers[id].get(duty_of_promise(promise.kind)))
        for id, promises in _promises(alive).items()
        for promise in open_promises(promises)
    ]


def told_promises_of(user_id: int, now: datetime) -> list[LivePromise]:
    """The open promises that concern this person now: those that are theirs to keep, from five minutes before; and of
    others' what they were told because it was late. Late ones first.
    """
    live = [one for one in live_promises(now, concerning=user_id) if one.promise.due_at <= now + timedelta(minutes=5)]
    if not live:
        return []
    told = {
        (row.announcement_id, row.kind, row.due_at, row.step)
        for row in db.session.execute(
            select(Escalation.announcement_id, Escalation.kind, Escalation.due_at, Escalation.step)
            .join(EscalationTold, EscalationTold.escalation_id == Escalation.id)
            .where(EscalationTold.user_id == user_id, Escalation.announcement_id.in_({one.record.id for one in live}))
        )
    }

    def concerns(one: LivePromise) -> bool:
        key = one.record.id, one.promise.kind, one.promise.due_at
        if one.keeper_id == user_id or {(*key, TellStep.team), (*key, TellStep.management)} & told:
            return True
        # The first step tells others only where nobody has it; whoever handed it over is not concerned any more.
        return one.keeper_id is None and (*key, TellStep.owner) in told

    return sorted(filter(concerns, live), key=lambda one: one.promise.due_at)


def steps_told(announcement_ids: Iterable[int]) -> set[tuple[int, str, datetime, TellStep]]:
    """Which steps were taken already: announcement, kind of promise, when it is due, step."""
    rows = db.session.execute(
        select(Escalation.announcement_id, Escalation.kind, Escalation.due_at, Escalation.step).where(
            Escalation.announcement_id.in_(list(announcement_ids))
        )
    )
    return {(row.announcement_id, row.kind, row.due_at, row.step) for row in rows}
