"""Tickets, messages, attachments and the history of changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Computed, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.database import Base, Choice, UTCDateTime
from helpdesk.tickets.rules import Channel, MessageKind, Priority, Status, Waiting


class TicketCounter(Base):
    """One row: the last ticket number given. Raised inside the transaction that opens the ticket."""

    __tablename__ = "ticket_counter"
    id: Mapped[int] = mapped_column(primary_key=True)
    last_number: Mapped[int]


class Ticket(Base):
    """One request or incident report. `revision` rises with every change and is what If-Match carries.

    `due_at` None means no promise or paused; `paused_seconds_left` is what remains of it then (negative: was late).
    `is_open`, `due_key` and `priority_rank` are computed by the database, so that every list is one index in order.
    """

    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(String(200))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    priority: Mapped[Priority] = mapped_column(Choice(Priority), default=Priority.normal)
    status: Mapped[Status] = mapped_column(Choice(Status), default=Status.new)
    waiting_on: Mapped[Waiting | None] = mapped_column(Choice(Waiting))
    requester_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    channel: Mapped[Channel] = mapped_column(Choice(Channel), default=Channel.web)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_seconds_left: Mapped[int | None]
    solved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_requester_message_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_reply_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the newest answer of a person
    revision: Mapped[int] = mapped_column(default=1)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    is_open: Mapped[bool] = mapped_column(
        Computed("status IN ('new', 'open', 'pending')", persisted=True), deferred=True
    )
    due_key: Mapped[datetime] = mapped_column(
        UTCDateTime, Computed("COALESCE(due_at, '9999-12-01 00:00:00.000000')", persisted=True), deferred=True
    )
    priority_rank: Mapped[int] = mapped_column(
        Computed(
            "CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END", persisted=True
        ),
        deferred=True,
    )
    __table_args__ = (
        # Each list of the queue is one of these indexes read in order.
        Index("ix_ticket_open_due", "is_open", "due_key", "id"),
        Index("ix_ticket_open_updated", "is_open", "updated_at", "id"),
        Index("ix_ticket_open_created", "is_open", "created_at", "id"),
        Index("ix_ticket_open_priority", "is_open", "priority_rank", "due_key", "id"),
        Index("ix_ticket_status", "status", "due_key", "id"),
        Index("ix_ticket_assignee", "assignee_id", "is_open", "due_key", "id"),
        Index("ix_ticket_team", "team_id", "is_open", "due_key", "id"),
        Index("ix_ticket_service", "service_id", "is_open", "due_key", "id"),
        Index("ix_ticket_requester", "requester_id", "updated_at", "id"),
        Index("ix_ticket_created", "created_at", "id"),
        Index("ix_ticket_updated", "updated_at", "id"),
        Index(
            "ix_ticket_waiting",
            "waiting_on",
            "due_key",
            "id",
            sqlite_where=text("waiting_on IS NOT NULL"),
            postgresql_where=text("waiting_on IS NOT NULL"),
        ),
        Index(
            "ix_ticket_unassigned",
            "is_open",
            "due_key",
            "id",
            sqlite_where=text("assignee_id IS NULL"),
            postgresql_where=text("assignee_id IS NULL"),
        ),
    )


class Message(Base):
    """One entry of a thread. Notes are for staff only; automated replies hold the text exactly as it was sent.

    `cause_id` makes writing repeat-safe: an event writes at most one automated reply (unique). `reason` says why an
    automated reply reads as it does (JSON, such as the announcement that it mentions).
    """

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    kind: Mapped[MessageKind] = mapped_column(Choice(MessageKind))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    subject: Mapped[str | None] = mapped_column(String(300))  # of an automated reply
    body_text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    cause_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    __table_args__ = (Index("ix_message_ticket_id", "ticket_id", "id"),)


class Attachment(Base):
    """A stored file. `storage_name` is random and the only name on disk; `file_name` is what people see."""

    __tablename__ = "attachment"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    file_name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    storage_name: Mapped[str] = mapped_column(String(64), unique=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        Index("ix_attachment_message_id", "message_id"),
        Index("ix_attachment_uploaded_by_id", "uploaded_by_id"),
    )


class TicketChange(Base):
    """One changed field of a ticket, for its visible history."""

    __tablename__ = "ticket_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    field: Mapped[str] = mapped_column(String(40))
    before: Mapped[str | None] = mapped_column(String(300))
    after: Mapped[str | None] = mapped_column(String(300))
    __table_args__ = (Index("ix_ticket_change_ticket_id", "ticket_id", "id"),)
