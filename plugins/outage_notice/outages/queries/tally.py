"""All numbers of one outage's tickets, in one pass over its links."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, select

from helpdesk.plugin_api import Ticket, db
from plugins.outage_notice.outages.models import Follower, TicketLink, ToldEta
from plugins.outage_notice.outages.queries.broadcasts import people_who_heard
from plugins.outage_notice.outages.queries.links import ACTIVE, ANSWERED, HAS_WRITTEN, IS_OPEN, LINKED, WAITS
from plugins.outage_notice.outages.rules import How


@dataclass(frozen=True, slots=True)
class Tally:
    """Tickets linked now: those that wait, of which the end would solve `solved` and leave `left` because their
    requester wrote; those that need a person; those that are solved or closed already (`done`); whom a reply to all
    would reach (`tickets`, `people`). Suggestions, followers, and people who were told an estimate.
    """

    linked: int
    waiting: int
    needing: int
    solved: int
    left: int
    done: int
    tickets: int
    people: int
    suggested: int
    followers: int
    told: int


def tally(announcement_id: int) -> Tally:
    """Four statements, whatever the number of tickets. The caller has authorised."""
    row = db.session.execute(
        select(
            func.count(),
            func.count().filter(WAITS),
            func.count().filter(and_(IS_OPEN, ~WAITS)),
            func.count().filter(ANSWERED),
            func.count().filter(and_(WAITS, HAS_WRITTEN)),
            func.count().filter(~IS_OPEN),
            func.count().filter(ANSWERED),
            func.count(Ticket.requester_id.distinct()).filter(ANSWERED),
        )
        .select_from(TicketLink)
        .join(Ticket, Ticket.id == TicketLink.ticket_id)
        .where(TicketLink.announcement_id == announcement_id, LINKED)
    ).one()
    suggested = select(func.count()).where(
        TicketLink.announcement_id == announcement_id, ACTIVE, TicketLink.how == How.suggested
    )
    followers = select(func.count()).where(Follower.announcement_id == announcement_id, Follower.ended_at.is_(None))
    told = (
        select(func.count(ToldEta.user_id.distinct()))
        .join(Ticket, Ticket.id == ToldEta.ticket_id)
        .where(ToldEta.announcement_id == announcement_id, ToldEta.eta.is_not(None), IS_OPEN)
    )
    return Tally(*row, *(db.session.scalar(query) or 0 for query in (suggested, followers, told)))


def ending_facts(announcement_id: int) -> dict[str, int]:
    """What the end of this outage would do, and whom an update can reach besides."""
    found = tally(announcement_id)
    names = ("solved", "left", "needing", "done", "followers", "told")
    heard = people_who_heard(announcement_id)
    return {name: getattr(found, name) for name in names} | {"waiting": found.tickets, "heard": heard}
