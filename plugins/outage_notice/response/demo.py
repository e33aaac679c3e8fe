"""The demonstration's running outages: who was called and has it, who does what, and what agents are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Role, record_feed, transaction
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Kind, Severity
from plugins.outage_notice.response import queries
from plugins.outage_notice.response.models import Briefing, Call, DutyHolder
from plugins.outage_notice.response.rules import CallRole, Duty

MINUTE = timedelta(minutes=1)


def load(now: datetime) -> None:
    """Write the response to the serious incidents that run at `now`, in one transaction."""
    with transaction() as session:
        running = session.scalars(
            select(Announcement)
            .where(
                Announcement.status.in_(announcing.LIVE_STATUSES),
                Announcement.kind == Kind.incident,
                Announcement.severity <= Severity.major,
            )
            .order_by(Announcement.id)
        ).all()
        for record in running:
            if record.published_at is not None and announcing.can_end(record, now):
                _respond(session, record, record.published_at)
                record_feed("announcement", record.id)


def _respond(session: Session, record: Announcement, at: datetime) -> None:
    people = [(id, role) for id, role in queries.people_of_services(record.id) if id != record.owner_id][:4]
    for position, (id, role) in enumerate(people):
        answered_at = at + (3 + 4 * position) * MINUTE if position < 2 else None
        as_role = CallRole.support if role is Role.agent else CallRole.technical
        session.add(
            Call(
                announcement_id=record.id,
                cause="published",
                user_id=id,
                role=as_role,
                called_at=at,
                answered_at=answered_at,
            )
        )
    if record.owner_id is not None:
        session.add(DutyHolder(announcement_id=record.id, duty=Duty.lead, user_id=record.owner_id, since_at=at))
    session.add(
        Briefing(
            announcement_id=record.id,
            callers_say="It asks for the password again and again, or it says that the gateway does not answer.",
            answer="We know about it. Web mail and the documents in the browser work without it.",
            do_not_promise="A time, unless the notice says one. Nobody needs a new password.",
            expected_volume="About 40 calls in the first hour, most from people at home.",
            sent_at=at,
            updated_at=at,
        )
    )
