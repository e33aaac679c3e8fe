"""Whom an outage concerns now: nothing of it goes to anybody else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select, union

from helpdesk.plugin_api import Ticket, User, db
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.audiences.queries import audience_condition
from plugins.outage_notice.outages.models import Follower, TicketLink, ToldEta
from plugins.outage_notice.outages.queries.links import ACTIVE, IS_OPEN
from plugins.outage_notice.outages.rules import How

CHUNK = 5000  # ids in one statement: databases limit the parameters


def concerns(announcement_id: int, user_id: int) -> bool:
    """Whether this person is in the audience; nobody who is disabled is."""
    return not unconcerned(announcement_id, [user_id])


def unconcerned(announcement_id: int, user_ids: Collection[int]) -> set[int]:
    """Those of these people who are not in the audience, or disabled."""
    is_concerned = audience_condition(targets_by_id([announcement_id])[announcement_id])
    left, ids = set(user_ids), sorted(user_ids)
    for start in range(0, len(ids), CHUNK):
        wanted = select(User.id).where(User.id.in_(ids[start : start + CHUNK]), is_concerned)
        left.difference_update(db.session.scalars(wanted))
    return left


def waited_for(user_id: int | None = None) -> list[int]:
    """The announcements that tickets are linked to (or suggested for) or that somebody follows; of one person only."""
    linked = select(TicketLink.announcement_id).join(Ticket, Ticket.id == TicketLink.ticket_id).where(ACTIVE)
    followed = select(Follower.announcement_id).where(Follower.ended_at.is_(None))
    if user_id is not None:
        linked, followed = linked.where(Ticket.requester_id == user_id), followed.where(Follower.user_id == user_id)
    return sorted(db.session.scalars(union(linked, followed)))


def links_and_followers(
    announcement_id: int, user_id: int | None = None
) -> tuple[list[tuple[int, int, int]], list[Follower]]:
    """Links and suggestions (link, ticket, requester) and the rows of followers; of one person only."""
    links = select(TicketLink.id, TicketLink.ticket_id, Ticket.requester_id).where(
        TicketLink.announcement_id == announcement_id, ACTIVE
    )
    links = links.join(Ticket, Ticket.id == TicketLink.ticket_id).order_by(TicketLink.ticket_id)
    followers = select(Follower).where(Follower.announcement_id == announcement_id, Follower.ended_at.is_(None))
    if user_id is not None:
        links, followers = links.where(Ticket.requester_id == user_id), followers.where(Follower.user_id == user_id)
    rows = [(row[0], row[1], row[2]) for row in db.session.execute(links)]
    return rows, list(db.session.scalars(followers))


def hear_of_end(announcement_id: int, user_ids: Collection[int], ended_at: datetime) -> set[int]:
    """Those of these people who get the closing message of this end: they wait with a ticket, or follow."""
    ids = list(user_ids)
    links = (
        select(Ticket.requester_id)
        .join(TicketLink, TicketLink.ticket_id == Ticket.id)
        .where(
            TicketLink.announcement_id == announcement_id,
            TicketLink.unlinked_at.is_(None),
            TicketLink.how != How.suggested,
            or_(TicketLink.ended_at.is_(None), TicketLink.ended_at >= ended_at),
            Ticket.requester_id.in_(ids),
        )
    )
    followers = select(Follower.user_id).where(
        Follower.announcement_id == announcement_id,
        or_(Follower.ended_at.is_(None), Follower.ended_at >= ended_at),
        Follower.user_id.in_(ids),
    )
    return set(db.session.scalars(union(links, followers)))


def hear_of_times(announcement_id: int, user_ids: Collection[int]) -> set[int]:
    """Those of these people who were told an estimate in a reply to an open ticket, and so are told the next one."""
    told = (
        select(ToldEta.user_id)
        .join(Ticket, Ticket.id == ToldEta.ticket_id)
        .where(
            ToldEta.announcement_id == announcement_id,
            ToldEta.eta.is_not(None),
            ToldEta.user_id.in_(list(user_ids)),
            IS_OPEN,
        )
    )
    return set(db.session.scalars(told))
