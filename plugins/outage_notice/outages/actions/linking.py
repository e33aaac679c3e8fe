"""Linking tickets to outages and taking them out again, by rule and by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    HelpdeskError,
    Invalid,
    NotFound,
    Ticket,
    TicketChange,
    TicketStatus,
    TicketWaiting,
    Viewer,
    change_ticket_inside,
    get_visible_ticket,
    now,
    record_audit,
    record_feed,
    ticket_facts,
    transaction,
)
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.rules import phase
from plugins.outage_notice.announcements.rules.matching import Match
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.models import TicketLink
from plugins.outage_notice.outages.queries.concern import concerns
from plugins.outage_notice.outages.queries.links import find_link, was_considered
from plugins.outage_notice.outages.queries.matching import outages_of_ticket
from plugins.outage_notice.outages.rules import By, How, LinkResult

TO_WAITING = TicketChange(status=TicketStatus.pending, waiting_on=TicketWaiting.outage)


def link_new_ticket(ticket_id: int, declined: Sequence[str] = ()) -> TicketLink | None:
    """Link a ticket that has just been opened to the worst outage that it belongs to by rule, or suggest one.

    None when no outage concerns it, or when it was considered before. What the requester declined is only suggested.
    A ticket that somebody took up in the meantime keeps its status.
    """
    at = now()
    facts = ticket_facts([ticket_id])
    strong, weak = outages_of_ticket(facts[0], at) if facts else ([], [])
    found = _choose(strong, weak, declined)
    if found is None:
        return None
    match, how, by = found
    with transaction() as session:
        ticket = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
        if ticket is None or was_considered(ticket_id) or ticket.status not in rules.OPEN:
            return None
        link = _add(session, match.announcement.id, ticket, how, by, None, at, caught_up_at=ticket.created_at)
        if how is How.rule and ticket.status is TicketStatus.new:
            change_ticket_inside(session, ticket_id, TO_WAITING, at)
        return link


def link_of_surge(announcement_id: int, ticket_id: int) -> TicketLink | None:
    """Link a ticket of the surge that this outage was declared for. None when it is not for this outage after all.

    As by rule: nothing is linked that does not concern its requester, that was considered before, or that is done.
    """
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id)
        ticket = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
        if record is None or not rules.may_hold_tickets(record.kind, record.is_drill, phase(record, at)):
            return None
        if ticket is None or was_considered(ticket_id) or ticket.status not in rules.OPEN:
            return None
        if not concerns(record.id, ticket.requester_id):
            return None
        link = _add(session, record.id, ticket, How.rule, By.surge, None, at, caught_up_at=ticket.created_at)
        if ticket.status is TicketStatus.new:
            change_ticket_inside(session, ticket_id, TO_WAITING, at)
        return link


def _choose(strong: Sequence[Match], weak: Sequence[Match], declined: Sequence[str]) -> tuple[Match, How, By] | None:
    refused = [m for m in strong if rules.notice_key(m.announcement.id) in declined]
    if refused:  # nor is it linked to another one, about which nobody asked
        others = [m for m in strong if m not in refused]
        return (*others, *refused)[0], How.suggested, By.declined
    if strong:
        return strong[0], How.rule, By(strong[0].by)
    wanted = [m for m in weak if rules.notice_key(m.announcement.id) not in declined]
    return (wanted[0], How.suggested, By.words) if wanted else None


def link_tickets(actor: Viewer, announcement_id: int, numbers: Sequence[int]) -> list[LinkResult]:
    """Link tickets to a running outage by hand: they wait for it from now on. One result for each, in order.

    Safe to repeat. Raises NotFound for requesters and unknown outages, Invalid for none or too many, and Conflict when
    the outage does not run.
    """
    at = now()
    _check_numbers(numbers)
    with transaction() as session:
        record = get_announcement(actor, announcement_id)
        if not rules.may_hold_tickets(record.kind, record.is_drill, phase(record, at)):
            raise Conflict(_("Tickets can be linked only to an incident or maintenance that is running."))
        results = []
        for number in dict.fromkeys(numbers):
            try:
                _link_by_hand(session, actor, record, number, at)
                results.append(LinkResult(number))
            except HelpdeskError as error:  # raised before the ticket was touched
                results.append(LinkResult(number, error.message))
        return results


def _check_numbers(numbers: Sequence[int]) -> None:
    if not numbers:
        raise Invalid({"numbers": _("Choose at least one ticket.")})
    if len(set(numbers)) > rules.NUMBERS_LIMIT:
        raise Invalid({"numbers": _("Choose at most %(count)s tickets.", count=rules.NUMBERS_LIMIT)})


def _link_by_hand(session: Session, actor: Viewer, record: Announcement, number: int, at: datetime) -> None:
    ticket = get_visible_ticket(actor, number, lock=True)
    _require_open(ticket)
    _require_concerned(record, ticket)
    link = find_link(ticket.id, lock=True)
    if link is not None and link.announcement_id == record.id and link.how is not How.suggested:
        return
    if link is not None and link.how is not How.suggested:
        raise Conflict(_("It is linked to OUT-%(id)s already. Unlink it first.", id=link.announcement_id))
    if link is not None:  # a suggestion is settled by linking
        link.unlinked_at, link.unlinked_by_id = at, actor.id
        session.flush()
    _add(session, record.id, ticket, How.hand, By.person, actor, at, caught_up_at=at)
    change_ticket_inside(session, ticket.id, TO_WAITING, at, actor)


def _require_open(ticket: Ticket) -> None:
    if ticket.status not in rules.OPEN:
        raise Conflict(_("This ticket is solved or closed."))


def _require_concerned(record: Announcement, ticket: Ticket) -> None:
    if not concerns(record.id, ticket.requester_id):
        raise Conflict(_("OUT-%(id)s does not concern the requester of this ticket.", id=record.id))


def _add(
    session: Session,
    announcement_id: int,
    ticket: Ticket,
    how: How,
    by: By,
    actor: Viewer | None,
    at: datetime,
    *,
    caught_up_at: datetime,
) -> TicketLink:
    link = TicketLink(
        announcement_id=announcement_id,
        ticket_id=ticket.id,
        how=how,
        by=by,
        linked_at=at,
        linked_by_id=None if actor is None else actor.id,
        caught_up_at=caught_up_at,
    )
    session.add(link)
    session.flush()
    verb = "suggested" if how is How.suggested else "linked"
    after = {"announcement_id": announcement_id, "how": how, "by": by}
    record_audit(actor, f"ticket.outage_{verb}", "ticket", ticket.number, after=after)
    record_feed("ticket", ticket.id)
    return link


def unlink_tickets(actor: Viewer, numbers: Sequence[int], announcement_id: int | None = None) -> list[LinkResult]:
    """Take tickets out of their outage (only of this one, when given), or refuse suggestions. They go on as tickets.

    One result for each, in order; a ticket without a link is fine. Raises NotFound for requesters, Invalid for none or
    too many.
    """
    at = now()
    require_staff(actor)
    _check_numbers(numbers)
    with transaction() as session:
        if announcement_id is not None:
            get_announcement(actor, announcement_id)
        results = []
        for number in dict.fromkeys(numbers):
            try:
                ticket = get_visible_ticket(actor, number, lock=True)
                link = find_link(ticket.id, lock=True)
                if link is not None and announcement_id in (None, link.announcement_id):
                    unlink_inside(session, actor, ticket, link, at)
                results.append(LinkResult(number))
            except HelpdeskError as error:
                results.append(LinkResult(number, error.message))
        return results


def unlink_inside(session: Session, actor: Viewer | None, ticket: Ticket, link: TicketLink, at: datetime) -> None:
    """Take a ticket out of its outage in the running transaction; it goes on as a ticket."""
    link.unlinked_at, link.unlinked_by_id = at, None if actor is None else actor.id
    before = {"announcement_id": link.announcement_id, "how": link.how}
    record_audit(actor, "ticket.outage_unlinked", "ticket", ticket.number, before=before)
    record_feed("ticket", ticket.id)
    if link.how is not How.suggested and rules.waits(ticket.status, ticket.waiting_on):
        change_ticket_inside(session, ticket.id, TicketChange(status=TicketStatus.open), at, actor)


def wait_again(actor: Viewer, number: int) -> None:
    """Let a linked ticket, whose requester was answered, wait with the others again: broadcasts and the ending count.

    Raises NotFound for requesters and tickets without an outage, Conflict for a done one.
    """
    at = now()
    require_staff(actor)
    with transaction() as session:
        ticket = get_visible_ticket(actor, number, lock=True)
        link = find_link(ticket.id, lock=True)
        if link is None or link.how is How.suggested:
            raise NotFound(_("This ticket does not belong to an outage."))
        _require_open(ticket)
        link.caught_up_at = at
        record_audit(actor, "ticket.outage_waits", "ticket", number, after={"announcement_id": link.announcement_id})
        change_ticket_inside(session, ticket.id, TO_WAITING, at, actor)


def require_staff(actor: Viewer) -> None:
    """Raises NotFound for requesters, who may not learn what exists."""
    if not actor.is_staff:
        raise NotFound(_("There is no such page."))
