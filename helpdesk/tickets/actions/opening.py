"""Opening tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from helpdesk.audit import actions as audit
from helpdesk.core import clock, feed, outbox
from helpdesk.core.database import require_connection, table_of, transaction
from helpdesk.core.errors import Forbidden
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.actions import files, steps
from helpdesk.tickets.models import Ticket, TicketCounter
from helpdesk.tickets.queries.tickets import find_message_by_cause, get_ticket_by_id
from helpdesk.tickets.rules import Channel, MessageKind, NewTicket, Priority, Status, TicketOpened
from helpdesk.tickets.rules.states import first_promise

COUNTER = table_of(TicketCounter)
COUNT = (
    update(COUNTER)
    .where(COUNTER.c.id == 1)
    .values(last_number=COUNTER.c.last_number + 1)
    .returning(COUNTER.c.last_number)
    .execution_options(is_short=True)
)
WRITE_TICKET = insert(table_of(Ticket)).execution_options(is_short=True)
NOTHING = dict.fromkeys(
    ("waiting_on", "assignee_id", "team_id", "paused_seconds_left", "solved_at", "closed_at", "last_reply_at")
)


def open_ticket(actor: Viewer, new: NewTicket, cause_id: str | None = None) -> Ticket:
    """The new ticket with its first message. The same `cause_id` (one mail, one request) opens one ticket, ever.

    Raises Invalid for fields (subject, body, service_id, requester_id, files) and Forbidden when a requester gives a
    priority or another person.
    """
    try:
        return _open_once(actor, new, cause_id)
    except IntegrityError:
        # Two processes at once with the same cause: the other one was first.
        existing = None if cause_id is None else find_message_by_cause(cause_id)
        if existing is None:
            raise
        return get_ticket_by_id(existing.ticket_id)


def _open_once(actor: Viewer, new: NewTicket, cause_id: str | None) -> Ticket:
    now = clock.now()
    subject, body = steps.clean_subject(new.subject), steps.clean_body(new.body, may_be_empty=True)
    requester_id = _check_opener(actor, new)
    with files.stored(new.uploads) as stored, transaction() as session:
        existing = None if cause_id is None else find_message_by_cause(cause_id)
        if existing is not None:
            files.discard(stored)
            return get_ticket_by_id(existing.ticket_id)
        steps.require_service(session, new.service_id)
        requester_name = steps.require_name(requester_id, "requester_id")
        ticket = _write_ticket(session, **_first_values(actor, new, requester_id, now), subject=subject)
        _first_message(session, actor, ticket, requester_name, body or subject, cause_id, stored)
        feed.record("ticket", ticket.id)
        after = {"requester_id": requester_id, "service_id": new.service_id, "priority": ticket.priority}
        audit.record(actor, "ticket.opened", "ticket", ticket.number, after=after)
        outbox.record(TicketOpened(ticket.id, new.declined))
    return ticket


def _check_opener(actor: Viewer, new: NewTicket) -> int:
    """Whose ticket it is. Raises Forbidden for what only staff may choose."""
    requester_id = actor.id if new.requester_id is None else new.requester_id
    if not actor.is_staff and (requester_id != actor.id or new.priority is not None):
        raise Forbidden(_("Only staff open tickets for other people and choose the priority."))
    return requester_id


def _first_values(actor: Viewer, new: NewTicket, requester_id: int, now: datetime) -> dict[str, Any]:
    """The columns of a new ticket but for its subject; takes the next number."""
    priority = new.priority or Priority.normal
    is_for_other = requester_id != actor.id
    return {
        "number": _next_number(),
        "service_id": new.service_id,
        "priority": priority,
        "status": Status.new,
        "requester_id": requester_id,
        "channel": Channel.staff if is_for_other and new.channel is Channel.web else new.channel,
        "created_at": now,
        "updated_at": now,
        "due_at": first_promise(priority, now).due_at,
        "last_requester_message_at": None if is_for_other else now,
        "revision": 1,
        "created_by_id": actor.id,
    }


def _write_ticket(session: Session, **values: Any) -> Ticket:
    """Insert the row past the ORM, which then knows it as if it had been read: it is not read again."""
    values = NOTHING | values
    written = require_connection().execute(WRITE_TICKET, values).inserted_primary_key
    ticket = Ticket(id=written[0] if written else None, **values)
    make_transient_to_detached(ticket)
    session.add(ticket)
    return ticket


def _next_number() -> int:
    number: int | None = require_connection().scalar(COUNT)
    if number is None:
        raise RuntimeError("there is no ticket counter: the database is not migrated")
    return number


def _first_message(
    session: Session,
    actor: Viewer,
    ticket: Ticket,
    requester_name: str,
    body: str,
    cause_id: str | None,
    stored: list[files.StoredFile],
) -> None:
    # A plain insert: a second process with the same cause must fail as a whole, its ticket included.
    message_id = steps.add_message_row(
        strict=True,
        ticket_id=ticket.id,
        kind=MessageKind.public_reply,
        author_id=actor.id,
        body_text=body,
        created_at=ticket.created_at,
        cause_id=cause_id,
    )
    if message_id is None:
        raise RuntimeError("the first message was not written")
    files.attach(session, actor, message_id, stored, ticket.created_at)
    names = " ".join(f.name for f in stored)
    steps.index_new_ticket(ticket.id, f"{ticket.subject} {body} {names}", requester_name)
    steps.add_history(ticket.id, actor, ticket.created_at, "opened", None, requester_name)
