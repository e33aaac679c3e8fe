"""Reads of single tickets: loading and authorising are one step, and a foreign ticket looks like a missing one."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from helpdesk.core.database import db
from helpdesk.core.errors import NotFound
from helpdesk.hooks.specs import TicketFacts, Viewer
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.rules import MessageKind
from helpdesk.tickets.rules.states import may_see


def get_visible_ticket(actor: Viewer, number: int, *, lock: bool = False) -> Ticket:
    """The ticket with this number. Raises NotFound if there is none or `actor` may not see it.

    `lock` keeps others from changing it until the running transaction ends.
    """
    ticket = _one(Ticket.number == number, lock) if 0 < number < 2**31 else None
    if ticket is None or not may_see(actor, ticket.requester_id):
        raise NotFound(_("There is no such ticket, or it belongs to somebody else."))
    return ticket


def find_visible_ticket(actor: Viewer, number: int) -> Ticket | None:
    try:
        return get_visible_ticket(actor, number)
    except NotFound:
        return None


def get_ticket_by_id(ticket_id: int, *, lock: bool = False) -> Ticket:
    """The ticket with this id, for the program itself (handlers, plugins): no person is asked for."""
    ticket = _one(Ticket.id == ticket_id, lock)
    if ticket is None:
        raise NotFound(_("There is no such ticket."))
    return ticket


def _one(condition: object, lock: bool) -> Ticket | None:
    query = select(Ticket).where(condition)  # type: ignore[arg-type]
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def find_message_by_cause(cause_id: str) -> Message | None:
    return db.session.scalars(select(Message).where(Message.cause_id == cause_id)).one_or_none()


def get_message(message_id: int) -> Message:
    """A message by its id, for the program itself."""
    message = db.session.get(Message, message_id)
    if message is None:
        raise NotFound(_("There is no such message."))
    return message


def ticket_facts(ids: Sequence[int]) -> list[TicketFacts]:
    """What plugins may know of these tickets, in the order of the ids; unknown ids are left out. Two reads at most."""
    if not ids:
        return []
    first = select(func.min(Message.id)).where(Message.ticket_id == Ticket.id).correlate(Ticket).scalar_subquery()
    rows = db.session.execute(
        select(Ticket, Message.body_text).outerjoin(Message, Message.id == first).where(Ticket.id.in_(set(ids)))
    ).all()
    found = {
        t.id: TicketFacts(
            t.id, t.number, t.subject, body or "", t.service_id, t.requester_id, t.status.value, t.created_at
        )
        for t, body in rows
    }
    return [found[i] for i in ids if i in found]


def get_visible_attachment(actor: Viewer, attachment_id: str) -> Attachment:
    """A stored file of a message that `actor` may read. Raises NotFound; for requesters also at files of notes."""
    row = db.session.execute(
        select(Attachment, Message.kind, Ticket.requester_id)
        .join(Message, Message.id == Attachment.message_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Attachment.id == attachment_id)
    ).one_or_none()
    is_readable = row is not None and (actor.is_staff or row.kind is not MessageKind.internal_note)
    if row is not None and is_readable and may_see(actor, row.requester_id):
        attachment: Attachment = row[0]
        return attachment
    raise NotFound(_("There is no such file, or you may not see it."))


def used_bytes(user_id: int) -> int:
    """How much the stored files of one person take."""
    query = select(func.coalesce(func.sum(Attachment.size_bytes), 0)).where(Attachment.uploaded_by_id == user_id)
    return int(db.session.scalar(query) or 0)


def known_storage_names(names: Sequence[str]) -> set[str]:
    return set(db.session.scalars(select(Attachment.storage_name).where(Attachment.storage_name.in_(names))))
