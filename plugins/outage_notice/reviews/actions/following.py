"""What is to be changed: actions with owner, date and ticket, and the reminders until they are done."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    Forbidden,
    Invalid,
    Stale,
    Viewer,
    db,
    find_visible_ticket,
    is_mail_address,
    now,
    queue_mail,
    record_audit,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.reviews.models import ReviewAction
from plugins.outage_notice.reviews.queries.records import get_action, get_reviewed, get_reviewed_for_change
from plugins.outage_notice.reviews.rules import ACTION_LIMIT, ACTIONS_LIMIT, next_reminder
from plugins.outage_notice.reviews.wording import reminder_letter

BATCH = 100
YEARS = timedelta(days=3653)
BIGGEST_NUMBER = 2**31


@dataclass(frozen=True, slots=True)
class NewAction:
    """What is to be changed, by whom, until when."""

    what: str
    owner_id: int
    due_on: date


def add_action(actor: Viewer, announcement_id: int, new: NewAction) -> ReviewAction:
    """A new action; its owner is reminded until it is done. Raises Invalid by field, Forbidden, NotFound."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, _review = get_reviewed_for_change(actor, announcement_id)
        zone = _check(new, at)
        count = select(func.count()).select_from(ReviewAction).where(ReviewAction.announcement_id == record.id)
        if (session.scalar(count) or 0) >= ACTIONS_LIMIT:
            raise Conflict(_("A review holds at most %(limit)s actions.", limit=ACTIONS_LIMIT))
        row = ReviewAction(
            announcement_id=record.id,
            what=new.what.strip(),
            owner_id=new.owner_id,
            due_on=new.due_on,
            remind_at=next_reminder(new.due_on, zone, at),
            reminders=0,
            revision=1,
            created_at=at,
            created_by_id=actor.id,
        )
        session.add(row)
        session.flush()
        _log(session, record, actor, at, "review_action_added", row)
    return row


def _check(new: NewAction, at: datetime) -> str:
    """The owner's time zone. Raises Invalid by field."""
    problems: dict[str, Any] = {}
    if not new.what.strip():
        problems["what"] = _("Say what is to be changed.")
    elif len(new.what.strip()) > ACTION_LIMIT:
        problems["what"] = _("Use at most %(limit)s characters.", limit=ACTION_LIMIT)
    owner = viewers([new.owner_id]).get(new.owner_id) if 0 < new.owner_id < BIGGEST_NUMBER else None
    if owner is None or not owner.is_staff:
        problems["owner_id"] = _("Choose somebody of the staff.")
    if not at.date() - YEARS < new.due_on < at.date() + YEARS:
        problems["due_on"] = _("Choose a date within ten years.")
    if problems or owner is None:
        raise Invalid(problems)
    return owner.time_zone


def _log(
    session: Session, record: Announcement, actor: Viewer, at: datetime, kind: str, row: ReviewAction, **more: Any
) -> None:
    data = {"action_id": row.id, "text": row.what, "owner_id": row.owner_id, "due_on": row.due_on.isoformat()} | more
    log(session, record, actor, at, kind, data=data, after=data)


def change_action(
    actor: Viewer, announcement_id: int, action_id: int, new: NewAction, expected_revision: int | None = None
) -> ReviewAction:
    """Change what, who or when. A new date begins the reminders anew. Raises Stale, Invalid, Forbidden, NotFound."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, _review = get_reviewed_for_change(actor, announcement_id)
        row = get_action(record.id, action_id)
        if expected_revision is not None and expected_revision != row.revision:
            current = {"what": row.what, "owner_id": row.owner_id, "due_on": row.due_on, "revision": row.revision}
            raise Stale(_("Somebody else changed this action in the meantime. Look at it, then save again."), current)
        zone = _check(new, at)
        for name, value in asdict(new).items():
            setattr(row, name, value.strip() if isinstance(value, str) else value)
        if row.done_at is None:
            row.remind_at = next_reminder(new.due_on, zone, at)
        row.revision += 1
        _log(session, record, actor, at, "review_action_changed", row)
    return row


def finish_action(actor: Viewer, announcement_id: int, action_id: int, *, is_done: bool = True) -> ReviewAction:
    """Mark as done, or as not done after all; repeating it changes nothing. For announcers and for its owner."""
    at = now()
    with transaction() as session:
        record, _review = get_reviewed(actor, announcement_id)
        row = get_action(record.id, action_id)
        if not actor.may_announce and actor.id != row.owner_id:
            raise Forbidden(_("Only its owner and technicians can do this."))
        if is_done == (row.done_at is not None):
            return row
        row.done_at, row.done_by_id = (at, actor.id) if is_done else (None, None)
        row.remind_at = None if is_done else next_reminder(row.due_on, _zone(row.owner_id), at)
        row.revision += 1
        _log(session, record, actor, at, "review_action_done" if is_done else "review_action_opened", row)
    return row


def _zone(user_id: int) -> str:
    owner = viewers([user_id]).get(user_id)
    return owner.time_zone if owner else "UTC"


def link_ticket(actor: Viewer, announcement_id: int, action_id: int, number: int | None) -> ReviewAction:
    """Say in which ticket an action is worked on; None: in none. Raises Invalid when there is no such ticket."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, _review = get_reviewed_for_change(actor, announcement_id)
        row = get_action(record.id, action_id)
        ticket = find_visible_ticket(actor, number) if number is not None and 0 < number < BIGGEST_NUMBER else None
        if number is not None and ticket is None:
            raise Invalid({"number": _("There is no such ticket.")})
        row.ticket_id = None if ticket is None else ticket.id
        row.revision += 1
        _log(session, record, actor, at, "review_action_ticket", row, number=number)
    return row


def remind(at: datetime) -> int:
    """Remind the owners of what is due, once for each reminder however many processes tick. How many.

    What was missed while nothing ran collapses into one reminder. Who left or has no mailbox gets no mail; the action
    still stands in the lists.
    """
    due = db.session.execute(
        select(ReviewAction.id, ReviewAction.remind_at)
        .where(ReviewAction.done_at.is_(None), ReviewAction.remind_at <= at)
        .order_by(ReviewAction.remind_at, ReviewAction.id)
        .limit(BATCH)
    ).all()
    db.session.rollback()  # the read must not hold an old view while others write
    return sum(_remind(row.id, row.remind_at, at) for row in due)


def _remind(action_id: int, remind_at: datetime, at: datetime) -> bool:
    with transaction() as session:
        row = session.get(ReviewAction, action_id, populate_existing=True)
        if row is None:
            return False
        owner = viewers([row.owner_id]).get(row.owner_id)
        following = next_reminder(row.due_on, owner.time_zone if owner else "UTC", at)
        # The winner of this update sends; everybody else finds the time moved on.
        claimed = session.execute(
            update(ReviewAction)
            .where(ReviewAction.id == action_id, ReviewAction.remind_at == remind_at, ReviewAction.done_at.is_(None))
            .values(remind_at=following, reminders=ReviewAction.reminders + 1)
            .returning(ReviewAction.id)
            .execution_options(synchronize_session=False)
        ).all()
        if not claimed:
            return False
        if owner is not None and owner.is_staff and is_mail_address(owner.email or ""):
            letter = reminder_letter(row, owner, at)
            queue_mail(
                owner.email or "",
                letter.subject,
                letter.text,
                event_id=f"review-action-{action_id}-{int(remind_at.timestamp())}",
            )
        record_audit(None, "review_action.reminded", "announcement", row.announcement_id, after={"action_id": row.id})
    return True
