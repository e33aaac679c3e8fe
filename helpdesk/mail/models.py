"""Outgoing mail as it was handed over, or kept where no mail server is set."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.database import Base, Choice, UTCDateTime


class MailState(StrEnum):
    kept = "kept"  # no mail server is set: readable under Administration
    waiting = "waiting"  # not accepted yet, tried again later
    sent = "sent"
    failed = "failed"  # given up: an administrator may try again


class OutgoingMail(Base):
    """One mail to one recipient. `outbox_id` is the effect that made it, and the left part of its Message-ID."""

    __tablename__ = "outgoing_mail"
    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_id: Mapped[str] = mapped_column(String(32), unique=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    message_id: Mapped[str] = mapped_column(String(255))
    is_automatic_reply: Mapped[bool] = mapped_column(default=False)
    state: Mapped[MailState] = mapped_column(Choice(MailState))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        Index("ix_outgoing_mail_created_at", "created_at"),
        Index("ix_outgoing_mail_recipient", "recipient"),
        Index("ix_outgoing_mail_state", "state", "id"),
    )


class AcceptedMail(Base):
    """That the mail server accepted a mail which was queued with a reference; kept until its topic has taken it."""

    __tablename__ = "accepted_mail"
    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80))
    accepted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_accepted_mail_topic", "topic", "id"),)
