"""Templates of automated replies, and canned replies."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.database import Base, Choice, UTCDateTime


class ReplyEvent(StrEnum):
    """What an automated reply answers to."""

    received = "received"
    reply_received = "reply_received"
    solved = "solved"
    closed = "closed"


class ReplyTemplate(Base):
    """An edited template of one event in one language. Where there is no row, the shipped text is used."""

    __tablename__ = "reply_template"
    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[ReplyEvent] = mapped_column(Choice(ReplyEvent))
    locale: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("uq_reply_template_event_locale", "event", "locale", unique=True),)


class ReplySwitch(Base):
    """Whether an event is answered at all. No row means on."""

    __tablename__ = "reply_switch"
    event: Mapped[ReplyEvent] = mapped_column(Choice(ReplyEvent), primary_key=True)
    is_on: Mapped[bool]


class CannedReply(Base):
    """A text that an agent inserts."""

    __tablename__ = "canned_reply"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
