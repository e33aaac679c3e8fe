"""The end of an outage for its tickets and followers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import now, transaction
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import holds_back, phase
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.actions.items import write_items
from plugins.outage_notice.outages.actions.replying import write_linked
from plugins.outage_notice.outages.models import Broadcast, Follower, TicketLink
from plugins.outage_notice.outages.queries.links import ACTIVE
from plugins.outage_notice.outages.rules import BroadcastKind


def close_if_over(announcement_id: int) -> Broadcast | None:
    """Start the closing of an outage that is over: its links and followers end, each is told and settled by the ticker.

    None when it still runs, when its resolution may still be undone, or when nobody waits for it any more; so it is
    safe to repeat.
    """
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None or not rules.is_over_for_tickets(phase(record, at), bool(record.recurrence)):
            return None
        if holds_back(record, at):
            return None
        links = session.scalar(select(TicketLink.id).where(_links(announcement_id)).limit(1))
        followers = session.scalar(select(Follower.user_id).where(_followers(announcement_id)).limit(1))
        if links is None and followers is None:
            return None
        broadcast = _start(session, record, at)
        tickets = write_linked(session, broadcast, at)
        people = write_items(session, broadcast, at, select(Follower.user_id).where(_followers(announcement_id)))
        session.execute(update(TicketLink).where(_links(announcement_id)).values(ended_at=at))
        session.execute(update(Follower).where(_followers(announcement_id)).values(ended_at=at))
        data = {"tickets": tickets, "followers": people, "broadcast_id": broadcast.id}
        log(session, record, None, at, "tickets_closed", data=data, after=data)
        return broadcast


def _links(announcement_id: int) -> ColumnElement[bool]:
    return and_(TicketLink.announcement_id == announcement_id, ACTIVE)


def _followers(announcement_id: int) -> ColumnElement[bool]:
    return and_(Follower.announcement_id == announcement_id, Follower.ended_at.is_(None))


def _start(session: Session, record: Announcement, at: datetime) -> Broadcast:
    broadcast = Broadcast(
        announcement_id=record.id,
        kind=BroadcastKind.closing,
        text="",
        created_at=at,
        key=f"closing-{record.id}-{record.revision}-{at.timestamp():.6f}",
    )
    session.add(broadcast)
    session.flush()
    return broadcast
