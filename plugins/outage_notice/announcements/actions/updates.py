"""Dated entries: what is said while it lasts, and the action log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Invalid, Viewer, now, record_event, record_feed, transaction
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.writing import (
    log,
    number,
    require_live,
    require_reach,
    require_revision,
)
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.queries.records import get_for_change, require_announcer, targets_by_id
from plugins.outage_notice.announcements.rules import (
    TEXT_LIMIT,
    UNSET,
    AnnouncementUpdated,
    BadTime,
    NewUpdate,
    Status,
    Unset,
    Weight,
)


@dataclass(frozen=True, slots=True)
class _Promise:
    severity: int
    eta: datetime | None


def post_update(actor: Viewer, announcement_id: int, new: NewUpdate, expected_revision: int | None = None) -> Update:
    """Add an entry; a public one also carries status, ETA and the time of the next update into the announcement.

    An internal one changes nothing that others see, not even the revision. Raises Invalid, Stale, Forbidden, and
    Conflict when it is over.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        require_live(record, at)
        require_revision(record, expected_revision)
        targets = targets_by_id([record.id])[record.id]
        require_reach(actor, targets, (record.created_by_id, record.owner_id))
        eta, next_update_at = _read(record, new, at)
        if not new.is_public:
            return _add_internal(session, record, actor, new, at)
        before = _Promise(record.severity, record.eta)
        what = _carry(record, new, eta, next_update_at, at)
        weight = new.weight or rules.default_weight(before, record)
        number(record, at, weight)
        row = add_update(session, record, actor, at, new.text, new.status, weight, dict(new.translations))
        data = {"update_id": row.id, "status": record.status.value, "text": new.text, "eta": _iso(record.eta)}
        log(session, record, actor, at, "updated", is_public=True, data=data | {"weight": weight.value}, after=data)
        also = rules.also_wanted(weight, what, answer_tickets=new.answer_tickets, correct_eta=new.correct_eta)
        record_event(AnnouncementUpdated(record.id, record.revision, weight.value, row.id, what, also))
    return row


def _read(record: Announcement, new: NewUpdate, at: datetime) -> tuple[datetime | None, datetime | None]:
    """The ETA and the next update after this entry, as moments. Raises Invalid by field."""
    problems: dict[str, Any] = {}
    if not new.text.strip():
        problems["text"] = _("Say what changed, what now, and when the next update comes.")
    if len(new.text) > TEXT_LIMIT or any(len(text) > TEXT_LIMIT for text in new.translations.values()):
        problems["text"] = _("Use at most %(limit)s characters.", limit=TEXT_LIMIT)
    if not new.is_public and (new.status, new.eta, new.next_update_at) != (None, UNSET, UNSET):
        problems["public"] = _("An internal entry changes neither status nor times.")
    if new.status is not None and not rules.may_post_status(record.kind, record.status, new.status):
        problems["status"] = _("This status cannot follow. To end it, resolve it.")
    next_at = record.next_update_at
    # A promise that is due is kept by this very entry.
    kept = {"eta": record.eta, "next_update_at": None if next_at is not None and next_at <= at else next_at}
    return read_times(record, {"eta": new.eta, "next_update_at": new.next_update_at}, kept, at, problems)


def read_times(
    record: Announcement,
    wanted: Mapping[str, datetime | Unset | None],
    kept: Mapping[str, datetime | None],
    at: datetime,
    problems: dict[str, Any] | None = None,
) -> tuple[datetime | None, datetime | None]:
    """`eta` and `next_update_at` as moments to come; `kept` where nothing is wanted. Raises Invalid with `problems` and
    those of the times.
    """
    problems, times = problems or {}, dict(kept)
    for name, value in wanted.items():
        if value is UNSET:
            continue
        try:
            times[name] = None if value is None else rules.to_utc(value, record.time_zone)
        except BadTime as error:
            problems[name] = error.message
            continue
        if (moment := times[name]) is not None and moment <= at:
            problems[name] = _("This time has passed.")
    if problems:
        raise Invalid(problems)
    return times["eta"], times["next_update_at"]


def _carry(
    record: Announcement, new: NewUpdate, eta: datetime | None, next_update_at: datetime | None, at: datetime
) -> tuple[str, ...]:
    what = ["text"]
    if new.status is not None and new.status is not record.status:
        record.status = new.status
        what.append("status")
        if new.status is not Status.scheduled:
            record.actual_start_at = record.actual_start_at or at
    for name, value in (("eta", eta), ("next_update_at", next_update_at)):
        if getattr(record, name) != value:
            setattr(record, name, value)
            what.append(name)
    record.wall_times = {k: v for k, v in record.wall_times.items() if k not in what}
    return tuple(sorted(what))


def _add_internal(session: Session, record: Announcement, actor: Viewer, new: NewUpdate, at: datetime) -> Update:
    row = Update(
        announcement_id=record.id,
        at=at,
        author_id=actor.id,
        is_public=False,
        weight=Weight.silent,
        text=new.text,
        translations={},
        revision=record.revision,
    )
    session.add(row)
    session.flush()
    log(session, record, actor, at, "noted", data={"update_id": row.id, "text": new.text}, after={"text": new.text})
    record_feed("announcement", record.id)
    record_event(AnnouncementUpdated(record.id, record.revision, Weight.silent, row.id, ("internal",)))
    return row


def add_update(
    session: Session,
    record: Announcement,
    actor: Viewer,
    at: datetime,
    text: str,
    status: Status | None,
    weight: Weight,
    translations: dict[str, str] | None = None,
) -> Update:
    """A public entry with the present status and times of the record."""
    row = Update(
        announcement_id=record.id,
        at=at,
        author_id=actor.id,
        is_public=True,
        weight=weight,
        status=status,
        text=text,
        translations=translations or {},
        eta=record.eta,
        next_update_at=record.next_update_at,
        revision=record.revision,
    )
    session.add(row)
    session.flush()
    return row


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
