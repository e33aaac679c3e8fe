"""Links of tickets and followers: single ones, and those of a list in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from helpdesk.plugin_api import Ticket, TicketFacts, TicketStatus, TicketWaiting, User, db
from plugins.outage_notice.announcements.models import AffectedService, Announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import holds_back, phase
from plugins.outage_notice.audiences.queries import audience_condition
from plugins.outage_notice.outages.models import Follower, TicketLink
from plugins.outage_notice.outages.rules import (
    CANDIDATES_SINCE,
    OPEN,
    By,
    How,
    announcement_of,
    is_over_for_tickets,
    waits,
)

ACTIVE: ColumnElement[bool] = and_(TicketLink.unlinked_at.is_(None), TicketLink.ended_at.is_(None))
LINKED: ColumnElement[bool] = and_(ACTIVE, TicketLink.how != How.suggested)
IS_OPEN = Ticket.status.in_(OPEN)
# Never NULL, or a ticket would be neither among those that wait nor among the others.
WAITS = and_(
    Ticket.status == TicketStatus.pending,
    Ticket.waiting_on.is_not(None),
    Ticket.waiting_on == TicketWaiting.outage,
)
HAS_WRITTEN = func.coalesce(Ticket.last_requester_message_at, TicketLink.caught_up_at) > TicketLink.caught_up_at
# Whom a reply to all answers. What an agent has taken in hand is left to the agent.
ANSWERED = and_(WAITS, ~HAS_WRITTEN)


@dataclass(frozen=True, slots=True)
class LinkedTicket:
    """A ticket of an outage as lists show it. `needs_person`: it is open and does not wait for the outage."""

    link_id: int
    ticket_id: int
    number: int
    subject: str
    status: TicketStatus
    waiting_on: TicketWaiting | None
    requester_id: int
    requester_name: str
    how: How
    by: By
    linked_at: datetime
    linked_by: str | None
    has_written: bool

    @property
    def needs_person(self) -> bool:
        return self.status in OPEN and not waits(self.status, self.waiting_on)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that might belong to an outage."""

    number: int
    subject: str
    requester_name: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Tickets linked to an outage now: those that wait, of which a reply to all reaches `answered`; those that need a
    person. Suggestions and followers.
    """

    linked: int = 0
    waiting: int = 0
    answered: int = 0
    needing: int = 0
    suggested: int = 0
    followers: int = 0


def find_link(ticket_id: int, *, lock: bool = False) -> TicketLink | None:
    """The active row of a ticket: its link, or a suggestion."""
    query = select(TicketLink).where(TicketLink.ticket_id == ticket_id, ACTIVE)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def find_last_link(ticket_id: int) -> TicketLink | None:
    """The active row of a ticket, else the last one that an ending closed."""
    query = select(TicketLink).where(
        TicketLink.ticket_id == ticket_id, TicketLink.unlinked_at.is_(None), TicketLink.how != How.suggested
    )
    return find_link(ticket_id) or db.session.scalars(query.order_by(TicketLink.id.desc()).limit(1)).one_or_none()


def was_considered(ticket_id: int) -> bool:
    """Whether a ticket was linked, suggested or unlinked before: then the rule has nothing more to say."""
    return db.session.scalar(select(TicketLink.id).where(TicketLink.ticket_id == ticket_id).limit(1)) is not None


def refused_outages(ticket: TicketFacts, outage_ids: Collection[int]) -> set[int]:
    """Those of the outages that match this ticket which it is not about: what somebody unlinked; and all, as soon as
    its requester said of one that theirs is different.
    """
    links = db.session.scalars(select(TicketLink).where(TicketLink.ticket_id == ticket.id)).all()
    active = [row for row in links if row.unlinked_at is None]
    linked = {row.announcement_id for row in active if row.how is not How.suggested}
    said = {id for key in ticket.declined if (id := announcement_of(key)) is not None}
    is_different = not said.isdisjoint(outage_ids) or any(row.by is By.declined for row in active)
    unlinked = {row.announcement_id for row in links if row.unlinked_by_id is not None}
    return (set(outage_ids) if is_different else unlinked) - linked


def links_of(ticket_ids: Sequence[int]) -> list[TicketLink]:
    """The active rows of these tickets."""
    return list(db.session.scalars(select(TicketLink).where(TicketLink.ticket_id.in_(ticket_ids), ACTIVE)))


def counts_of(announcement_ids: Iterable[int]) -> dict[int, Counts]:
    """The numbers of each outage: three statements, whatever the number of tickets."""
    ids = list(announcement_ids)
    if not ids:
        return {}
    linked = db.session.execute(
        select(
            TicketLink.announcement_id,
            func.count().label("linked"),
            func.count().filter(WAITS).label("waiting"),
            func.count().filter(ANSWERED).label("answered"),
            func.count().filter(IS_OPEN).label("open"),
        )
        .join(Ticket, Ticket.id == TicketLink.ticket_id)
        .where(TicketLink.announcement_id.in_(ids), LINKED)
        .group_by(TicketLink.announcement_id)
    ).all()
    suggested = _count_by(TicketLink, and_(ACTIVE, TicketLink.how == How.suggested), ids)
    followers = _count_by(Follower, Follower.ended_at.is_(None), ids)
    rows = {row.announcement_id: row for row in linked}
    return {
        i: Counts(
            rows[i].linked if i in rows else 0,
            rows[i].waiting if i in rows else 0,
            rows[i].answered if i in rows else 0,
            rows[i].open - rows[i].waiting if i in rows else 0,
            suggested.get(i, 0),
            followers.get(i, 0),
        )
        for i in ids
    }


def _count_by(
    model: type[TicketLink] | type[Follower], condition: ColumnElement[bool], ids: list[int]
) -> dict[int, int]:
    query = select(model.announcement_id, func.count()).where(model.announcement_id.in_(ids), condition)
    return {row[0]: row[1] for row in db.session.execute(query.group_by(model.announcement_id))}


def linked_tickets(
    announcement_id: int,
    *,
    suggested: bool = False,
    needing: bool | None = None,
    waiting: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> list[LinkedTicket]:
    """Tickets of an outage in the order of linking; `needing` only those that need a person, or only the others;
    `waiting` only those that wait for the outage to end.

    The caller has loaded the announcement by a query that authorises. `after`: the last `link_id` seen.
    """
    linker = User.__table__.alias("linker")
    query = (
        select(TicketLink, Ticket, User.name, linker.c.name.label("linker"))
        .join(Ticket, Ticket.id == TicketLink.ticket_id)
        .join(User, User.id == Ticket.requester_id)
        .outerjoin(linker, linker.c.id == TicketLink.linked_by_id)
        .where(TicketLink.announcement_id == announcement_id, ACTIVE)
        .where(TicketLink.how == How.suggested if suggested else TicketLink.how != How.suggested)
    )
    if needing is not None:
        needs = and_(IS_OPEN, ~WAITS)
        query = query.where(needs if needing else ~needs)
    if waiting:
        query = query.where(WAITS)
    if after is not None:
        query = query.where(TicketLink.id > after)
    return [_row(*row) for row in db.session.execute(query.order_by(TicketLink.id).limit(limit))]


def _row(link: TicketLink, ticket: Ticket, requester: str, linker: str | None) -> LinkedTicket:
    last = ticket.last_requester_message_at
    return LinkedTicket(
        link.id,
        ticket.id,
        ticket.number,
        ticket.subject,
        ticket.status,
        ticket.waiting_on,
        ticket.requester_id,
        requester,
        link.how,
        link.by,
        link.linked_at,
        linker,
        last is not None and last > link.caught_up_at,
    )


def candidates(announcement_id: int, now: datetime, limit: int) -> list[Candidate]:
    """Open tickets of the last day about an affected service, of people in the audience, that no outage has. Newest
    first. The caller has loaded the announcement by a query that authorises.
    """
    services = select(AffectedService.service_id).where(AffectedService.announcement_id == announcement_id)
    taken = select(TicketLink.id).where(TicketLink.ticket_id == Ticket.id, ACTIVE).exists()
    query = (
        select(Ticket.id, Ticket.number, Ticket.subject, User.name)
        .join(User, User.id == Ticket.requester_id)
        .where(Ticket.service_id.in_(services), IS_OPEN, Ticket.created_at > now - CANDIDATES_SINCE, ~taken)
        .where(audience_condition(targets_by_id([announcement_id])[announcement_id]))
        .order_by(Ticket.id.desc())
        .limit(limit)
    )
    return [Candidate(row[1], row[2], row[3]) for row in db.session.execute(query)]


def waits_for_outage(ticket_id: int) -> bool:
    return db.session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, WAITS)) is not None


def name_of(user_id: int | None) -> str | None:
    return None if user_id is None else db.session.scalar(select(User.name).where(User.id == user_id))


def find_follower(announcement_id: int, user_id: int) -> Follower | None:
    """The row of a person who follows, or followed until the last ending."""
    return db.session.get(Follower, (announcement_id, user_id))


def follows(announcement_id: int, user_id: int) -> bool:
    row = find_follower(announcement_id, user_id)
    return row is not None and row.ended_at is None


def over_but_waited_for(now: datetime) -> list[int]:
    """The announcements that are over at `now`, cannot be undone any more, and still have links or followers."""
    linked = select(TicketLink.announcement_id).where(ACTIVE)
    followed = select(Follower.announcement_id).where(Follower.ended_at.is_(None))
    wanted = Announcement.id.in_(linked.union(followed))
    records = db.session.scalars(select(Announcement).where(wanted)).all()
    found = [r.id for r in records if is_over_for_tickets(phase(r, now), bool(r.recurrence)) and not holds_back(r, now)]
    db.session.rollback()  # the read must not hold an old view while others write
    return found
