"""Changes of tickets: one at a time with a revision, or many at once with a result for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from helpdesk.core import clock, feed
from helpdesk.core.database import transaction
from helpdesk.core.errors import Forbidden, HelpdeskError, Invalid, Stale
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.actions import steps
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries.tickets import get_ticket_by_id, get_visible_ticket
from helpdesk.tickets.rules import BULK_LIMIT, BulkResult, Change, Status, Waiting


def change_ticket(actor: Viewer, number: int, change: Change, expected_revision: int | None = None) -> Ticket:
    """The ticket after the change; nothing is written when nothing differs.

    Raises NotFound, Invalid, Forbidden, Conflict, and Stale (with the present values) when `expected_revision` is not
    the ticket's. Requesters may only close or reopen their own.
    """
    return _change(actor, number, change, expected_revision)


def _change(actor: Viewer, number: int, change: Change, expected_revision: int | None = None) -> Ticket:
    now = clock.now()
    with transaction() as session:
        ticket = get_visible_ticket(actor, number, lock=True)
        if expected_revision is not None and expected_revision != ticket.revision:
            raise Stale(
                _("Somebody changed this ticket in the meantime. Look at it again."), current_values(actor, ticket)
            )
        if steps.apply_change(session, actor, ticket, change, now):
            feed.record("ticket", ticket.id)
        return ticket


def current_values(actor: Viewer, ticket: Ticket) -> dict[str, object]:
    """What `Stale` carries: what this person may read of the ticket."""
    names = ["revision", "subject", "status", "waiting_on", "service_id", "assignee_id"]
    names += ["priority", "team_id"] if actor.is_staff else []
    return {name: getattr(ticket, name) for name in names}


def assign(actor: Viewer, number: int, assignee_id: int | None, expected_revision: int | None = None) -> Ticket:
    """The ticket, given to a person of staff or (None) to nobody."""
    return _change(actor, number, Change(assignee_id=assignee_id), expected_revision)


def take(actor: Viewer, number: int) -> Ticket:
    """The ticket, given to `actor`."""
    return _change(actor, number, Change(assignee_id=actor.id))


def set_status(actor: Viewer, number: int, status: Status, waiting_on: Waiting | None = None) -> Ticket:
    """The ticket in that status; `waiting_on` counts for pending."""
    change = Change(status=status, waiting_on=waiting_on) if status is Status.pending else Change(status=status)
    return _change(actor, number, change)


def reopen(actor: Viewer, number: int) -> Ticket:
    """The ticket, open again. Raises Conflict when a requester comes more than 14 days after it was closed."""
    return _change(actor, number, Change(status=Status.open))


def bulk_change(actor: Viewer, numbers: Sequence[int], change: Change) -> list[BulkResult]:
    """Change up to 100 tickets in one transaction: those that cannot be changed say why, the others are.

    Safe to repeat. Raises Forbidden for requesters, Invalid for too many or an empty change.
    """
    now = clock.now()
    if not actor.is_staff:
        raise Forbidden(_("Only staff change several tickets at once."))
    if not numbers or not change.given():
        raise Invalid(_("Choose tickets and what to change."))
    if len(set(numbers)) > BULK_LIMIT:
        raise Invalid(_("Choose at most %(count)s tickets.", count=BULK_LIMIT))
    results, changed = [], []
    with transaction() as session:
        for number in dict.fromkeys(numbers):
            try:
                ticket = get_visible_ticket(actor, number, lock=True)
                if steps.apply_change(session, actor, ticket, change, now):
                    changed.append(ticket.id)
                results.append(BulkResult(number))
            except HelpdeskError as error:  # raised before the ticket was touched
                results.append(BulkResult(number, error.message))
        if changed:
            feed.record("ticket", *changed)
    return results


def change_inside(
    session: Session,
    ticket_id: int,
    change: Change,
    at: datetime,
    actor: Viewer | None = None,
    *,
    is_told: bool = False,
) -> bool:
    """Change a ticket inside the running transaction of another room's action. False when nothing differed.

    `actor` None is the program. `is_told`: the caller writes to the requester itself, so that no automated reply about
    the new status follows. Raises like `change_ticket`.
    """
    ticket = get_ticket_by_id(ticket_id, lock=True)
    if not steps.apply_change(session, actor, ticket, change, at, is_told=is_told):
        return False
    feed.record("ticket", ticket_id)
    return True
