"""Reads of outgoing mail. The callers have checked that an administrator asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from helpdesk.core.database import db, time_limit
from helpdesk.core.errors import NotFound
from helpdesk.mail.models import AcceptedMail, MailState, OutgoingMail

BIGGEST_ID = 2**31 - 1


@time_limit()
def list_mails(recipient: str, state: MailState | None, before_id: int | None, limit: int) -> list[OutgoingMail]:
    """Mails newest first, older than `before_id`; `recipient` is any part of the address."""
    query = select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(limit)
    if recipient:
        query = query.where(OutgoingMail.recipient.icontains(recipient, autoescape=True))
    if state is not None:
        query = query.where(OutgoingMail.state == state)
    if before_id is not None:
        query = query.where(OutgoingMail.id < before_id)
    return list(db.session.scalars(query))


def get_mail(mail_id: int) -> OutgoingMail:
    """Raises NotFound."""
    mail = db.session.get(OutgoingMail, mail_id) if 0 < mail_id <= BIGGEST_ID else None
    if mail is None:
        raise NotFound(_("There is no such mail."))
    return mail


def find_by_outbox_id(outbox_id: str) -> OutgoingMail | None:
    return db.session.scalar(select(OutgoingMail).where(OutgoingMail.outbox_id == outbox_id))


def has_accepted(topic: str) -> bool:
    """Whether `actions.take_accepted` would give anything."""
    return db.session.scalar(select(AcceptedMail.id).where(AcceptedMail.topic == topic).limit(1)) is not None


def has_sent(count: int, now: datetime, *, automatic_replies: bool = False) -> bool:
    """Whether so many mails, or automatic replies among them, went out (or were kept) within the last hour."""
    recent = select(OutgoingMail.id).where(OutgoingMail.created_at > now - timedelta(hours=1))
    if automatic_replies:
        recent = recent.where(OutgoingMail.is_automatic_reply.is_(True))
    found = db.session.scalar(select(func.count()).select_from(recent.limit(count).subquery()))
    return (found or 0) >= count
