"""What an outage meant for tickets, as its review tells it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from helpdesk.plugin_api import Ticket, db
from plugins.outage_notice.announcements.queries.figures import TicketFigures
from plugins.outage_notice.outages.models import Follower, TicketLink
from plugins.outage_notice.outages.rules import How

TEN_MINUTES = timedelta(minutes=10)


def ticket_figures(
    announcement_id: int, started_at: datetime | None, told_at: datetime | None, ended_at: datetime
) -> TicketFigures:
    """Counts of linked tickets and followers, over or not. Four queries."""
    linked = (
        select(Ticket.id, Ticket.requester_id, Ticket.created_at)
        .join(TicketLink, TicketLink.ticket_id == Ticket.id)
        .where(
            TicketLink.announcement_id == announcement_id,
            TicketLink.unlinked_at.is_(None),
            TicketLink.how != How.suggested,
        )
        .distinct()
        .subquery()
    )
    followers = select(func.count()).select_from(Follower).where(Follower.announcement_id == announcement_id)
    with_ticket = select(linked.c.requester_id).where(linked.c.requester_id == Follower.user_id).exists()

    def rate(start: datetime | None, end: datetime | None) -> float | None:
        if start is None or end is None or end <= start:
            return None
        within = (linked.c.created_at >= start, linked.c.created_at < end)
        count = db.session.scalar(select(func.count()).select_from(linked).where(*within)) or 0
        return count / max((end - start) / TEN_MINUTES, 1.0)

    return TicketFigures(
        linked=db.session.scalar(select(func.count()).select_from(linked)) or 0,
        followed=db.session.scalar(followers) or 0,
        avoided=db.session.scalar(followers.where(~with_ticket)) or 0,
        before=rate(started_at, told_at),
        after=rate(told_at, ended_at),
    )
