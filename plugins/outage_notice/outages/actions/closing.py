"""The end of an outage for its tickets and followers, and its return."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert, literal, select, update
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
from plugins.outage_notice.announcements.rules import Phase, holds_back, phase
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.actions.replying import write_items
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, Follower, TicketLink
from plugins.outage_notice.outages.queries.links import ACTIVE, find_link
from plugins.outage_notice.outages.rules import BroadcastKind, How, ItemState, Result


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
        tickets = write_items(session, broadcast, at, only_open=False)
        people = _write_followers(session, broadcast, at)
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


def _write_followers(session: Session, broadcast: Broadcast, at: datetime) -> int:
    rows = select(
        literal(broadcast.id),
        Follower.user_id,
        literal(ItemState.waiting.value),
        literal(at, BroadcastItem.due_at.type),
        literal(0),
    ).where(_followers(broadcast.announcement_id))
    names = ["broadcast_id", "user_id", "state", "due_at", "attempts"]
    return len(session.scalars(insert(BroadcastItem).from_select(names, rows).returning(BroadcastItem.id)).all())


def open_again(announcement_id: int) -> int:
    """The outage is back: what its last ending ended is linked and followed again. How many links.

    Tickets that the ending solved, and nobody touched since, wait again. Repeating it changes nothing.
    """
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None or phase(record, at) is not Phase.active:
            return 0
        last = select(Broadcast.id, Broadcast.created_at).where(
            Broadcast.announcement_id == announcement_id, Broadcast.kind == BroadcastKind.closing
        )
        closing = session.execute(last.order_by(Broadcast.id.desc()).limit(1)).one_or_none()
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
        return sum(_link_again(session, link, at) for link in session.scalars(links.order_by(TicketLink.id)).all())


def _link_again(session: Session, link: TicketLink, at: datetime) -> bool:
    ticket = session.get_one(Ticket, link.ticket_id, with_for_update=True, populate_existing=True)
    if ticket.status is TicketStatus.closed or find_link(ticket.id) is not None:
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
