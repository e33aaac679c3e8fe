"""Messages: replies, notes, and what the program answers by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.audit import actions as audit
from helpdesk.core import clock, feed, outbox
from helpdesk.core.database import transaction
from helpdesk.core.errors import Conflict, Forbidden
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.actions import files, steps
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.queries.tickets import find_message_by_cause, get_message, get_ticket_by_id, get_visible_ticket
from helpdesk.tickets.rules import AutomatedReplyAdded, Change, MessageAdded, MessageKind, NewMessage, Status
from helpdesk.tickets.rules.states import may_reopen, status_after_requester_message, status_after_staff_reply


def add_message(actor: Viewer, number: int, new: NewMessage, cause_id: str | None = None) -> Message:
    """The written reply or note. The same `cause_id` writes one message, ever.

    An answer of the requester reopens a solved ticket and ends waiting; a first answer of staff opens a new one.
    Raises NotFound, Invalid (body, files), Forbidden (a note or a status by a requester) and Conflict (closed for long,
    or no such move of the status).
    """
    try:
        return _add_once(actor, number, new, cause_id)
    except IntegrityError:
        existing = None if cause_id is None else find_message_by_cause(cause_id)
        if existing is None:
            raise
        return existing


def _add_once(actor: Viewer, number: int, new: NewMessage, cause_id: str | None) -> Message:
    now = clock.now()
    body = steps.clean_body(new.body, may_be_empty=bool(new.uploads))
    with files.stored(new.uploads) as stored, transaction() as session:
        ticket = get_visible_ticket(actor, number, lock=True)
        by_requester = _check_author(actor, ticket, new)
        existing = None if cause_id is None else find_message_by_cause(cause_id)
        if existing is not None:
            files.discard(stored)
            return existing
        status = _status_after(ticket, new, by_requester, now)
        message_id = steps.add_message_row(
            strict=True,
            ticket_id=ticket.id,
            kind=new.kind,
            author_id=actor.id,
            body_text=body,
            created_at=now,
            cause_id=cause_id,
        )
        if message_id is None:
            raise RuntimeError("the message was not written")
        files.attach(session, actor, message_id, stored, now)
        steps.note_reply(ticket, new.kind, by_requester, now)
        _move(session, actor, ticket, status, new, now)
        words = " ".join([body, *(f.name for f in stored)])
        steps.index_more_text(session, ticket.id, words, public=new.kind is not MessageKind.internal_note)
        feed.record("ticket", ticket.id)
        audit.record(
            actor, "message.added", "ticket", ticket.number, after={"message_id": message_id, "kind": new.kind}
        )
        outbox.record(MessageAdded(ticket.id, message_id, new.kind.value, by_requester))
        return get_message(message_id)


def _check_author(actor: Viewer, ticket: Ticket, new: NewMessage) -> bool:
    """Whether the requester writes to the desk. Raises Forbidden for what only staff may."""
    if not actor.is_staff and (new.kind is not MessageKind.public_reply or new.status is not None):
        raise Forbidden(_("Only staff write internal notes and choose the status."))
    if new.kind is MessageKind.automated_reply:
        raise Forbidden(_("Automated replies are written by the program."))
    return actor.id == ticket.requester_id and new.kind is MessageKind.public_reply


def _status_after(ticket: Ticket, new: NewMessage, by_requester: bool, now: datetime) -> Status:
    if ticket.status is Status.closed and by_requester and not may_reopen(ticket.status, ticket.closed_at, now):
        raise Conflict(_("This ticket was closed more than two weeks ago. Please open a new one."))
    if new.status is not None:
        return new.status
    if new.kind is MessageKind.internal_note:
        return ticket.status
    return status_after_requester_message(ticket.status) if by_requester else status_after_staff_reply(ticket.status)


def _move(session: Session, actor: Viewer, ticket: Ticket, status: Status, new: NewMessage, now: datetime) -> None:
    waiting_on = new.waiting_on if new.status is not None else ticket.waiting_on
    if status is ticket.status and (status is not Status.pending or waiting_on is ticket.waiting_on):
        return
    # The program moves it here: what the person may choose was checked above.
    change = Change(status=status, waiting_on=waiting_on if status is Status.pending else None)
    steps.apply_change(session, actor if actor.is_staff else None, ticket, change, now)


def append_reply(
    session: Session, actor: Viewer, ticket_id: int, body_text: str, cause_id: str, at: datetime
) -> int | None:
    """Write a staff reply inside a running transaction. Its message id; None when `cause_id` wrote one before.

    The caller tells the requester, as one person may get one mail for several tickets. A new ticket is open then;
    waiting goes on. Raises Forbidden for requesters and Invalid for the text.
    """
    if not actor.is_staff:
        raise Forbidden(_("Only staff answer several tickets at once."))
    ticket, body = get_ticket_by_id(ticket_id, lock=True), steps.clean_body(body_text)
    message_id = steps.add_message_row(
        ticket_id=ticket_id,
        kind=MessageKind.public_reply,
        author_id=actor.id,
        body_text=body,
        created_at=at,
        cause_id=cause_id,
    )
    if message_id is None:
        return None
    steps.note_reply(ticket, MessageKind.public_reply, by_requester=False, now=at)
    steps.apply_change(session, actor, ticket, Change(status=status_after_staff_reply(ticket.status)), at)
    steps.index_more_text(session, ticket_id, body, public=True)
    feed.record("ticket", ticket_id)
    audit.record(actor, "message.added", "ticket", ticket.number, after={"message_id": message_id})
    kind = MessageKind.public_reply.value
    outbox.record(MessageAdded(ticket_id, message_id, kind, by_requester=False, is_told=True))
    return message_id


def add_automated_reply(
    ticket_id: int, subject: str, body_text: str, cause_id: str, reason: Mapping[str, Any] | None = None
) -> Message | None:
    """The automated reply that was written, or None when `cause_id` has written one before. Raises NotFound."""
    now = clock.now()
    with transaction() as session:
        message_id = append_automated_reply(session, ticket_id, subject, body_text, cause_id, reason, now)
        return None if message_id is None else get_message(message_id)


def append_automated_reply(
    session: Session,
    ticket_id: int,
    subject: str,
    body_text: str,
    cause_id: str,
    reason: Mapping[str, Any] | None,
    at: datetime,
) -> int | None:
    """Write an automated reply inside a running transaction. Its message id; None when `cause_id` wrote one before."""
    ticket = get_ticket_by_id(ticket_id, lock=True)
    message_id = steps.add_message_row(
        ticket_id=ticket_id,
        kind=MessageKind.automated_reply,
        author_id=None,
        subject=" ".join(subject.split())[:300],
        body_text=body_text,
        created_at=at,
        cause_id=cause_id,
        reason=None if reason is None else dict(reason),
    )
    if message_id is None:
        return None
    steps.note_reply(ticket, MessageKind.automated_reply, by_requester=False, now=at)
    steps.index_more_text(session, ticket_id, body_text, public=True)
    feed.record("ticket", ticket_id)
    audit.record(None, "message.automated", "ticket", ticket.number, after={"message_id": message_id, "reason": reason})
    if reason:
        outbox.record(AutomatedReplyAdded(ticket_id, message_id))
    return message_id
