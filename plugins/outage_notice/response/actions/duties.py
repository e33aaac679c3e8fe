"""Who leads, writes and keeps the tickets: taken, and handed over."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    Forbidden,
    Invalid,
    Viewer,
    is_mail_address,
    now,
    queue_mail,
    record_feed,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.response import wording
from plugins.outage_notice.response.models import DutyHolder
from plugins.outage_notice.response.rules import Duty


def take_duty(actor: Viewer, announcement_id: int, duty: Duty) -> None:
    """It is the actor's now, whoever had it. Raises Forbidden for an agent who would lead or write."""
    at = now()
    with transaction() as session:
        record = _live_record(session, actor, announcement_id, at)
        _require_able(actor, duty)
        _change(session, record, actor, duty, actor, at)


def hand_over(actor: Viewer, announcement_id: int, duty: Duty, user_id: int) -> None:
    """Give a duty to somebody else of the staff: by whoever has it, or announces. They are written a mail."""
    at = now()
    with transaction() as session:
        record = _live_record(session, actor, announcement_id, at)
        holder = session.get(DutyHolder, (record.id, duty))
        if not actor.may_announce and (holder is None or holder.user_id != actor.id):
            raise Forbidden(_("Only who has it, or a technician, can hand this over."))
        taker = viewers([user_id]).get(user_id)
        if taker is None or not taker.is_staff:
            raise Invalid({"user_id": _("Choose somebody of the staff.")})
        if duty is not Duty.tickets and not taker.may_announce:
            raise Invalid({"user_id": _("Only technicians lead and write.")})
        if _change(session, record, actor, duty, taker, at) and taker.id != actor.id:
            _write(record, taker, duty, actor, at)


def _live_record(session: Session, actor: Viewer, announcement_id: int, at: datetime) -> Announcement:
    record = get_announcement(actor, announcement_id)
    session.refresh(record, with_for_update=True)
    if record.published_at is None:
        raise Conflict(_("This is a draft. Publish it first."))
    if not announcing.can_end(record, at):
        raise Conflict(_("This announcement is over already."))
    return record


def _require_able(person: Viewer, duty: Duty) -> None:
    if duty is not Duty.tickets and not person.may_announce:
        raise Forbidden(_("Only technicians lead and write."))


def _change(session: Session, record: Announcement, actor: Viewer, duty: Duty, taker: Viewer, at: datetime) -> bool:
    before = session.get(DutyHolder, (record.id, duty))
    former = None if before is None else before.user_id
    if former == taker.id:
        return False
    hold(session, record.id, duty, taker.id, at)
    data = {"duty": duty.value, "text": taker.name}
    log(session, record, actor, at, "duty_taken", data=data, before={"user_id": former}, after={"user_id": taker.id})
    record_feed("announcement", record.id)
    return True


def hold(
    session: Session, announcement_id: int, duty: Duty, user_id: int, at: datetime, *, only_if_vacant: bool = False
) -> None:
    """Write who has a duty, in the running transaction, which holds the announcement."""
    row = session.get(DutyHolder, (announcement_id, duty))
    if row is None:
        session.add(DutyHolder(announcement_id=announcement_id, duty=duty, user_id=user_id, since_at=at))
    elif not only_if_vacant:
        row.user_id, row.since_at = user_id, at
    session.flush()


def _write(record: Announcement, taker: Viewer, duty: Duty, giver: Viewer, at: datetime) -> None:
    if is_mail_address(taker.email or ""):
        letter = wording.duty_letter(record, taker, duty, giver.name)
        event_id = f"outage-duty-{record.id}-{duty.value}-{at:%Y%m%d%H%M%S}"
        queue_mail(taker.email or "", letter.subject, letter.text, event_id=event_id)
