"""What goes in and out of /api/v1/tickets. Only the fields named here can be read or written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.queries import FileView, MessageView, TicketRow
from helpdesk.tickets.rules import (
    BODY_LIMIT,
    SUBJECT_LIMIT,
    Change,
    Channel,
    MessageKind,
    NewMessage,
    NewTicket,
    Priority,
    QueueFilter,
    Sort,
    Status,
    View,
    Waiting,
)
from helpdesk.web.api import Answer, Body, Page, Sent
from helpdesk.web.markdown import to_html

Id = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
IdText = Annotated[int, Field(ge=1, le=2**31 - 1)]  # in an address everything is text


class TicketIn(Body):
    subject: str = Field(min_length=1, max_length=SUBJECT_LIMIT)
    body: str = Field(min_length=1, max_length=BODY_LIMIT)
    service_id: Id | None = None
    requester_id: Id | None = None
    priority: Priority | None = None

    def as_new(self) -> NewTicket:
        return NewTicket(
            self.subject, self.body, self.service_id, self.requester_id, self.priority, channel=Channel.api
        )


class TicketPatch(Body):
    """Fields that are left out stay as they are; null means nobody or nothing."""

    subject: str = Field(default="", min_length=1, max_length=SUBJECT_LIMIT)
    service_id: Id | None = None
    priority: Priority = Priority.normal
    status: Status = Status.open
    waiting_on: Waiting | None = None
    assignee_id: Id | None = None
    team_id: Id | None = None

    def as_change(self) -> Change:
        return Change(**{name: getattr(self, name) for name in self.model_fields_set})


class MessageIn(Body):
    body: str = Field(min_length=1, max_length=BODY_LIMIT)
    kind: MessageKind = MessageKind.public_reply
    status: Status | None = None
    waiting_on: Waiting | None = None

    def as_new(self) -> NewMessage:
        return NewMessage(self.body, self.kind, self.status, self.waiting_on)


class ListQuery(Sent):
    q: str = Field(default="", max_length=200)
    status: Status | None = None
    assignee: IdText | None = None
    service_id: IdText | None = None
    requester_id: IdText | None = None
    limit: int | None = None  # both are read and checked by the paging of all lists
    cursor: str | None = None

    def as_filter(self) -> QueueFilter:
        return QueueFilter(
            view=View.all,
            sort=Sort.updated,
            q=self.q,
            status=self.status,
            assignee_id=self.assignee,
            service_id=self.service_id,
            requester_id=self.requester_id,
        )


class OneQuery(Sent):
    include: Literal["messages", ""] | None = None


class Ref(Answer):
    id: int
    name: str


class FileOut(Answer):
    id: str
    name: str
    content_type: str
    size_bytes: int
    url: str


class MessageOut(Answer):
    id: int
    kind: MessageKind
    author: Ref | None
    body_text: str
    body_html: str
    created_at: datetime
    attachments: list[FileOut]


class OwnTicketOut(Answer):
    """What the person who asked is told: no more than their page shows."""

    number: int
    id: int
    subject: str
    status: Status
    waiting_on: Waiting | None
    service: Ref | None
    requester: Ref
    assignee: Ref | None
    created_at: datetime
    updated_at: datetime
    revision: int
    url: str


class TicketOut(OwnTicketOut):
    """What staff are told."""

    priority: Priority
    team: Ref | None
    channel: Channel
    due_at: datetime | None


class OneTicketOut(RootModel[TicketOut | OwnTicketOut]):
    """`TicketOut` for staff, `OwnTicketOut` for requesters."""


class OwnTicketWithMessagesOut(OwnTicketOut):
    messages: list[MessageOut]


class TicketWithMessagesOut(TicketOut):
    messages: list[MessageOut]


class WholeTicketOut(RootModel[TicketWithMessagesOut | OwnTicketWithMessagesOut | TicketOut | OwnTicketOut]):
    """`OneTicketOut`, with the messages where they were asked for."""


class TicketPage(Page[TicketOut | OwnTicketOut]):
    pass


class FilePage(Page[FileOut]):
    pass


def _ref(ref_id: int | None, name: str | None) -> Ref | None:
    return None if ref_id is None else Ref(id=ref_id, name=name or "")


def ticket_out(viewer: Viewer, row: TicketRow, public_url: str) -> dict[str, Any]:
    """The JSON object of a ticket with the fields that this person's role may read; nobody's address is in it."""
    whole = {
        "number": row.number,
        "id": row.id,
        "subject": row.subject,
        "status": row.status,
        "waiting_on": row.waiting_on,
        "priority": row.priority,
        "service": _ref(row.service_id, row.service_name),
        "requester": _ref(row.requester_id, row.requester_name),
        "assignee": _ref(row.assignee_id, row.assignee_name),
        "team": _ref(row.team_id, row.team_name),
        "channel": row.channel,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "due_at": row.due_at,
        "revision": row.revision,
        "url": f"{public_url}/tickets/{row.number}",
    }
    shape = TicketOut if viewer.is_staff else OwnTicketOut
    return {name: whole[name] for name in shape.model_fields}


def whole_ticket_out(
    viewer: Viewer, row: TicketRow, public_url: str, messages: Sequence[MessageView] | None
) -> dict[str, Any]:
    """The JSON of one ticket, with the messages if there are any given (None: without that field)."""
    values = ticket_out(viewer, row, public_url)
    return values if messages is None else values | {"messages": [message_out(m) for m in messages]}


def file_out(file: FileView | Attachment) -> dict[str, Any]:
    return {
        "id": file.id,
        "name": file.file_name,
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
        "url": f"/attachments/{file.id}",
    }


def message_out(message: MessageView) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "author": _ref(message.author_id, message.author_name),
        "body_text": message.body_text,
        "body_html": str(to_html(message.body_text)),
        "created_at": message.created_at,
        "attachments": [file_out(f) for f in message.files],
    }


def may_use_filters(viewer: Viewer, query: ListQuery) -> bool:
    """Requesters list their own tickets: filters by other people are for staff."""
    return viewer.is_staff or (query.assignee is None and query.requester_id in (None, viewer.id))
