"""What agents are told before and while people call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.response.models import Briefing
from plugins.outage_notice.response.queries.promises import DRAFT_COUNTS


def find_briefing(announcement_id: int) -> Briefing | None:
    """The briefing, sent or not. The caller has loaded the announcement by a query that authorises."""
    return db.session.get(Briefing, announcement_id)


def find_shown_briefing(announcement_id: int) -> Briefing | None:
    """The briefing if it was sent."""
    briefing = find_briefing(announcement_id)
    return briefing if briefing is not None and briefing.sent_at is not None else None


def briefings_shown(now: datetime) -> list[tuple[Announcement, Briefing]]:
    """What agents should know now: sent, for what is not over, or for a draft that was announced to them first.

    The most severe first. A draft that was not published within four hours is not shown any more.
    """
    rows = db.session.execute(
        select(Announcement, Briefing)
        .join(Briefing, Briefing.announcement_id == Announcement.id)
        .where(
            Briefing.sent_at.is_not(None),
            or_(Announcement.status.in_(announcing.LIVE_STATUSES), Announcement.status == Status.draft),
        )
        .order_by(Announcement.severity, Announcement.id.desc())
    ).all()
    return [(record, briefing) for record, briefing in rows if _holds(record, briefing, now)]


def _holds(record: Announcement, briefing: Briefing, now: datetime) -> bool:
    if record.status is Status.draft:
        return briefing.sent_at is not None and briefing.sent_at > now - DRAFT_COUNTS
    return announcing.can_end(record, now)
