"""The demonstration's tickets of outages: those that run, those that are over, and a surge that nobody has settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Department,
    NewTicket,
    Role,
    Service,
    ServiceDepartment,
    Ticket,
    User,
    Viewer,
    db,
    open_ticket,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements.models import AffectedService, Announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import Kind, Phase, phase
from plugins.outage_notice.audiences.queries import audience_condition, branch_ids
from plugins.outage_notice.outages.actions import link_new_ticket
from plugins.outage_notice.outages.actions.surges import notice_ticket
from plugins.outage_notice.outages.models import Follower, TicketLink
from plugins.outage_notice.outages.queries.links import IS_OPEN
from plugins.outage_notice.outages.queries.matching import running_outages
from plugins.outage_notice.outages.rules import By, How

MINUTE, PAST = timedelta(minutes=1), timedelta(days=65)
LATEST_TICKET = timedelta(hours=1)  # after it was over, people still write
FOLLOWERS = {1: 23, 2: 9, 3: 3, 4: 0}  # by level
# Services that may surge, with what people write about them; the first that no running outage covers does.
SURGES = (
    ("telephone", "No dial tone", "The telephone on my desk is silent: no dial tone since I came in."),
    ("documents", "Documents stay empty", "Every document opens empty: the page stays white and nothing loads."),
)
FROM_FIRST, FROM_SECOND = 9, 5  # people of the two departments that write most


def load(now: datetime) -> None:
    """Link the open tickets that came since the first of the running outages began, by the rule that links
    everybody's. Then let many people write about one service.
    """
    starts = [a.actual_start_at or a.published_at or now for a in running_outages(now)]
    query = select(Ticket.id).where(IS_OPEN, Ticket.created_at >= min(starts, default=now)).order_by(Ticket.id)
    for ticket_id in list(db.session.scalars(query)):
        link_new_ticket(ticket_id)
    _surge(now)


def _surge(now: datetime) -> None:
    covered = {service.id for outage in running_outages(now) for service in outage.services}
    ids = {row.slug: row.id for row in db.session.execute(select(Service.slug, Service.id))}
    free = [surge for surge in SURGES if surge[0] in ids and ids[surge[0]] not in covered]
    if not free:
        return
    slug, subject, body = free[0]
    writers = _writers(ids[slug])
    tickets = [open_ticket(person, NewTicket(subject, body, ids[slug])).id for person in writers]
    moments = [now - timedelta(seconds=40) * number for number in range(len(tickets))]
    with transaction() as session:
        for ticket_id, at in zip(tickets, reversed(moments), strict=True):
            session.execute(update(Ticket).where(Ticket.id == ticket_id).values(created_at=at))
    for ticket_id in tickets:
        notice_ticket(ticket_id)


def _writers(service_id: int) -> list[Viewer]:
    """People of the two largest groups of those who use the service, the most of the first."""
    departments = db.session.scalars(
        select(ServiceDepartment.department_id).where(ServiceDepartment.service_id == service_id)
    ).all()
    offices = select(Department.id).where(Department.id.in_(branch_ids(departments))).order_by(Department.id)
    groups: list[Sequence[int]] = []
    for office_id in db.session.scalars(offices).all():
        people = select(User.id).where(
            User.department_id == office_id, User.role == Role.requester, User.disabled_at.is_(None)
        )
        groups.append(db.session.scalars(people.order_by(User.id).limit(FROM_FIRST)).all())
    first, second, *_others = [*sorted(groups, key=len, reverse=True), (), ()]
    known = viewers([*first[:FROM_FIRST], *second[:FROM_SECOND]])
    db.session.rollback()
    return list(known.values())


def load_past(now: datetime) -> None:
    """Tickets and followers of the incidents that were over within the last weeks."""
    with transaction() as session:
        over = select(Announcement).where(Announcement.kind == Kind.incident, Announcement.actual_end_at > now - PAST)
        for record in session.scalars(over.order_by(Announcement.id)).all():
            began, ended = record.actual_start_at, record.actual_end_at
            if began is not None and ended is not None and phase(record, now) is Phase.over:
                _link_past(session, record, began, ended)
                _follow_past(session, record, ended)


def _link_past(session: Session, record: Announcement, began: datetime, ended: datetime) -> None:
    services = select(AffectedService.service_id).where(AffectedService.announcement_id == record.id)
    concerned = audience_condition(targets_by_id([record.id])[record.id])
    found = session.execute(
        select(Ticket.id, Ticket.created_at, Ticket.status)
        .join(User, User.id == Ticket.requester_id)
        .where(Ticket.created_at.between(began, ended + LATEST_TICKET), Ticket.service_id.in_(services), concerned)
        .order_by(Ticket.id)
    ).all()
    linked = set(session.scalars(select(TicketLink.ticket_id).where(TicketLink.ticket_id.in_([t.id for t in found]))))
    session.add_all(
        TicketLink(
            announcement_id=record.id,
            ticket_id=ticket.id,
            how=How.rule,
            by=By.service,
            linked_at=ticket.created_at,
            caught_up_at=ended,
            ended_at=ended,
            ended_as=ticket.status.value,
        )
        for ticket in found
        if ticket.id not in linked
    )


def _follow_past(session: Session, record: Announcement, ended: datetime) -> None:
    told = record.published_at or record.created_at
    concerned = audience_condition(targets_by_id([record.id])[record.id])
    have_tickets = select(Ticket.requester_id).join(TicketLink, TicketLink.ticket_id == Ticket.id)
    people = select(User.id).where(concerned, User.role == Role.requester, User.disabled_at.is_(None))
    strangers = people.where(User.id.not_in(have_tickets.where(TicketLink.announcement_id == record.id)))
    ids = session.scalars(strangers.order_by(User.id).offset(record.id).limit(FOLLOWERS[record.severity])).all()
    session.add_all(
        Follower(
            announcement_id=record.id,
            user_id=id,
            followed_at=min(told + number * 2 * MINUTE, ended),
            ended_at=ended,
        )
        for number, id in enumerate(ids)
    )
