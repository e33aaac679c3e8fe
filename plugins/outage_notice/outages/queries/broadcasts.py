"""Broadcasts and what became of each ticket."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, and_, func, or_, select, union

from helpdesk.plugin_api import NotFound, Ticket, User, db
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, TicketLink, ToldEta
from plugins.outage_notice.outages.queries.links import ANSWERED, HAS_WRITTEN, IS_OPEN, LINKED, WAITS
from plugins.outage_notice.outages.rules import HEARD, IN_THREAD, BroadcastKind, ItemState, Result


@dataclass(frozen=True, slots=True)
class ItemView:
    """What became of one ticket (number None: a follower). `result` None: not done yet."""

    number: int | None
    name: str
    state: ItemState
    result: Result | None
    was_told: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a reply to all would reach now: tickets and people; and the open tickets that it leaves out because their
    requester wrote since, or because an agent has taken them in hand.
    """

    tickets: int
    people: int
    wrote_since: int
    in_hand: int


def last_replies(announcement_ids: Iterable[int]) -> dict[int, datetime]:
    """When each outage's tickets were last answered all at once."""
    rows = db.session.execute(
        select(Broadcast.announcement_id, func.max(Broadcast.created_at))
        .where(Broadcast.announcement_id.in_(list(announcement_ids)), Broadcast.kind == BroadcastKind.reply)
        .group_by(Broadcast.announcement_id)
    )
    return {row[0]: row[1] for row in rows}


def list_broadcasts(announcement_id: int) -> list[Broadcast]:
    """All of one outage that went to anybody, newest first. The caller has loaded the announcement by a query that
    authorises.
    """
    went_out = select(BroadcastItem.id).where(BroadcastItem.broadcast_id == Broadcast.id).exists()
    query = select(Broadcast).where(Broadcast.announcement_id == announcement_id, went_out)
    return list(db.session.scalars(query.order_by(Broadcast.id.desc()).limit(50)))


def get_broadcast(announcement_id: int, broadcast_id: int) -> Broadcast:
    """A broadcast of that announcement, which the caller has loaded by a query that authorises. Raises NotFound."""
    found = db.session.get(Broadcast, broadcast_id) if broadcast_id < 2**31 else None
    if found is None or found.announcement_id != announcement_id:
        raise NotFound(_("There is no such reply."))
    return found


def find_broadcast_by_key(key: str) -> Broadcast | None:
    return db.session.scalars(select(Broadcast).where(Broadcast.key == key)).one_or_none()


def find_last_closing(announcement_id: int) -> Broadcast | None:
    """The closing of the outage's last ending."""
    query = select(Broadcast).where(
        Broadcast.announcement_id == announcement_id, Broadcast.kind == BroadcastKind.closing
    )
    return db.session.scalars(query.order_by(Broadcast.id.desc()).limit(1)).one_or_none()


def people_who_heard(announcement_id: int) -> int:
    """How many people the last ending has told that it is over."""
    closing = find_last_closing(announcement_id)
    if closing is None:
        return 0
    people = func.count(BroadcastItem.user_id.distinct())
    query = select(people).where(BroadcastItem.broadcast_id == closing.id, BroadcastItem.result.in_(HEARD))
    return db.session.scalar(query) or 0


def find_correction_after(announcement_id: int, moment: datetime) -> Broadcast | None:
    """The newest correction of an estimate that was started at `moment` or later."""
    query = select(Broadcast).where(
        Broadcast.announcement_id == announcement_id,
        Broadcast.kind == BroadcastKind.correction,
        Broadcast.created_at >= moment,
    )
    return db.session.scalars(query.order_by(Broadcast.id.desc()).limit(1)).one_or_none()


def results_of(broadcast_id: int) -> dict[Result | None, int]:
    """How many tickets had which result; None counts those that still wait."""
    query = select(BroadcastItem.result, func.count()).where(BroadcastItem.broadcast_id == broadcast_id)
    return {row[0]: row[1] for row in db.session.execute(query.group_by(BroadcastItem.result))}


def items_of(broadcast_id: int, after: int | None = None, limit: int = 200) -> list[tuple[int, ItemView]]:
    """Items with their ids, in order."""
    query = (
        select(BroadcastItem, Ticket.number, User.name)
        .join(User, User.id == BroadcastItem.user_id)
        .outerjoin(Ticket, Ticket.id == BroadcastItem.ticket_id)
        .where(BroadcastItem.broadcast_id == broadcast_id)
    )
    if after is not None:
        query = query.where(BroadcastItem.id > after)
    return [
        (item.id, ItemView(number, name, item.state, item.result, item.told_at is not None, item.error))
        for item, number, name in db.session.execute(query.order_by(BroadcastItem.id).limit(limit))
    ]


def due_items(now: datetime, limit: int) -> list[int]:
    """Ids of items that wait and are due, oldest first."""
    query = select(BroadcastItem.id).where(BroadcastItem.state == ItemState.waiting, BroadcastItem.due_at <= now)
    ids = list(db.session.scalars(query.order_by(BroadcastItem.due_at, BroadcastItem.id).limit(limit)))
    db.session.rollback()  # the read must not hold an old view while others write
    return ids


def told_people(broadcast_ids: Collection[int], user_ids: Collection[int]) -> set[tuple[int, int]]:
    """Which of these broadcasts have reached which of these people, by any of their tickets."""
    query = select(BroadcastItem.broadcast_id, BroadcastItem.user_id).where(
        BroadcastItem.broadcast_id.in_(broadcast_ids),
        BroadcastItem.user_id.in_(user_ids),
        BroadcastItem.told_at.is_not(None),
    )
    return {(broadcast_id, user_id) for broadcast_id, user_id in db.session.execute(query)}


def was_told_of(user_id: int, announcement_id: int) -> bool:
    """Whether a broadcast or an automated reply tells this person of the outage, in a ticket of theirs."""
    mine = (Ticket.requester_id == user_id, TicketLink.announcement_id == announcement_id)
    return bool(db.session.scalar(select(or_(*(query.where(*mine).exists() for query in _told_in_threads())))))


def told_in_ticket(ticket_id: int, user_id: int) -> list[int]:
    """The outages of which the thread of this ticket tells its requester; none for anybody else."""
    mine = (Ticket.id == ticket_id, Ticket.requester_id == user_id)
    return sorted(db.session.scalars(union(*(query.where(*mine) for query in _told_in_threads()))))


def _told_in_threads() -> tuple[Select[int], Select[int]]:
    """The outages of which threads tell, by a broadcast or by an automated reply."""
    linked = select(TicketLink.announcement_id).join(Ticket, Ticket.id == TicketLink.ticket_id)
    return (
        linked.join(Broadcast, Broadcast.announcement_id == TicketLink.announcement_id)
        .join(BroadcastItem, and_(BroadcastItem.broadcast_id == Broadcast.id, BroadcastItem.ticket_id == Ticket.id))
        .where(BroadcastItem.result.in_(IN_THREAD)),
        linked.join(
            ToldEta, and_(ToldEta.announcement_id == TicketLink.announcement_id, ToldEta.ticket_id == Ticket.id)
        ),
    )


def audience_of_reply(announcement_id: int) -> Audience:
    """Whom a reply to all would reach now, in one statement."""
    row = db.session.execute(
        select(
            func.count().filter(ANSWERED),
            func.count(Ticket.requester_id.distinct()).filter(ANSWERED),
            func.count().filter(HAS_WRITTEN),
            func.count().filter(and_(~WAITS, ~HAS_WRITTEN)),
        )
        .select_from(TicketLink)
        .join(Ticket, Ticket.id == TicketLink.ticket_id)
        .where(TicketLink.announcement_id == announcement_id, LINKED, IS_OPEN)
    ).one()
    return Audience(*row)
