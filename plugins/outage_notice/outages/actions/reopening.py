"""The return of an outage: what its ending ended goes on, and who was told that it is over hears that it is not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Ticket,
    TicketChange,
    TicketStatus,
    TicketWaiting,
    change_ticket_inside,
    now,
    transaction,
)
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Phase, phase
from plugins.outage_notice.outages.actions.items import write_items
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, Follower, TicketLink
from plugins.outage_notice.outages.queries.broadcasts import find_broadcast_by_key, find_last_closing
from plugins.outage_notice.outages.queries.concern import concerns
from plugins.outage_notice.outages.queries.links import find_link
from plugins.outage_notice.outages.rules import HEARD, BroadcastKind, How, ItemState, Result


def open_again(announcement_id: int) -> int:
    """The outage is back: what its last ending ended is linked and followed again. How many links.

    Tickets that the ending solved, and nobody touched since, wait again. Who was told that it is over is told that it
    is not, by the ticker. Repeating it changes nothing.
    """
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None or phase(record, at) is not Phase.active:
            return 0
        closing = find_last_closing(announcement_id)
        if closing is None:
            return 0
        session.execute(
            update(BroadcastItem)
            .where(BroadcastItem.broadcast_id == closing.id, BroadcastItem.state == ItemState.waiting)
            .values(state=ItemState.done, result=Result.not_wanted, done_at=at)
        )
        ended = (Follower.announcement_id == announcement_id, Follower.ended_at == closing.created_at)
        session.execute(update(Follower).where(*ended).values(ended_at=None))
        links = select(TicketLink).where(
            TicketLink.announcement_id == announcement_id,
            TicketLink.ended_at == closing.created_at,
            TicketLink.unlinked_at.is_(None),
            TicketLink.how != How.suggested,
        )
        found = session.scalars(links.order_by(TicketLink.id)).all()
        _tell(session, record, closing, at)
        return sum(_link_again(session, link, at) for link in found)


def _tell(session: Session, record: Announcement, closing: Broadcast, at: datetime) -> None:
    """One item for each ticket and follower that the ending has reached; once for each ending."""
    key = f"reopening-{closing.id}"
    if find_broadcast_by_key(key) is not None:
        return
    broadcast = Broadcast(announcement_id=record.id, kind=BroadcastKind.reopening, text="", created_at=at, key=key)
    session.add(broadcast)
    session.flush()
    reached = (
        select(BroadcastItem.ticket_id, BroadcastItem.link_id, BroadcastItem.user_id)
        .where(BroadcastItem.broadcast_id == closing.id, BroadcastItem.result.in_(HEARD))
        # Threads first: a follower with a ticket is told there.
        .order_by(BroadcastItem.ticket_id.is_(None), BroadcastItem.id)
    )
    told = write_items(session, broadcast, at, reached)
    if told:
        data = {"told": told, "broadcast_id": broadcast.id}
        log(session, record, None, at, "return_told", data=data, after=data)


def _link_again(session: Session, link: TicketLink, at: datetime) -> bool:
    ticket = session.get_one(Ticket, link.ticket_id, with_for_update=True, populate_existing=True)
    if ticket.status is TicketStatus.closed or find_link(ticket.id) is not None:
        return False
    if not concerns(link.announcement_id, ticket.requester_id):
        return False
    was_solved = link.ended_as == TicketStatus.solved.value and ticket.status is TicketStatus.solved
    if ticket.status is TicketStatus.solved and not was_solved:
        return False
    link.ended_at = link.ended_as = None
    session.flush()
    if was_solved:
        waiting = TicketChange(status=TicketStatus.pending, waiting_on=TicketWaiting.outage)
        change_ticket_inside(session, ticket.id, waiting, at)
    return True
