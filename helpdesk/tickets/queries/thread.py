"""The messages and the history of one ticket, as one person may read them: notes are for staff, by every path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from helpdesk.accounts.models import User
from helpdesk.accounts.rules import STAFF
from helpdesk.core.database import db
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketChange
from helpdesk.tickets.rules import MessageKind

MESSAGES_PER_PAGE = 100
HISTORY_LENGTH = 40
FIELDS_FOR_REQUESTERS = ("opened", "status", "waiting_on", "subject", "service_id")


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a message. Its address is /attachments/<id>."""

    id: str
    file_name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message with its author's name (None: the program) and files."""

    id: int
    kind: MessageKind
    author_id: int | None
    author_name: str | None
    is_by_staff: bool
    subject: str | None
    body_text: str
    created_at: datetime
    reason: dict[str, Any] | None
    files: tuple[FileView, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages, oldest first. `has_earlier`: there are older ones; ask again with `before` the first id."""

    messages: list[MessageView]
    has_earlier: bool


@dataclass(frozen=True, slots=True)
class ChangeView:
    at: datetime
    actor_name: str | None
    field: str
    before: str | None
    after: str | None


def thread(
    ticket: Ticket, viewer: Viewer, before: int | None = None, after: int | None = None, limit: int = MESSAGES_PER_PAGE
) -> Thread:
    """The newest messages of a ticket that `viewer` may see (get it by `get_visible_ticket`), in two statements.

    `before` gives those older than a message, `after` only those newer than one.
    """
    query = (
        select(Message, User.name, User.role)
        .outerjoin(User, User.id == Message.author_id)
        .where(Message.ticket_id == ticket.id)
    )
    if not viewer.is_staff:
        query = query.where(Message.kind != MessageKind.internal_note)
    if before is not None:
        query = query.where(Message.id < before)
    if after is not None:
        query = query.where(Message.id > after)
    found = db.session.execute(query.order_by(Message.id.desc()).limit(limit + 1)).all()
    rows = list(reversed(found[:limit]))
    files = _files([row[0].id for row in rows])
    messages = [
        MessageView(
            id=m.id,
            kind=m.kind,
            author_id=m.author_id,
            author_name=name,
            is_by_staff=role in STAFF,
            subject=m.subject,
            body_text=m.body_text,
            created_at=m.created_at,
            reason=m.reason if viewer.is_staff else None,
            files=tuple(files[m.id]),
        )
        for m, name, role in rows
    ]
    return Thread(messages, len(found) > limit)


def _files(message_ids: Sequence[int]) -> dict[int, list[FileView]]:
    files: dict[int, list[FileView]] = defaultdict(list)
    if message_ids:
        query = select(Attachment).where(Attachment.message_id.in_(message_ids)).order_by(Attachment.file_name)
        for a in db.session.scalars(query):
            files[a.message_id].append(FileView(a.id, a.file_name, a.content_type, a.size_bytes))
    return files


def list_files(ticket: Ticket, viewer: Viewer, limit: int = 100) -> list[tuple[Attachment, int]]:
    """The files of a ticket with the id of their message, newest first; files of notes for staff only."""
    query = select(Attachment, Message.id).join(Message, Message.id == Attachment.message_id)
    query = query.where(Message.ticket_id == ticket.id)
    if not viewer.is_staff:
        query = query.where(Message.kind != MessageKind.internal_note)
    query = query.order_by(Message.id.desc(), Attachment.file_name, Attachment.id).limit(limit)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def history(ticket: Ticket, viewer: Viewer, limit: int = HISTORY_LENGTH) -> list[ChangeView]:
    """What was changed, newest first. Requesters see what concerns them: not who it was moved between."""
    query = select(TicketChange, User.name).outerjoin(User, User.id == TicketChange.actor_id)
    query = query.where(TicketChange.ticket_id == ticket.id)
    if not viewer.is_staff:
        query = query.where(TicketChange.field.in_(FIELDS_FOR_REQUESTERS))
    rows = db.session.execute(query.order_by(TicketChange.id.desc()).limit(limit)).all()
    return [ChangeView(c.at, name, c.field, c.before, c.after) for c, name in rows]


def newest_words(ticket_ids: Sequence[int]) -> dict[int, MessageView]:
    """The newest message that the requester may read of each of a few tickets: one line for the lists of requesters."""
    if not ticket_ids:
        return {}
    newest = (
        select(func.max(Message.id))
        .where(Message.ticket_id.in_(ticket_ids), Message.kind != MessageKind.internal_note)
        .group_by(Message.ticket_id)
    )
    rows = db.session.execute(
        select(Message, User.name, User.role)
        .outerjoin(User, User.id == Message.author_id)
        .where(Message.id.in_(newest))
    ).all()
    return {
        m.ticket_id: MessageView(
            m.id, m.kind, m.author_id, name, role in STAFF, m.subject, m.body_text, m.created_at, None, ()
        )
        for m, name, role in rows
    }
